import type { DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { expect } from 'vitest';
import type { CreatedKey } from '../../src/keys/keys.ts';
import { echoUploads } from '../support/echo-uploads.ts';
import { createKeyRooms, type KeyRooms } from '../support/key-rooms.ts';
import { createTestDoors } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';
import { createClients, type ProtocolClient } from './clients.ts';
import type { Outcome } from './outcome.ts';

/** Keys that a test starts from, and the rooms that hold them. */
export interface Scene {
  readonly rooms: KeyRooms;
  /** A key of the owner `acme` that may do everything. */
  readonly admin: CreatedKey;
}

export interface KeyProtocols {
  readonly clients: readonly ProtocolClient[];
  readonly http1Url: string;
  readonly http2Url: string;
  /** Sets a scene of its own for every protocol, all of them alike, and answers what each made of it. */
  alone<T>(play: (client: ProtocolClient, scene: Scene) => Promise<T>): Promise<(readonly [string, T])[]>;
  /** Sets one scene for all protocols. */
  together(): Promise<Scene>;
  stop(): void;
}

/** Every protocol's client in front of the real doors and the real rooms of keys. */
export async function openKeyProtocols(): Promise<KeyProtocols> {
  // The doors stay and the rooms behind them change, because doors compile the rules of the whole contract.
  let rooms = createKeyRooms();
  const doors = createTestDoors({
    verify: (...asked) => rooms.verify(...asked),
    limiter: { take: (principal) => rooms.limiter.take(principal) },
    byteUsage: (...asked) => rooms.byteUsage(...asked),
    uploads: { ...echoUploads, issuePut: (...asked) => rooms.uploads.issuePut(...asked) },
    keys: new Proxy(rooms.keys, { get: (_, name) => Reflect.get(rooms.keys, name) }),
    wallClockMs: () => rooms.wallClockMs(),
  });
  const listeners = await startListeners(doors.listener);
  const clients = createClients(listeners.http1Url, listeners.http2Url).map(neverCached);

  async function together(): Promise<Scene> {
    rooms = createKeyRooms();
    return { rooms, admin: await rooms.makeKey({ name: 'Administrator' }) };
  }

  return {
    clients,
    http1Url: listeners.http1Url,
    http2Url: listeners.http2Url,
    together,
    async alone(play) {
      const played = [];
      for (const client of clients) played.push([client.name, await play(client, await together())] as const);
      expect(played.length).toBe(13);
      return played;
    },
    stop() {
      for (const client of clients) client.close();
      listeners.stop();
    },
  };
}

/** Whatever a test is about, no answer may be kept by a cache: it holds a secret or says who may do what. */
function neverCached(client: ProtocolClient): ProtocolClient {
  async function call<M extends DescMethodUnary>(
    method: M,
    init: MessageInitShape<M['input']>,
    options: Parameters<ProtocolClient['call']>[2],
  ): Promise<Outcome> {
    const outcome = await client.call(method, init, options);
    expect(outcome.headers['cache-control'], `${client.name}: ${method.name}`).toBe('no-store');
    return outcome;
  }
  return { ...client, call };
}
