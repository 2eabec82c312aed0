import { createServer, type Server, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import fc from 'fast-check';
import { afterEach, expect, it, onTestFinished, vi } from 'vitest';
import { type GcraState, gcra } from '../../src/quota/gcra.ts';
import { describeWith } from '../support/available.ts';
import { ownPrefix } from '../support/redis-key-cache.ts';
import { type ConnectedRateCounts, connectRateCounts, openRateCounts } from '../support/redis-rate-counts.ts';
import { describeRateCounts } from './rate-counts.suite.ts';

const LIMIT = { perSecond: 1 / 60, burst: 3 };
const US_PER_MS = 1_000;

describeWith('redisUrl', 'Redis', (url) => {
  describeRateCounts('Redis', async () => {
    const prefix = ownPrefix();
    const connected: ConnectedRateCounts[] = [];
    return {
      async connect() {
        const one = await connectRateCounts(url, prefix);
        connected.push(one);
        return one.counts;
      },
      async remove() {
        for (const each of connected) await each.close();
      },
    };
  });

  const opened: ConnectedRateCounts[] = [];
  afterEach(async () => {
    for (const each of opened.splice(0)) await each.close();
  });

  async function connect(prefix = ownPrefix()) {
    const one = await connectRateCounts(url, prefix);
    opened.push(one);
    return { ...one, prefix, commands: one.connections.commands, name: `${prefix}key` };
  }

  it('judge exactly as the pure algorithm does, call by call, whatever limits follow each other', async () => {
    const { counts, commands, prefix } = await connect();
    const limits = fc.record({
      perSecond: fc.oneof(
        fc.double({ min: 0.001, max: 2_000, noNaN: true }),
        fc.integer({ min: 1, max: 5_000 }),
      ),
      burst: fc.oneof(fc.integer({ min: 1, max: 8 }), fc.integer({ min: 1, max: 1_000_000 })),
    });
    const scripts = fc.record({
      limits: fc.array(limits, { minLength: 1, maxLength: 2 }),
      turns: fc.array(fc.nat(1), { minLength: 1, maxLength: 20 }),
    });
    let key = 0;
    await fc.assert(
      fc.asyncProperty(scripts, async ({ limits, turns }) => {
        key += 1;
        let state: GcraState;
        let lastNowUs = 0;
        for (const turn of turns) {
          const limit = limits[turn % limits.length] ?? LIMIT;
          const verdict = await counts.take(String(key), limit);
          const found = await commands.get(prefix + key);
          if (found === null) {
            // All was paid off, and forgotten, before we could look.
            state = undefined;
            continue;
          }
          const stored = Number(found);
          // When the script ran follows from what it stored and what it answered.
          const nowUs = stored - Math.round(verdict.resetMs * US_PER_MS);
          expect(nowUs).toBeGreaterThanOrEqual(lastNowUs);
          lastNowUs = nowUs;
          const pure = gcra(state, 1, nowUs / US_PER_MS, limit);
          expect(verdict).toEqual(pure.verdict);
          expect(stored).toBe(pure.state);
          state = pure.state;
        }
      }),
      { numRuns: 100 },
    );
  });

  it('store nothing but a number, and only for as long as something is owed', async () => {
    const { counts, commands, name } = await connect();
    await counts.take('key', LIMIT);
    expect(await commands.get(name)).toMatch(/^\d{16}$/);
    const leftMs = await commands.pttl(name);
    expect(leftMs).toBeGreaterThan(50_000);
    expect(leftMs).toBeLessThanOrEqual(60_000);
    await counts.take('key', { perSecond: 1_000, burst: 100 });
    await vi.waitFor(async () => expect(await commands.exists(name)).toBe(0));
  });

  it.each(['nonsense', '', '-5', '1e300', 'inf', 'nan', '0x7fffffffffffff', '99999999999999999999', ' 1 '])(
    'take %j in the place of a count for nothing owed, and replace it',
    async (garbage) => {
      const { counts, commands, name } = await connect();
      await commands.set(name, garbage);
      expect(await counts.take('key', LIMIT)).toMatchObject({ allowed: true, remaining: 2 });
      expect(await commands.get(name)).toMatch(/^\d{16}$/);
      expect(await commands.pttl(name)).toBeGreaterThan(0);
    },
  );

  it('take a value of another type for nothing owed too, and replace it', async () => {
    const { counts, commands, name, prefix } = await connect();
    await commands.lpush(name, 'a list');
    expect(await counts.take('key', LIMIT)).toMatchObject({ allowed: true, remaining: 2 });
    await commands.set(`${prefix}instances`, 'a string');
    const another = await connect(prefix);
    await vi.waitFor(() => expect(another.counts.instances()).toBe(1));
    expect(await commands.type(`${prefix}instances`)).toBe('zset');
  });

  it('let no count from the future block anybody for longer than a window', async () => {
    const { counts, commands, name } = await connect();
    await commands.set(name, '9007199254740000');
    const { allowed, retryAfterMs } = await counts.take('key', LIMIT);
    expect(allowed).toBe(false);
    expect(retryAfterMs).toBe(60_000);
    expect(await commands.pttl(name)).toBeLessThanOrEqual(180_000);
  });

  it('keep the number of instances while the connection is gone', async () => {
    const one = await connect();
    const other = await connect(one.prefix);
    for (const { counts } of [one, other]) await vi.waitFor(() => expect(counts.instances()).toBe(2));
    other.commands.disconnect();
    await expect(other.counts.take('key', LIMIT)).rejects.toThrow();
    await vi.waitFor(() => expect(one.counts.instances()).toBe(1));
    expect(other.counts.instances()).toBe(2);
  });

  it('do not take instances for gone because Redis has lost its memory', async () => {
    const one = await connect();
    const other = await connect(one.prefix);
    for (const { counts } of [one, other]) await vi.waitFor(() => expect(counts.instances()).toBe(2));
    await one.commands.del(`${one.prefix}instances`);
    for (let look = 0; look < 50; look++) {
      for (const { counts } of [one, other]) expect(counts.instances()).toBe(2);
      await delay(5);
    }
  });

  it('keep the command out of their errors', async () => {
    const { counts, commands } = await connect();
    commands.disconnect();
    const error = await counts.take('key', LIMIT).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Error);
    expect(Object.keys(error instanceof Error ? error : {})).toEqual([]);
  });
});

it('a Redis that does not know flags is asked without them, from then on', async () => {
  const asked: string[] = [];
  const port = await startOldRedis((command) => {
    asked.push(command);
    if (command.includes('#!lua'))
      return "-ERR Error compiling script (new function): unexpected symbol near '#'";
    return '*2\r\n:1\r\n:60000000';
  });
  const old = openRateCounts(`redis://127.0.0.1:${port}`, 'old:');
  onTestFinished(() => old.close());
  expect(await old.connections.ready(5_000)).toBe(true);
  asked.length = 0;
  expect(await old.counts.take('key', LIMIT)).toMatchObject({ allowed: true, remaining: 2 });
  expect(asked.map((command) => command.includes('#!lua'))).toEqual([true, false]);
  expect(await old.counts.take('key', LIMIT)).toMatchObject({ allowed: true });
  expect(asked).toHaveLength(3);
  expect(asked[2]).toContain('evalsha');
});

/** Speaks just enough RESP for the client to believe that it is connected; `answer` has the word for scripts. */
async function startOldRedis(answer: (command: string) => string): Promise<number> {
  const sockets = new Set<Socket>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('data', (chunk: Buffer) => {
      for (const command of chunk.toString().split(/(?=^\*\d+\r\n)/m)) {
        if (/\$4\r\ninfo/i.test(command)) socket.write(bulk('redis_version:6.2.14\r\nloading:0\r\n'));
        else if (/zadd/i.test(command) || !/\beval/i.test(command)) socket.write('+OK\r\n');
        else socket.write(`${answer(command)}\r\n`);
      }
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

function bulk(text: string): string {
  return `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
}
