import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import type { Principal } from '../../src/keys/api-key.ts';
import { describeUnless } from '../support/available.ts';
import { startRedis } from '../support/containers.ts';
import { createRateInstance, FAILURES, principalWith, type RateInstance } from '../support/rate-fleet.ts';
import { ownPrefix } from '../support/redis-key-cache.ts';
import { type ConnectedRateCounts, openRateCounts } from '../support/redis-rate-counts.ts';
import type { RedisServer } from '../support/redis-server.ts';
import { systemClock } from '../support/system-clock.ts';

const SOON = { timeout: 15_000, interval: 20 };
/** So long that nothing of a limit comes back while a test runs. */
const WINDOW = { windowSeconds: 86_400 };

interface Instance extends ConnectedRateCounts, RateInstance {}

describeUnless(inject('missingServices')['redisUrl'], 'rate limits while Redis fails', () => {
  let redis: RedisServer;
  let prefix: string;
  let one: Instance;
  let other: Instance;
  const opened: Instance[] = [];
  let keys = 0;

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  beforeEach(async () => {
    prefix = ownPrefix();
    [one, other] = [open(), open()];
    for (const { connections } of opened) expect(await connections.ready(15_000)).toBe(true);
    for (const { counts } of opened) await vi.waitFor(() => expect(counts.instances()).toBe(2));
  });
  afterEach(async () => {
    for (const instance of opened.splice(0)) await instance.close();
  });

  function open(): Instance {
    const connected = openRateCounts(redis.url, prefix);
    const instance = { ...connected, ...createRateInstance(connected.counts, { clock: systemClock }) };
    opened.push(instance);
    return instance;
  }

  function keyWith(requests: number): Principal {
    keys += 1;
    return principalWith({ requests, ...WINDOW }, `key_${keys}`);
  }

  async function admitted({ limiter }: Instance, principal: Principal, calls: number): Promise<number> {
    let count = 0;
    for (let n = 0; n < calls; n++) if ((await limiter.take(principal))?.allowed) count += 1;
    return count;
  }

  /** Calls that did not wait for an answer which never came. */
  const slowCalls = () => one.alone.failed;

  /** What has to hold while Redis is of no use. */
  async function sharesAreKept(): Promise<void> {
    const failedBefore = slowCalls();
    // Nobody is refused within the share of the instance.
    for (let n = 0; n < 20; n++) expect(await admitted(one, keyWith(20), 10)).toBe(10);
    // Nobody is unlimited.
    const busy = keyWith(20);
    expect(await admitted(one, busy, 100)).toBe(10);
    expect(await admitted(other, busy, 100)).toBe(10);
    expect(await admitted(one, keyWith(1), 10)).toBe(1);
    // The first few calls find out, and then one after each pause, for which no caller waits.
    expect(slowCalls() - failedBefore).toBeLessThanOrEqual(FAILURES);
    expect(one.alone.unasked).toBeGreaterThan(0);
  }

  async function countsTogetherAgain(): Promise<void> {
    await vi.waitFor(async () => {
      const key = keyWith(1_000);
      const aloneBefore = { ...one.alone, others: { ...other.alone } };
      await admitted(one, key, 3);
      expect(await other.limiter.take(key)).toMatchObject({ remaining: 996 });
      expect({ ...one.alone, others: { ...other.alone } }).toEqual(aloneBefore);
    }, SOON);
    const key = keyWith(20);
    const counts = await Promise.all([admitted(one, key, 40), admitted(other, key, 40)]);
    expect(counts.reduce((sum, count) => sum + count)).toBe(20);
  }

  it('healthy, admits each limit once for everybody', async () => {
    await countsTogetherAgain();
    expect(one.alone).toEqual({ failed: 0, unasked: 0 });
  });

  describe('hung', () => {
    afterEach(() => redis.resume().catch(() => {}));

    it('keeps every instance to its share, costs a few callers a moment, and is used again', async () => {
      await redis.pause();
      await sharesAreKept();
      await redis.resume();
      await countsTogetherAgain();
    });

    it('does not give away what was seen to be used', async () => {
      const key = keyWith(20);
      await admitted(one, key, 18);
      await redis.pause();
      expect(await admitted(one, key, 10)).toBe(2);
      await redis.resume();
      await countsTogetherAgain();
      expect(await admitted(one, key, 10)).toBe(0);
    });
  });

  describe('killed', () => {
    afterEach(() => redis.restart());

    it('keeps every instance to its share, and is used again when it comes back empty', async () => {
      await redis.kill();
      await sharesAreKept();
      await redis.restart();
      await countsTogetherAgain();
    });

    it('gives away no more than one more limit by coming back empty', async () => {
      const key = keyWith(20);
      const before = (await admitted(one, key, 15)) + (await admitted(other, key, 5));
      await redis.kill();
      const during = (await admitted(one, key, 40)) + (await admitted(other, key, 40));
      await redis.restart();
      await countsTogetherAgain();
      const after = (await admitted(one, key, 40)) + (await admitted(other, key, 40));
      expect(before).toBe(20);
      expect(before + during + after).toBeLessThanOrEqual(2 * 20);
    });

    it('does not keep an instance from starting, which is then one of as many as it knows', async () => {
      await redis.kill();
      const late = open();
      expect(await admitted(late, keyWith(20), 40)).toBe(20);
      await redis.restart();
      await vi.waitFor(() => expect(late.counts.instances()).toBeGreaterThanOrEqual(2), SOON);
    });
  });

  it('wiped again and again, lets no instance admit more than a limit', async () => {
    const key = keyWith(50);
    let count = 0;
    for (let n = 0; n < 20; n++) {
      await other.connections.commands.flushall();
      count += await admitted(one, key, 10);
    }
    expect(count).toBe(50);
    await countsTogetherAgain();
    expect(one.alone).toEqual({ failed: 0, unasked: 0 });
  });

  describe('out of memory', () => {
    afterEach(() => other.connections.commands.config('SET', 'maxmemory', '0'));

    it('goes on counting for everybody', async () => {
      const { commands } = other.connections;
      await commands.config('SET', 'maxmemory-policy', 'noeviction');
      await commands.config('SET', 'maxmemory', '1');
      await expect(commands.set(`${prefix}full`, 'x')).rejects.toThrow('OOM');
      await countsTogetherAgain();
      expect(one.alone).toEqual({ failed: 0, unasked: 0 });
    });
  });

  describe('turned into a read-only replica', () => {
    afterEach(async () => {
      const admin = open();
      expect(await admin.connections.ready(15_000)).toBe(true);
      await admin.connections.commands.replicaof('NO', 'ONE');
    });

    it('keeps every instance to its share, and is used again when it may be written', async () => {
      await other.connections.commands.replicaof('127.0.0.1', '1');
      await sharesAreKept();
      await vi.waitFor(() => other.connections.commands.replicaof('NO', 'ONE'), SOON);
      await countsTogetherAgain();
    });
  });

  describe('refusing scripts', () => {
    afterEach(async () => {
      await other.connections.commands.call('ACL', 'SETUSER', 'default', '+@scripting');
    });

    it('keeps every instance to its share', async () => {
      await other.connections.commands.call('ACL', 'SETUSER', 'default', '-@scripting');
      await sharesAreKept();
    });
  });

  it('full of garbage, counts anew and refuses nobody', async () => {
    const { commands } = other.connections;
    const garbage = ['', 'nonsense', '-1', '1e99', '9'.repeat(400)];
    for (let n = 0; n < 30; n++) {
      const key = keyWith(20);
      const name = `${prefix}${key.keyId}`;
      const value = garbage[n % (garbage.length + 1)];
      if (value === undefined) await commands.lpush(name, 'a list');
      else await commands.set(name, value);
      expect(await admitted(one, key, 20)).toBe(20);
      expect(await admitted(other, key, 1)).toBe(0);
    }
    expect(one.alone).toEqual({ failed: 0, unasked: 0 });
  });

  it('that cut connections under load, loses no call', async () => {
    const key = keyWith(100_000);
    let resting = false;
    let calls = 0;
    async function call(): Promise<void> {
      while (!resting) {
        expect(await one.limiter.take(key)).toMatchObject({ allowed: true });
        calls += 1;
        await delay(1);
      }
    }
    const callers = Promise.all([call(), call(), call()]);
    callers.catch(() => {});
    for (let n = 0; n < 10; n++) {
      one.connections.commands.stream?.destroy();
      await delay(50);
    }
    resting = true;
    await callers;
    expect(calls).toBeGreaterThan(50);
    await countsTogetherAgain();
  });
});
