import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it, vi } from 'vitest';
import type { TokenUse } from '../../src/uploads/ports.ts';
import { describeWith } from '../support/available.ts';
import { startRedis } from '../support/containers.ts';
import { ownPrefix } from '../support/redis-key-cache.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { openProxy, type ToxicProxy } from '../support/toxiproxy-server.ts';
import {
  FAILURES,
  openUploadMemoryInstance,
  type UploadMemoryInstance,
} from '../support/upload-memory-instance.ts';

const SOON = { timeout: 15_000, interval: 20 };
/** So long that nothing is forgotten while a test runs. */
const TTL_MS = 3_600_000;
const FILES = 20;

describeWith('toxiproxyUrl', 'what instances share about uploads while Redis fails', (toxiproxyUrl) => {
  let redis: RedisServer;
  let proxy: ToxicProxy;
  let prefix: string;
  /** Reaches Redis through the proxy. */
  let one: UploadMemoryInstance;
  /** Reaches Redis directly. */
  let other: UploadMemoryInstance;
  const opened: UploadMemoryInstance[] = [];
  let tokens = 0;

  beforeAll(async () => {
    redis = await startRedis();
    proxy = await openProxy(toxiproxyUrl, redis);
  });
  afterAll(async () => {
    await proxy?.remove();
    await redis?.stop();
  });

  beforeEach(async () => {
    prefix = ownPrefix();
    one = open(`redis://${proxy.host}:${proxy.port}`);
    other = open(redis.url);
    for (const { connected } of opened) expect(await connected.connections.ready(15_000)).toBe(true);
  });
  afterEach(async () => {
    await proxy.heal();
    for (const { connected } of opened.splice(0)) connected.close();
  });

  function open(url: string): UploadMemoryInstance {
    const instance = openUploadMemoryInstance(url, prefix);
    opened.push(instance);
    return instance;
  }

  const commands = () => other.connected.connections.commands;
  const remember = ({ creations }: UploadMemoryInstance, name: string, value: string) =>
    creations.remember(name, value, TTL_MS);

  function newToken(): TokenUse {
    tokens += 1;
    const tokenId = `token_${tokens}`;
    return { tokenId, files: 1, bytes: 1, maxFiles: FILES, maxBytes: FILES, ttlMs: TTL_MS };
  }

  async function granted({ budget }: UploadMemoryInstance, use: TokenUse, calls: number): Promise<number> {
    let count = 0;
    for (let n = 0; n < calls; n++) if (await budget.take(use)) count += 1;
    return count;
  }

  /** What has to hold on the first instance while Redis is of no use to it. */
  async function answersAlone(known: string, used: TokenUse, usedFiles: number): Promise<void> {
    expect(await remember(one, known, 'another')).toBe('known');
    expect(await one.creations.recall(known)).toBe('known');
    for (let n = 0; n < 20; n++) {
      expect(await remember(one, `${known} ${n}`, 'first')).toBe('first');
      expect(await remember(one, `${known} ${n}`, 'second')).toBe('first');
    }
    expect(await granted(one, used, 2 * FILES)).toBe(FILES - usedFiles);
    expect(await granted(one, newToken(), 2 * FILES)).toBe(FILES);
    // The first few calls of each find out, and then one after each pause, for which nobody waits.
    expect(one.alone.failed).toBeLessThanOrEqual(2 * FAILURES);
    expect(one.alone.failed + one.alone.unasked).toBeGreaterThan(40);
  }

  let rounds = 0;
  async function sharesAgain(): Promise<void> {
    await vi.waitFor(async () => {
      rounds += 1;
      const before = opened.map(({ alone }) => ({ ...alone }));
      expect(await remember(one, `round ${rounds}`, 'one')).toBe('one');
      expect(await remember(other, `round ${rounds}`, 'other')).toBe('one');
      const use = newToken();
      expect((await granted(one, use, FILES)) + (await granted(other, use, FILES))).toBe(FILES);
      expect(opened.map(({ alone }) => alone)).toEqual(before);
    }, SOON);
  }

  /** A name that both instances know, and a token of which both know a part. */
  async function knownToBoth() {
    const use = newToken();
    const name = `known ${tokens}`;
    expect(await remember(other, name, 'known')).toBe('known');
    expect(await remember(one, name, 'mine')).toBe('known');
    expect(await granted(other, use, 5)).toBe(5);
    expect(await granted(one, use, 5)).toBe(5);
    return { name, use };
  }

  it('healthy, gives one answer to the same key from both at once, and each budget once', async () => {
    for (let round = 0; round < 50; round++) {
      const answers = await Promise.all([
        remember(one, `at once ${round}`, 'one'),
        remember(other, `at once ${round}`, 'other'),
        remember(one, `at once ${round}`, 'third'),
      ]);
      expect(new Set(answers).size).toBe(1);
    }
    const use = newToken();
    const grants = await Promise.all([granted(one, use, FILES), granted(other, use, FILES)]);
    expect(grants.reduce((sum, count) => sum + count)).toBe(FILES);
    expect([one.alone, other.alone]).toEqual([
      { failed: 0, unasked: 0 },
      { failed: 0, unasked: 0 },
    ]);
  });

  const OUTAGES: Readonly<Record<string, () => Promise<void>>> = {
    'that answers nobody, but does what it is asked': () =>
      proxy.spoil({ type: 'timeout', attributes: { timeout: 0 } }, 'downstream'),
    'that hears nobody': () => proxy.spoil({ type: 'timeout', attributes: { timeout: 0 } }, 'upstream'),
    slow: () => proxy.spoil({ type: 'latency', attributes: { latency: 1_000 } }),
    'cut off': () => proxy.cut(),
    'whose connections are reset': () => proxy.spoil({ type: 'reset_peer', attributes: { timeout: 0 } }),
  };

  it.each(Object.entries(OUTAGES))('%s, is replaced by what the instance knows', async (_, begin) => {
    const { name, use } = await knownToBoth();
    await begin();
    await answersAlone(name, use, 10);
    // An instance that is not cut off has its own half of the truth.
    expect(await granted(other, use, 2 * FILES)).toBeLessThanOrEqual(FILES - 10);
    await proxy.heal();
    await sharesAgain();
    expect(await remember(one, name, 'later')).toBe('known');
    expect(await granted(one, use, 5)).toBe(0);
  });

  it('cut off, and then found with another answer, does not change that of an instance', async () => {
    await proxy.cut();
    expect(await remember(one, 'name', 'mine')).toBe('mine');
    expect(await remember(other, 'name', 'theirs')).toBe('theirs');
    await proxy.heal();
    await sharesAgain();
    expect(await remember(one, 'name', 'third')).toBe('mine');
    expect(await remember(other, 'name', 'third')).toBe('theirs');
  });

  it('cut off, and then found without an answer, is told that of the instance', async () => {
    await proxy.cut();
    expect(await remember(one, 'name', 'mine')).toBe('mine');
    await one.creations.replace('name', 'done', TTL_MS);
    await proxy.heal();
    await sharesAgain();
    expect(await remember(one, 'name', 'third')).toBe('done');
    expect(await remember(other, 'name', 'third')).toBe('done');
  });

  it('cutting connections under load, makes no instance contradict itself or grant too much', async () => {
    const use = { ...newToken(), maxFiles: 200, maxBytes: 200 };
    const answers = new Set<string>();
    let grants = 0;
    let calls = 0;
    let resting = false;
    async function call(): Promise<void> {
      while (!resting) {
        calls += 1;
        answers.add(await remember(one, 'name', `value ${calls}`));
        if (await one.budget.take(use)) grants += 1;
        await delay(1);
      }
    }
    const callers = Promise.all([call(), call(), call()]);
    callers.catch(() => {});
    for (let n = 0; n < 10; n++) {
      one.connected.connections.commands.stream?.destroy();
      await delay(50);
    }
    resting = true;
    await callers;
    expect(calls).toBeGreaterThan(50);
    expect(answers.size).toBe(1);
    expect(grants).toBeLessThanOrEqual(200);
    await sharesAgain();
  });

  it('wiped again and again, changes no answer and refills the budget of no instance', async () => {
    const { name, use } = await knownToBoth();
    let grants = 10;
    for (let n = 0; n < 10; n++) {
      await commands().flushall();
      expect(await remember(one, name, 'another')).toBe('known');
      grants += await granted(one, use, 3);
    }
    expect(grants).toBe(FILES);
    // Five of the token's files it has granted itself.
    expect(await granted(other, use, 2 * FILES)).toBeLessThanOrEqual(FILES - 5);
    expect(await remember(other, name, 'another')).toBe('known');
    expect(one.alone).toEqual({ failed: 0, unasked: 0 });
  });

  describe('out of memory', () => {
    afterEach(() => commands().config('SET', 'maxmemory', '0'));

    it('goes on counting and telling, and each instance remembers what is new by itself', async () => {
      const { name, use } = await knownToBoth();
      await commands().config('SET', 'maxmemory-policy', 'noeviction');
      await commands().config('SET', 'maxmemory', '1');
      await expect(commands().set(`${prefix}full`, 'x')).rejects.toThrow('OOM');
      expect(await remember(one, name, 'another')).toBe('known');
      expect((await granted(one, use, FILES)) + (await granted(other, use, FILES))).toBe(FILES - 10);
      expect(one.alone).toEqual({ failed: 0, unasked: 0 });
      expect(await remember(one, 'new', 'first')).toBe('first');
      expect(await remember(one, 'new', 'second')).toBe('first');
      await commands().config('SET', 'maxmemory', '0');
      await sharesAgain();
    });
  });

  describe('turned into a read-only replica', () => {
    afterEach(() => commands().replicaof('NO', 'ONE'));

    it('is replaced by what the instance knows', async () => {
      const { name, use } = await knownToBoth();
      await commands().replicaof('127.0.0.1', '1');
      await answersAlone(name, use, 10);
      await vi.waitFor(() => commands().replicaof('NO', 'ONE'), SOON);
      await sharesAgain();
    });
  });

  it('full of garbage, is written anew and changes no answer', async () => {
    const garbage = ['', 'nonsense', '-1 -1', `0|9999999999999|evil|${'A'.repeat(22)}`, '9'.repeat(400)];
    for (const value of [...garbage, undefined]) {
      const { name, use } = await knownToBoth();
      for (const stored of await commands().keys(`${prefix}*`)) {
        await commands().del(stored);
        if (value === undefined) await commands().lpush(stored, 'a list');
        else await commands().set(stored, value);
      }
      expect(await remember(one, name, 'another')).toBe('known');
      expect(await one.creations.recall(name)).toBe('known');
      // The first instance knows of ten files, because its own five came after those of the other, and tells.
      expect(await granted(one, use, 2 * FILES)).toBe(FILES - 10);
      expect(await granted(other, use, 5)).toBe(0);
    }
    expect(one.alone).toEqual({ failed: 0, unasked: 0 });
  });
});
