import type { DescMethodUnary, Message, MessageInitShape } from '@bufbuild/protobuf';
import { createClients, type ProtocolClient } from '../parity/clients.ts';
import type { Outcome } from '../parity/outcome.ts';
import { type Sent, sendHttp1 } from '../support/http-requests.ts';
import type { Faults } from './faults.ts';
import type { SoakFleet, SoakNode } from './fleet.ts';
import { type CallName, reasonFor } from './rules.ts';
import type { Tally } from './tally.ts';

/** Clients that make a lost connection anew by themselves, as an application would have them. */
const PROTOCOLS = [
  'REST over HTTP/1.1',
  'Connect JSON over HTTP/1.1',
  'Connect proto over HTTP/2',
  'gRPC-Web proto over HTTP/1.1',
  'gRPC-Web JSON over HTTP/2',
  'gRPC',
];

/** How Connect's codes are called by what REST answers. */
const CODES: Readonly<Record<number, string>> = {
  401: 'unauthenticated',
  503: 'unavailable',
  504: 'deadline_exceeded',
};

/** Makes calls, and notes how they ended. */
export interface Caller {
  /** Calls an instance that is in rotation, over some protocol. The answer, or undefined where it failed. */
  call<M extends DescMethodUnary>(
    name: CallName,
    method: M,
    init: MessageInitShape<M['input']>,
    token: string,
    node?: SoakNode,
  ): Promise<Message | undefined>;
  /** The code of the answer to a call that may well be refused. */
  codeOf<M extends DescMethodUnary>(
    method: M,
    init: MessageInitShape<M['input']>,
    token: string,
    node: SoakNode,
  ): Promise<string>;
  /** Sends to S3, and answers the status, or undefined where there was no answer. */
  toS3(name: CallName, url: string, sent: Sent): Promise<number | undefined>;
  close(): void;
}

export function createCaller(fleet: SoakFleet, faults: Faults, tally: Tally, random: () => number): Caller {
  const clients = new Map(
    fleet.nodes.map((node) => {
      const all = createClients(node.url, node.url);
      for (const unused of all.filter(({ name }) => !PROTOCOLS.includes(name))) unused.close();
      return [node, all.filter(({ name }) => PROTOCOLS.includes(name))] as const;
    }),
  );
  const pick = <T>(items: readonly T[]): T => {
    const item = items[Math.floor(random() * items.length)];
    if (item === undefined) throw new Error('there is nothing to pick from');
    return item;
  };
  const clientOf = (node: SoakNode): ProtocolClient => pick(clients.get(node) ?? []);

  function note(name: CallName, kind: string, detail: string): void {
    const fault = faults.current();
    const because = reasonFor(name, kind, fault);
    const what = `${name}: ${kind}${because === undefined ? ` (${detail})` : ''}, ${fault ?? 'all well'}`;
    tally.failed({ what, because });
  }

  return {
    async call(name, method, init, token, chosen) {
      const node = chosen ?? pick(fleet.nodes.filter(({ isInRotation }) => isInRotation));
      const client = clientOf(node);
      const startedAtMs = performance.now();
      try {
        const outcome = await client.call(method, init, { token });
        tally.called(client.name, performance.now() - startedAtMs);
        const kind = kindOf(outcome);
        if (kind === 'ok') return outcome.answer;
        note(name, kind, `${client.name} to ${node.name}: ${outcome.message}`.slice(0, 200));
      } catch (error) {
        tally.called(client.name, performance.now() - startedAtMs);
        const cause = error instanceof Error && error.cause !== undefined ? ` ${error.cause}` : '';
        note(name, 'connection', `${client.name} to ${node.name}: ${error}${cause}`.slice(0, 200));
      }
      return undefined;
    },
    async codeOf(method, init, token, node) {
      try {
        return kindOf(await clientOf(node).call(method, init, { token }));
      } catch {
        return 'connection';
      }
    },
    async toS3(name, url, sent) {
      try {
        return (await sendHttp1(url, sent)).status;
      } catch (error) {
        note(name, 'connection', String(error).slice(0, 100));
        return undefined;
      }
    },
    close: () => {
      for (const client of [...clients.values()].flat()) client.close();
    },
  };
}

/** How it ended, by Connect's names. Without a reason from the service, nobody but the client's library has spoken. */
function kindOf({ answer, rest, rpc }: Outcome): string {
  if (answer !== undefined) return 'ok';
  if (rest !== undefined) return CODES[rest.status] ?? `HTTP ${rest.status}`;
  return rpc?.reason === undefined ? 'connection' : rpc.code;
}
