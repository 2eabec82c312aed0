import { once } from 'node:events';
import { connect, type Socket } from 'node:net';
import { makeSqlitePlace } from '../support/sqlite-place.ts';
import { startLoadGenerator } from './generator-process.ts';
import type { Section } from './options.ts';
import { createApiKey, startPresignd } from './presignd.ts';
import { rssMbOf } from './process-usage.ts';
import { median, pairedRatio } from './stats.ts';
import { figure } from './table.ts';
import { restRequest } from './targets.ts';

/** As many as fit below the service's limit of 10,000 beside those of the load. */
const FULL = { connections: 9_000, rounds: 3, roundMs: 5_000 } as const;
const QUICK = { connections: 1_000, rounds: 2, roundMs: 1_000 } as const;

/** Opened at the same time: more would overrun the queue of the listening socket. */
const AT_ONCE = 100;

const PROBE = 'GET /livez HTTP/1.1\r\nHost: a\r\n\r\n';

/** What connections cost that are kept open and say nothing. */
export const idleConnections: Section = {
  name: 'idle-connections',
  run: async ({ quick, progress }) => {
    const { connections, rounds, roundMs } = quick ? QUICK : FULL;
    await using closing = new AsyncDisposableStack();
    const place = closing.adopt(await makeSqlitePlace(), ({ remove }) => remove());
    const request = restRequest(await createApiKey(place.url));
    const server = closing.use(await startPresignd(place.url));
    const { pid, port } = server;
    const generator = closing.use(startLoadGenerator());
    const load = async () => {
      const { requests, elapsedMs } = await generator.run({ request, port, durationMs: roundMs });
      return (requests * 1_000) / elapsedMs;
    };
    await load();
    const without: number[] = [];
    const beside: number[] = [];
    const bytes: number[] = [];
    for (let round = 1; round <= rounds; round++) {
      without.push(await load());
      const rssBeforeMb = rssMbOf(pid);
      const idle = await openIdle(connections, port);
      bytes.push(((rssMbOf(pid) - rssBeforeMb) * 1e6) / connections);
      beside.push(await load());
      const lost = idle.filter(({ destroyed }) => destroyed).length;
      if (lost > 0) throw new Error(`${lost} idle connections did not outlive the round`);
      for (const socket of idle) socket.destroy();
      progress(
        `idle-connections: round ${round}/${rounds}, ${Math.round(without.at(-1) ?? 0)}/s, beside them ${Math.round(beside.at(-1) ?? 0)}/s`,
      );
    }
    const count = connections.toLocaleString('en-US');
    return {
      title: 'Idle connections, REST',
      columns: ['beside the load', 'requests/s', '× without', 'bytes of RSS per connection, first round'],
      rows: [
        ['nothing', perSecond(without), '1.00', ''],
        [
          `${count} idle connections of HTTP/1.1`,
          perSecond(beside),
          figure(pairedRatio(beside, without)),
          // Later rounds find the memory that the first has left.
          Math.round(bytes[0] ?? 0).toLocaleString('en-US'),
        ],
      ],
    };
  },
};

const perSecond = (rounds: readonly number[]) => Math.round(median(rounds)).toLocaleString('en-US');

/** Connections that have each had one answer, as those of a client's pool have. */
async function openIdle(count: number, port: number): Promise<Socket[]> {
  const sockets: Socket[] = [];
  while (sockets.length < count) {
    const some = Math.min(AT_ONCE, count - sockets.length);
    sockets.push(...(await Promise.all(Array.from({ length: some }, () => openOne(port)))));
  }
  return sockets;
}

async function openOne(port: number): Promise<Socket> {
  const socket = connect({ port, host: '127.0.0.1' });
  socket.on('error', () => {});
  socket.write(PROBE);
  await once(socket, 'data');
  return socket;
}
