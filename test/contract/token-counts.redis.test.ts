import { afterEach, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { ownPrefix } from '../support/redis-key-cache.ts';
import { type ConnectedUploadMemory, connectUploadMemory } from '../support/redis-upload-memory.ts';
import { describeTokenCounts } from './token-counts.suite.ts';

const USE = { tokenId: 'token', files: 1, bytes: 10, maxFiles: 5, maxBytes: 1_000, ttlMs: 60_000 };
const NOTHING = { files: 0, bytes: 0 };

describeWith('redisUrl', 'Redis', (url) => {
  const opened: ConnectedUploadMemory[] = [];
  afterEach(() => {
    for (const each of opened.splice(0)) each.close();
  });

  async function connect(prefix = ownPrefix()) {
    const one = await connectUploadMemory(url, { prefix });
    opened.push(one);
    return { ...one, prefix, commands: one.connections.commands, name: `${prefix}tokens:token` };
  }

  describeTokenCounts('Redis', async () => {
    const prefix = ownPrefix();
    return { connect: async () => (await connect(prefix)).counts, remove: async () => {} };
  });

  it('store nothing but two numbers, and only as long as the token lives', async () => {
    const { counts, commands, name } = await connect();
    await counts.take(USE, NOTHING);
    expect(await commands.get(name)).toBe('1 10');
    expect(await commands.pttl(name)).toBeGreaterThan(50_000);
    expect(await commands.pttl(name)).toBeLessThanOrEqual(60_000);
  });

  it('write nothing for a question that counts nothing', async () => {
    const { counts, commands, name } = await connect();
    expect((await counts.take({ ...USE, files: 0, bytes: 0 }, NOTHING)).granted).toBe(true);
    expect(await commands.exists(name)).toBe(0);
  });

  it.each([
    '',
    'nonsense',
    '5',
    '-5 -5',
    '1e3 1e3',
    'inf nan',
    '5 1000 ',
    '9007199254740992 0',
    '0 99999999999999999999',
    `0 ${'9'.repeat(400)}`,
  ])('take %j in the place of a count for nothing used, and replace it', async (garbage) => {
    const { counts, commands, name } = await connect();
    await commands.set(name, garbage);
    expect(await counts.take(USE, NOTHING)).toEqual({ granted: true, used: { files: 1, bytes: 10 } });
    expect(await commands.get(name)).toBe('1 10');
    expect(await commands.pttl(name)).toBeGreaterThan(0);
  });

  it('take a value of another type for nothing used, and replace it', async () => {
    const { counts, commands, name } = await connect();
    await commands.lpush(name, 'a list');
    expect((await counts.take(USE, NOTHING)).granted).toBe(true);
    expect(await commands.get(name)).toBe('1 10');
  });

  it('keep the command out of their errors', async () => {
    const { counts, commands } = await connect();
    commands.disconnect();
    const error = await counts.take(USE, NOTHING).catch((cause: unknown) => cause);
    expect(error).toBeInstanceOf(Error);
    expect(Object.keys(error instanceof Error ? error : {})).toEqual([]);
  });
});
