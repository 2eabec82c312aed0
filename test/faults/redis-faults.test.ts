import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, it, vi } from 'vitest';
import { mintToken } from '../../src/keys/token.ts';
import { describeUnless } from '../support/available.ts';
import { startRedis } from '../support/containers.ts';
import { faultOf } from '../support/faults.ts';
import { insertKeys, revokeKey } from '../support/key-changes.ts';
import { OPERATOR, PEPPER, type TokenAndKey, tokenAndKey } from '../support/key-fixtures.ts';
import { type KeyInstance, openKeyInstance } from '../support/key-instance.ts';
import { createMemoryKeyStore, type MemoryKeyStore } from '../support/memory-key-store.ts';
import { ownPrefix } from '../support/redis-key-cache.ts';
import type { RedisServer } from '../support/redis-server.ts';

const ADDRESS = '192.0.2.7';
const SOON = { timeout: 15_000, interval: 20 };

describeUnless(inject('missingServices')['redisUrl'], 'keys while Redis fails', () => {
  let redis: RedisServer;
  let store: MemoryKeyStore;
  let prefix: string;
  let known: TokenAndKey;
  let one: KeyInstance;
  let other: KeyInstance;
  const opened: KeyInstance[] = [];

  beforeAll(async () => {
    redis = await startRedis();
  });
  afterAll(() => redis.stop());

  beforeEach(async () => {
    store = createMemoryKeyStore();
    prefix = ownPrefix();
    [one, other] = await Promise.all([open(), open()]);
    for (const instance of [one, other]) await untilConnected(instance);
    known = await stored();
    for (const instance of [one, other]) await accepts(instance, known);
  });
  afterEach(async () => {
    for (const instance of opened.splice(0)) await instance.close();
  });

  async function open(options: { withFeed?: boolean } = {}): Promise<KeyInstance> {
    const instance = await openKeyInstance(redis.url, { store, prefix, ...options });
    opened.push(instance);
    return instance;
  }

  async function untilConnected(instance: KeyInstance): Promise<void> {
    expect(await instance.connections.ready(15_000)).toBe(true);
    await vi.waitFor(() => expect(instance.gaps()).toBeGreaterThan(0), SOON);
  }

  /** A key that the store has and no cache knows. */
  async function stored(): Promise<TokenAndKey> {
    const issued = tokenAndKey();
    await insertKeys(store, issued.key);
    return issued;
  }

  async function accepts(instance: KeyInstance, { authorization, key }: TokenAndKey): Promise<void> {
    expect(await instance.verifier.verify(authorization, ADDRESS)).toMatchObject({ keyId: key.id });
  }

  async function refusal(instance: KeyInstance, authorization: string) {
    return (await faultOf(() => instance.verifier.verify(authorization, ADDRESS))).reason;
  }

  async function refusesSoon(instance: KeyInstance, { authorization }: TokenAndKey): Promise<void> {
    await vi.waitFor(async () => expect(await refusal(instance, authorization)).toBe('KEY_REVOKED'), SOON);
  }

  /** Callers that never rest, with a key that memory knows and with keys that nobody knows yet. */
  function callers() {
    let resting = false;
    let calls = 0;
    async function call(): Promise<void> {
      while (!resting) {
        await accepts(one, known);
        await accepts(one, await stored());
        calls += 2;
        await delay(1);
      }
    }
    const running = Promise.all([call(), call(), call()]);
    running.catch(() => {});
    return {
      calls: () => calls,
      async rest() {
        resting = true;
        await running;
      },
    };
  }

  /** What has to hold while Redis is of no use: every genuine key works, every other one is told as ever. */
  async function everythingWorks(): Promise<void> {
    expect(one.verifier.verify(known.authorization, ADDRESS)).not.toBeInstanceOf(Promise);
    for (let count = 0; count < 20; count++) await accepts(one, await stored());
    expect(await refusal(one, `Bearer ${mintToken('live', PEPPER, randomBytes)}`)).toBe('KEY_UNKNOWN');
    expect(await refusal(one, 'Bearer nonsense')).toBe('KEY_MALFORMED');
  }

  async function revocationStillWorks(): Promise<void> {
    const revoked = await one.keys.revoke(known.key.id, undefined, OPERATOR);
    expect(revoked.propagation).toBe('pending');
    expect(await refusal(one, known.authorization)).toBe('KEY_REVOKED');
    await refusesSoon(other, known);
  }

  async function redisIsUsedAgain(): Promise<void> {
    await vi.waitFor(async () => {
      const fresh = await stored();
      await accepts(one, fresh);
      const hits = other.count('shared hit');
      await accepts(other, fresh);
      expect(other.count('shared hit')).toBe(hits + 1);
    }, SOON);
  }

  describe('hung', () => {
    afterEach(() => redis.resume().catch(() => {}));

    it('costs at most a few callers a moment, loses nobody, and is used again when it goes on', async () => {
      const errorsBefore = one.count('shared error');
      await redis.pause();
      await everythingWorks();
      expect(one.count('shared error') - errorsBefore).toBeGreaterThan(0);
      expect(one.count('shared error') - errorsBefore).toBeLessThanOrEqual(8);
      expect(one.count('shared skipped')).toBeGreaterThan(0);
      await redis.resume();
      await redisIsUsedAgain();
    });

    it('does not keep a revocation from reaching every instance, and is told when it goes on', async () => {
      await redis.pause();
      await revocationStillWorks();
      await redis.resume();
      const fresh = await open({ withFeed: false });
      await untilConnected(fresh);
      await vi.waitFor(async () => {
        expect(await fresh.cache.get(known.key.digest)).toMatchObject({ record: { status: 'revoked' } });
      }, SOON);
    });

    it('is noticed by the listener, who then knows of the gap', async () => {
      const gapsBefore = other.gaps();
      await redis.pause();
      await vi.waitFor(() => expect(other.connections.subscriber.status).not.toBe('ready'), SOON);
      await redis.resume();
      await vi.waitFor(() => expect(other.gaps()).toBeGreaterThan(gapsBefore), SOON);
    });
  });

  describe('killed', () => {
    afterEach(() => redis.restart());

    it('loses nobody, and is used again when it comes back empty', async () => {
      const busy = callers();
      await redis.kill();
      await everythingWorks();
      await redis.restart();
      await redisIsUsedAgain();
      await busy.rest();
      expect(busy.calls()).toBeGreaterThan(100);
    });

    it('does not keep a revocation from reaching every instance', async () => {
      await redis.kill();
      await revocationStillWorks();
    });

    it('does not keep an instance from starting, which uses it once it is there', async () => {
      await redis.kill();
      const late = await open();
      await accepts(late, known);
      expect(await late.connections.ready(50)).toBe(false);
      await redis.restart();
      await untilConnected(late);
      await vi.waitFor(async () => {
        await accepts(late, await stored());
        expect(late.count('shared miss')).toBeGreaterThan(0);
      }, SOON);
    });
  });

  it('wiped again and again, loses nobody', async () => {
    const busy = callers();
    for (let count = 0; count < 50; count++) {
      await other.connections.commands.flushall();
      await accepts(other, await stored());
    }
    await busy.rest();
    await redisIsUsedAgain();
  });

  it('full of garbage and forgeries, answers every key as the store does', async () => {
    const issued = await Promise.all(Array.from({ length: 50 }, stored));
    for (const each of issued) await accepts(one, each);
    const revoked = issued.slice(0, 10);
    for (const { key } of revoked) await revokeKey(store, key);
    const { commands } = other.connections;
    const evil = '{"id":"evil","o":"evil","s":["keys:write"],"st":"active","exp":null,"use":9e15}';
    const garbage = ['', 'garbage', '\0\x01', '9', `9|${evil}|`, `9|${evil}|AAAAAAAAAAAAAAAAAAAAAA`];
    for (const [index, { key }] of issued.entries())
      await commands.set(`${prefix}${key.digest}`, garbage[index % garbage.length] ?? '', 'PX', 60_000);
    const invented = mintToken('live', PEPPER, randomBytes);
    const fresh = await open({ withFeed: false });
    await untilConnected(fresh);
    for (const each of revoked) expect(await refusal(fresh, each.authorization)).toBe('KEY_REVOKED');
    for (const each of issued.slice(10)) await accepts(fresh, each);
    expect(fresh.rejected()).toBe(50);
    expect(await refusal(fresh, `Bearer ${invented}`)).toBe('KEY_UNKNOWN');
  });

  describe('out of memory', () => {
    afterEach(() => other.connections.commands.config('SET', 'maxmemory', '0'));

    it('takes no more records but every tombstone, and loses nobody', async () => {
      const { commands } = other.connections;
      const name = `${prefix}${known.key.digest}`;
      expect(await commands.get(name)).toContain('"st":"active"');
      await commands.config('SET', 'maxmemory-policy', 'noeviction');
      await commands.config('SET', 'maxmemory', '1');
      await everythingWorks();
      await vi.waitFor(() => expect(one.count('shared fill-error')).toBeGreaterThan(0), SOON);
      expect(one.lookup.stats().breaker).toBe('closed');
      expect(await one.keys.revoke(known.key.id, undefined, OPERATOR)).toMatchObject({
        propagation: 'pushed',
      });
      expect(await commands.get(name)).toContain('"st":"revoked"');
      await refusesSoon(other, known);
    });
  });

  describe('that refuses scripts', () => {
    afterEach(async () => {
      await other.connections.commands.call('ACL', 'SETUSER', 'default', '+@scripting');
    });

    it('still forgets a revoked key and passes the announcement on', async () => {
      const deaf = await open({ withFeed: false });
      await untilConnected(deaf);
      await accepts(deaf, known);
      const { commands } = other.connections;
      await commands.call('ACL', 'SETUSER', 'default', '-@scripting');
      await everythingWorks();
      expect(await one.keys.revoke(known.key.id, undefined, OPERATOR)).toMatchObject({
        propagation: 'pushed',
      });
      await refusesSoon(deaf, known);
      expect(await commands.exists(`${prefix}${known.key.digest}`)).toBe(0);
    });
  });

  it('that cut the subscriptions, is listened to again, and what was missed is found out', async () => {
    const deaf = await open({ withFeed: false });
    await untilConnected(deaf);
    await accepts(deaf, known);
    const gapsBefore = deaf.gaps();
    await one.connections.commands.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    expect(await one.keys.revoke(known.key.id, undefined, OPERATOR)).toMatchObject({ propagation: 'pushed' });
    await vi.waitFor(() => expect(deaf.gaps()).toBeGreaterThan(gapsBefore), SOON);
    await refusesSoon(deaf, known);

    const next = await stored();
    await accepts(deaf, next);
    await one.keys.revoke(next.key.id, undefined, OPERATOR);
    await refusesSoon(deaf, next);
  });

  it('and the store both out of reach, keeps known keys working and never calls a key unknown', async () => {
    const unknown = await stored();
    await redis.kill();
    store.weather.down = true;
    try {
      await accepts(one, known);
      const fault = await faultOf(() => one.verifier.verify(unknown.authorization, ADDRESS));
      expect(fault).toMatchObject({ reason: 'STORE_UNAVAILABLE', retryAfterMs: 1_000 });
      store.weather.down = false;
      await accepts(one, unknown);
    } finally {
      await redis.restart();
    }
  });
});
