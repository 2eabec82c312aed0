import { createSecretKey } from 'node:crypto';
import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { ownPrefix } from '../support/redis-key-cache.ts';
import {
  type ConnectedUploadMemory,
  connectUploadMemory,
  type UploadMemoryOptions,
} from '../support/redis-upload-memory.ts';
import { describeCreationMemory } from './creation-memory.suite.ts';

const TTL_MS = 60_000;
const DAY_MS = 86_400_000;

describeWith('redisUrl', 'Redis', (url) => {
  const opened: ConnectedUploadMemory[] = [];
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });

  async function connect(options: Partial<UploadMemoryOptions> = {}) {
    const prefix = options.prefix ?? ownPrefix();
    const one = await connectUploadMemory(url, { ...options, prefix });
    opened.push(one);
    const { commands } = one.connections;
    return { ...one, prefix, commands, names: () => commands.keys(`${prefix}*`) };
  }

  /** A name in Redis that is taken by a value of ours. */
  async function remembered(value = 'first') {
    const one = await connect();
    await one.memory.remember('name', value, TTL_MS);
    const [name = ''] = await one.names();
    return { ...one, name, stored: (await one.commands.get(name)) ?? '' };
  }

  describeCreationMemory('Redis', async () => {
    const prefix = ownPrefix();
    return { connect: async () => (await connect({ prefix })).memory, remove: async () => {} };
  });

  it('keeps the names that callers choose out of Redis, and values only as long as they live', async () => {
    const { memory, commands, names, prefix } = await connect();
    await memory.remember('acme|order 66', 'first', TTL_MS);
    const [name = '', ...others] = await names();
    expect(others).toEqual([]);
    expect(name.slice(prefix.length)).toMatch(/^memory:[\w-]{43}$/);
    expect(await commands.get(name)).toMatch(/^\d{13}\|first\|[\w-]{22}$/);
    expect(await commands.pttl(name)).toBeGreaterThan(TTL_MS / 2);
    expect(await commands.pttl(name)).toBeLessThanOrEqual(TTL_MS);
  });

  it('gives names that instances with another key cannot find', async () => {
    const prefix = ownPrefix();
    const one = await connect({ prefix });
    const stranger = await connect({ prefix, cacheKey: createSecretKey(Buffer.alloc(32, 'x')) });
    await one.memory.remember('name', 'first', TTL_MS);
    expect(await stranger.memory.recall('name')).toBeUndefined();
    expect(await stranger.memory.remember('name', 'second', TTL_MS)).toBe('second');
    expect(await one.memory.recall('name')).toBe('first');
    expect(one.rejected() + stranger.rejected()).toBe(0);
  });

  it('keeps nothing for longer than thirty days', async () => {
    const { memory, commands, names } = await connect();
    await memory.remember('name', 'first', 1e15);
    await memory.replace('other', 'first', Number.POSITIVE_INFINITY);
    const lives = await Promise.all((await names()).map((name) => commands.pttl(name)));
    expect(lives).toHaveLength(2);
    for (const lifeMs of lives) expect(lifeMs).toBeLessThanOrEqual(30 * DAY_MS);
  });

  const GARBAGE: Readonly<Record<string, (stored: string) => string | Buffer>> = {
    empty: () => '',
    'not text': () => Buffer.from([0xff, 0x00, 0xfe]),
    'text of a stranger': () => 'evil',
    'a value with a made-up MAC': () => `9999999999999|evil|${'A'.repeat(22)}`,
    'a changed value': (stored) => stored.replace('first', 'worst'),
    'a longer life': (stored) => stored.replace(/^\d/, '9'),
    'a changed MAC': (stored) => stored.slice(0, -1) + (stored.endsWith('A') ? 'Q' : 'A'),
    'a cut value': (stored) => stored.slice(0, -1),
    'a repeated value': (stored) => stored + stored,
  };

  it.each(Object.entries(GARBAGE))('takes %s for absent, and replaces it', async (_, garbage) => {
    const { memory, commands, name, stored, rejected } = await remembered();
    await commands.set(name, garbage(stored));
    expect(await memory.recall('name')).toBeUndefined();
    expect(await memory.remember('name', 'second', TTL_MS)).toBe('second');
    expect(rejected()).toBeGreaterThan(0);
    expect(await memory.recall('name')).toBe('second');
    expect(await commands.pttl(name)).toBeGreaterThan(0);
  });

  it('takes a value of another type for absent, and replaces it', async () => {
    const { memory, commands, name } = await remembered();
    await commands.del(name);
    await commands.lpush(name, 'a list');
    expect(await memory.recall('name')).toBeUndefined();
    expect(await memory.remember('name', 'second', TTL_MS)).toBe('second');
    expect(await memory.recall('name')).toBe('second');
  });

  it('takes the value of another name for absent', async () => {
    const { memory, commands, name, stored, names } = await remembered();
    await memory.remember('other', 'second', TTL_MS);
    const other = (await names()).find((found) => found !== name) ?? '';
    await commands.set(other, stored, 'PX', TTL_MS);
    expect(await memory.recall('other')).toBeUndefined();
    expect(await memory.remember('other', 'third', TTL_MS)).toBe('third');
  });

  it('takes a value that somebody puts back after its life for absent', async () => {
    let nowMs = Date.now();
    const { memory, commands, names } = await connect({ clock: { wallMs: () => nowMs } });
    await memory.remember('name', 'first', TTL_MS);
    const [name = ''] = await names();
    await commands.persist(name);
    // Clocks of hosts may be half a minute apart.
    nowMs += TTL_MS + 29_000;
    expect(await memory.recall('name')).toBe('first');
    nowMs += 2_000;
    expect(await memory.recall('name')).toBeUndefined();
    expect(await memory.remember('name', 'second', TTL_MS)).toBe('second');
  });

  it('replaces garbage with one answer for everyone', async () => {
    const { memory, commands, name, prefix } = await remembered();
    const other = await connect({ prefix });
    for (let round = 0; round < 20; round++) {
      await commands.set(name, 'garbage');
      const answers = await Promise.all([
        memory.remember('name', `one ${round}`, TTL_MS),
        other.memory.remember('name', `other ${round}`, TTL_MS),
      ]);
      expect(new Set(answers).size).toBe(1);
    }
  });

  it('keeps the command out of its errors', async () => {
    const { memory, commands } = await connect();
    commands.disconnect();
    const calls = [
      () => memory.remember('name', 'secret', TTL_MS),
      () => memory.replace('name', 'secret', TTL_MS),
      () => memory.recall('name'),
    ];
    for (const call of calls) {
      const error = await call().catch((cause: unknown) => cause);
      expect(error).toBeInstanceOf(Error);
      expect(Object.keys(error instanceof Error ? error : {})).toEqual([]);
      expect(String(error)).not.toContain('secret');
    }
  });
});
