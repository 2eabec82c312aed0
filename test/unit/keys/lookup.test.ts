import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { KeyLimits } from '../../../src/keys/limits.ts';
import { KEY_LIMITS } from '../../../src/keys/limits.ts';
import { createKeyLookup, recordFromKey } from '../../../src/keys/lookup.ts';
import { faultOf } from '../../support/faults.ts';
import { insertKeys, revokeKey } from '../../support/key-changes.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryCacheServer } from '../../support/memory-key-cache.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';
import { storedKey } from '../../support/stored-key.ts';

/** No jitter: soft expiry after exactly `softMs`, and no refresh past the shared cache before its half-life. */
const MIDDLE = () => 0.5;
const KEY = storedKey('known');

interface SetUp {
  readonly random?: () => number;
  readonly limits?: Partial<KeyLimits>;
  readonly withShared?: boolean;
}

async function setUp({ random = MIDDLE, limits = {}, withShared = true }: SetUp = {}) {
  const clock = createManualClock();
  const store = createMemoryKeyStore();
  const server = createMemoryCacheServer(clock);
  const steps: string[] = [];
  const shared = withShared ? server.connect() : undefined;
  const makeLookup = () =>
    createKeyLookup({
      store,
      shared: withShared ? server.connect() : undefined,
      clock,
      schedule: clock.schedule,
      random,
      limits,
      onLookup: (tier, outcome) => void steps.push(`${tier} ${outcome}`),
    });
  await insertKeys(store, KEY);
  const lookup = makeLookup();
  /** Runs the call while time passes, for calls that take some. */
  async function during<T>(ms: number, call: () => Promise<T>): Promise<T> {
    const result = call();
    result.catch(() => {});
    await clock.advance(ms);
    return result;
  }
  return { clock, store, server, shared, steps, lookup, makeLookup, during };
}

/** A gate that keeps whoever waits at it until it is opened. */
function createHold() {
  const hold = { open: () => {}, wait: Promise.resolve() };
  hold.wait = new Promise((resolve) => {
    hold.open = resolve;
  });
  return hold;
}

describe('the tiers', () => {
  it('are asked in order, and each answers instead of the next', async () => {
    const { lookup, makeLookup, steps, store } = await setUp();
    expect(await lookup.find(KEY.digest)).toEqual(recordFromKey(KEY));
    expect(steps.splice(0)).toEqual(['memory miss', 'shared miss', 'store hit']);
    expect(lookup.find(KEY.digest)).toEqual(recordFromKey(KEY));
    expect(steps.splice(0)).toEqual(['memory hit']);
    expect(await makeLookup().find(KEY.digest)).toEqual(recordFromKey(KEY));
    expect(steps).toEqual(['memory miss', 'shared hit']);
    expect(store.reads()).toBe(1);
  });

  it('keep nothing of a key but what decisions need', async () => {
    const { lookup } = await setUp();
    expect(Object.keys((await lookup.find(KEY.digest)) ?? {}).sort()).toEqual([
      'expiresAtMs',
      'id',
      'owner',
      'policy',
      'rateLimit',
      'scopes',
      'status',
      'version',
    ]);
  });

  it('work without a shared cache', async () => {
    const { lookup, steps } = await setUp({ withShared: false });
    expect(await lookup.find(KEY.digest)).toEqual(recordFromKey(KEY));
    expect(steps).toEqual(['memory miss', 'store hit']);
  });

  it('answer a revoked key as revoked, so that it can be told from an unknown one', async () => {
    const { lookup, store } = await setUp();
    await revokeKey(store, KEY);
    expect(await lookup.find(KEY.digest)).toMatchObject({ status: 'revoked', version: 2 });
    expect(lookup.find(KEY.digest)).toMatchObject({ status: 'revoked' });
  });

  it('do not take the row of another key for an answer', async () => {
    const clock = createManualClock();
    const lookup = createKeyLookup({
      store: { findByDigest: async () => storedKey('other') },
      clock,
      schedule: clock.schedule,
      random: MIDDLE,
    });
    expect((await faultOf(() => lookup.find(KEY.digest))).reason).toBe('STORE_UNAVAILABLE');
  });
});

describe('age', () => {
  it('is checked again in the background after the soft limit, and the caller does not wait', async () => {
    const { clock, lookup, store } = await setUp({ withShared: false });
    await lookup.find(KEY.digest);
    await clock.advance(KEY_LIMITS.softMs - 1);
    lookup.find(KEY.digest);
    expect(store.reads()).toBe(1);
    await clock.advance(1);
    expect(lookup.find(KEY.digest)).toEqual(recordFromKey(KEY));
    expect(lookup.find(KEY.digest)).toEqual(recordFromKey(KEY));
    await clock.advance(0);
    expect(store.reads()).toBe(2);
  });

  it('varies the soft limit by a fifth either way', async () => {
    for (const [draw, factor] of [
      [0, 0.8],
      [0.9999, 1.2],
    ] as const) {
      const { clock, lookup, store } = await setUp({ withShared: false, random: () => draw });
      await lookup.find(KEY.digest);
      await clock.advance(KEY_LIMITS.softMs * factor - 2);
      lookup.find(KEY.digest);
      expect(store.reads()).toBe(1);
      await clock.advance(3);
      lookup.find(KEY.digest);
      await clock.advance(0);
      expect(store.reads()).toBe(2);
    }
  });

  /** Were it counted anew in every tier, a revoked key could live for the sum of all of them. */
  it('is inherited through the shared cache, and ends for everyone when the first read is too old', async () => {
    const { clock, lookup, makeLookup, store, server } = await setUp({ random: () => 0.999 });
    await lookup.find(KEY.digest);
    await clock.advance(59_000);
    const late = makeLookup();
    expect(await late.find(KEY.digest)).toBeDefined();
    expect(store.reads()).toBe(1);
    server.down = true;
    await clock.advance(999);
    expect(late.peek(KEY.digest)).toMatchObject({ id: KEY.id });
    await clock.advance(1);
    expect(late.peek(KEY.digest)).toBe('unknown');
  });

  it('counts from the beginning of the read, not from its end', async () => {
    const limits = { staleIfErrorMs: 0 };
    const { clock, lookup, store, during } = await setUp({ withShared: false, limits });
    const hold = createHold();
    store.weather.answering = () => hold.wait;
    clock.schedule(400, hold.open);
    await during(400, async () => lookup.find(KEY.digest));
    store.weather.down = true;
    await clock.advance(KEY_LIMITS.maxAgeMs - 401);
    expect(lookup.peek(KEY.digest)).not.toBe('unknown');
    await clock.advance(1);
    expect(lookup.peek(KEY.digest)).toBe('unknown');
  });

  it('has the store read again before the shared cache lets a busy key run out', async () => {
    for (const draw of [0, 0.5, 0.999]) {
      const { clock, lookup, store } = await setUp({ random: () => draw });
      await lookup.find(KEY.digest);
      for (let second = 0; second < 300; second++) {
        await clock.advance(1_000);
        expect(lookup.find(KEY.digest)).not.toBeInstanceOf(Promise);
      }
      // Every refresh would be 60, one a minute would let callers wait.
      expect(store.reads()).toBeGreaterThan(5);
      expect(store.reads()).toBeLessThan(12);
    }
  });

  it('is not renewed by the shared cache confirming what memory knows', async () => {
    const { clock, lookup, store, server } = await setUp({ random: () => 0.999 });
    await lookup.find(KEY.digest);
    store.weather.down = true;
    for (let second = 0; second < 59; second++) {
      await clock.advance(1_000);
      expect(lookup.peek(KEY.digest)).not.toBe('unknown');
    }
    server.down = true;
    await clock.advance(1_000);
    expect(lookup.peek(KEY.digest)).toBe('unknown');
  });

  /** After a gap every record is checked again; that must not starve those who wait for an answer. */
  it('is checked again by a few at a time, however many are due, and new keys do not wait for them', async () => {
    const { clock, lookup, store } = await setUp({ withShared: false });
    const many = Array.from({ length: 2_000 }, (_, index) => storedKey(`many-${index}`));
    for (const key of many) {
      store.put(key);
      await lookup.find(key.digest);
    }
    const hold = createHold();
    store.weather.answering = () => hold.wait;
    const readsBefore = store.reads();
    lookup.softExpireAll();
    for (const key of many) expect(lookup.find(key.digest)).toMatchObject({ id: key.id });
    await clock.advance(0);
    expect(store.reads() - readsBefore).toBe(KEY_LIMITS.refreshConcurrency);
    store.weather.answering = () => Promise.resolve();
    expect(await lookup.find(KEY.digest)).toMatchObject({ id: KEY.id });
    hold.open();
    for (let round = 0; round < 300; round++) {
      for (const key of many) lookup.find(key.digest);
      await clock.advance(0);
    }
    expect(store.reads() - readsBefore).toBe(many.length + 1);
  });
});

describe('absent keys', () => {
  const NOBODY = storedKey('nobody').digest;

  it('are remembered for two seconds and asked for again after that', async () => {
    const { clock, lookup, store } = await setUp();
    expect(await lookup.find(NOBODY)).toBeUndefined();
    await clock.advance(KEY_LIMITS.absentMs - 1);
    expect(lookup.peek(NOBODY)).toBe('absent');
    expect(lookup.find(NOBODY)).toBeUndefined();
    expect(store.reads()).toBe(1);
    await clock.advance(1);
    expect(lookup.peek(NOBODY)).toBe('unknown');
  });

  it('are known at once when they come into being', async () => {
    const { lookup, store } = await setUp();
    const newcomer = storedKey('nobody');
    await lookup.find(NOBODY);
    await insertKeys(store, newcomer);
    lookup.invalidate(NOBODY, newcomer.version);
    expect(await lookup.find(NOBODY)).toMatchObject({ id: newcomer.id });
  });

  it('are not remembered by a read that their creation overtook', async () => {
    const { lookup, store, clock } = await setUp();
    const newcomer = storedKey('nobody');
    const hold = createHold();
    store.weather.answering = () => hold.wait;
    const slow = lookup.find(NOBODY);
    await clock.advance(10);
    store.put(newcomer);
    lookup.invalidate(NOBODY, newcomer.version);
    hold.open();
    expect(await slow).toMatchObject({ id: newcomer.id });
    expect(lookup.peek(NOBODY)).toMatchObject({ id: newcomer.id });
  });

  /** Otherwise anyone with a pepper's worth of junk could slow down every customer. */
  it('cannot push out good keys, however many there are', async () => {
    const { lookup } = await setUp({ limits: { memoryEntries: 10, absentEntries: 5 } });
    await lookup.find(KEY.digest);
    for (let count = 0; count < 200; count++) await lookup.find(storedKey(`junk-${count}`).digest);
    expect(lookup.peek(KEY.digest)).toMatchObject({ id: KEY.id });
    expect(lookup.stats()).toMatchObject({ records: 1, absent: 5 });
  });
});

describe('a thousand callers at once', () => {
  it('share one read of the store', async () => {
    const { lookup, store, server } = await setUp();
    const found = await Promise.all(Array.from({ length: 1_000 }, () => lookup.find(KEY.digest)));
    expect(new Set(found.map((record) => record?.id))).toEqual(new Set([KEY.id]));
    expect(store.reads()).toBe(1);
    expect(server.calls()).toBe(2);
    expect(lookup.stats().inFlight).toBe(0);
  });

  it('share one failure, and the next caller tries again', async () => {
    const { lookup, store } = await setUp();
    store.weather.down = true;
    const found = await Promise.allSettled(Array.from({ length: 1_000 }, () => lookup.find(KEY.digest)));
    expect(found.every(({ status }) => status === 'rejected')).toBe(true);
    expect(store.reads()).toBe(1);
    store.weather.down = false;
    expect(await lookup.find(KEY.digest)).toBeDefined();
  });

  it('do not share a read that began before a change they may know of', async () => {
    const { lookup, store, clock } = await setUp({ withShared: false });
    const hold = createHold();
    store.weather.answering = () => hold.wait;
    const before = lookup.find(KEY.digest);
    await clock.advance(1);
    store.weather.answering = () => Promise.resolve();
    await revokeKey(store, KEY);
    lookup.invalidate(KEY.digest, 2);
    expect(await lookup.find(KEY.digest)).toMatchObject({ status: 'revoked' });
    hold.open();
    expect(await before).toMatchObject({ status: 'revoked' });
  });
});

describe('a revocation', () => {
  it('takes effect the moment it is known, and again is no news', async () => {
    const { lookup, store } = await setUp();
    await lookup.find(KEY.digest);
    await revokeKey(store, KEY);
    lookup.invalidate(KEY.digest, 2);
    expect(lookup.peek(KEY.digest)).toBe('unknown');
    expect(await lookup.find(KEY.digest)).toMatchObject({ status: 'revoked' });
    lookup.invalidate(KEY.digest, 2);
    lookup.invalidate(KEY.digest, 1);
    expect(lookup.peek(KEY.digest)).toMatchObject({ status: 'revoked' });
  });

  /** The race that plain deletion loses: read the store, be overtaken by the revocation, then fill the cache. */
  it('is not undone by a read of the store that it overtook, nor by the fill that follows', async () => {
    const { makeLookup, store, shared, server, clock } = await setUp();
    for (let round = 0; round < 20; round++) {
      const key = storedKey(`raced-${round}`);
      await insertKeys(store, key);
      const [reader, other] = [makeLookup(), makeLookup()];
      const hold = createHold();
      store.weather.answering = () => hold.wait;
      const slow = reader.find(key.digest);
      await clock.advance(10);
      store.weather.answering = () => Promise.resolve();
      // Half of them hear of it; the fills of the others meet the tombstone.
      server.deaf = round % 2 === 0;
      const revoked = await revokeKey(store, key);
      await shared?.announce(key.digest, recordFromKey(revoked), KEY_LIMITS.tombstoneMs);
      hold.open();
      await slow;
      await clock.advance(0);
      if (!server.deaf) expect(reader.peek(key.digest)).toMatchObject({ status: 'revoked' });
      expect(await other.find(key.digest)).toMatchObject({ status: 'revoked' });
    }
  });

  it('is not undone by an older record in the shared cache', async () => {
    const { lookup, store, shared, steps } = await setUp();
    await revokeKey(store, KEY);
    await shared?.fill(KEY.digest, recordFromKey(KEY), 60_000);
    lookup.invalidate(KEY.digest, 2);
    expect(await lookup.find(KEY.digest)).toMatchObject({ status: 'revoked' });
    expect(steps).toEqual(['memory miss', 'shared hit', 'shared outdated', 'store hit']);
  });

  it('is not undone by a replica of the store that lags behind', async () => {
    const { lookup } = await setUp();
    lookup.invalidate(KEY.digest, 2);
    const fault = await faultOf(() => lookup.find(KEY.digest));
    expect(fault).toMatchObject({ reason: 'STORE_UNAVAILABLE', retryAfterMs: 1_000 });
  });

  it('lapses from memory, so that a store that was restored from a backup is believed again', async () => {
    const { lookup, clock } = await setUp();
    lookup.invalidate(KEY.digest, 2);
    await clock.advance(KEY_LIMITS.generationMs - 1);
    expect((await faultOf(() => lookup.find(KEY.digest))).reason).toBe('STORE_UNAVAILABLE');
    await clock.advance(1);
    expect(await lookup.find(KEY.digest)).toMatchObject({ status: 'active' });
  });

  /** Security property: nobody may have told the shared cache, and its copy lives as long as the operator lets records live. */
  it('is remembered for as long as the shared cache may hold the record from before it', async () => {
    const maxAgeMs = 3_600_000;
    const { lookup, clock, store, shared } = await setUp({ limits: { maxAgeMs } });
    await shared?.fill(KEY.digest, recordFromKey(KEY), maxAgeMs);
    await revokeKey(store, KEY);
    lookup.invalidate(KEY.digest, 2);
    await clock.advance(maxAgeMs - 1);
    expect(await lookup.find(KEY.digest)).toMatchObject({ status: 'revoked' });
  });

  it('reaches every other instance through the shared cache at once', async () => {
    const { lookup, makeLookup, store, shared } = await setUp();
    const other = makeLookup();
    await Promise.all([lookup.find(KEY.digest), other.find(KEY.digest)]);
    const revoked = await revokeKey(store, KEY);
    await shared?.announce(KEY.digest, recordFromKey(revoked), KEY_LIMITS.tombstoneMs);
    for (const instance of [lookup, other]) {
      expect(instance.peek(KEY.digest)).toBe('unknown');
      expect(await instance.find(KEY.digest)).toMatchObject({ status: 'revoked' });
    }
  });

  it('is found out by the next use when announcements may have been missed', async () => {
    const { lookup, clock, store, server, shared } = await setUp();
    await lookup.find(KEY.digest);
    server.deaf = true;
    const revoked = await revokeKey(store, KEY);
    await shared?.announce(KEY.digest, recordFromKey(revoked), KEY_LIMITS.tombstoneMs);
    server.breakConnections();
    lookup.find(KEY.digest);
    await clock.advance(0);
    expect(lookup.find(KEY.digest)).toMatchObject({ status: 'revoked' });
  });

  it('is not listened for any more after close', async () => {
    const { lookup, store, shared } = await setUp();
    await lookup.find(KEY.digest);
    lookup.close();
    const revoked = await revokeKey(store, KEY);
    await shared?.announce(KEY.digest, recordFromKey(revoked), KEY_LIMITS.tombstoneMs);
    expect(lookup.peek(KEY.digest)).toMatchObject({ status: 'active' });
  });
});

describe('a store that cannot be asked', () => {
  it('leaves known keys working, to the millisecond, counted from the read of the store', async () => {
    const { lookup, clock, store } = await setUp({ withShared: false });
    await lookup.find(KEY.digest);
    store.weather.down = true;
    // Used all the time, so that a bound that moved along with every use would never be met.
    for (let second = 0; second < 299; second++) {
      await clock.advance(1_000);
      expect(await lookup.find(KEY.digest)).toMatchObject({ id: KEY.id });
    }
    await clock.advance(999);
    expect(await lookup.find(KEY.digest)).toMatchObject({ id: KEY.id });
    await clock.advance(1);
    expect((await faultOf(() => lookup.find(KEY.digest))).reason).toBe('STORE_UNAVAILABLE');
  });

  it('leaves a known key working that nobody used meanwhile', async () => {
    const { lookup, clock, store } = await setUp({ withShared: false });
    await lookup.find(KEY.digest);
    store.weather.down = true;
    await clock.advance(KEY_LIMITS.staleIfErrorMs - 1);
    expect(await lookup.find(KEY.digest)).toMatchObject({ id: KEY.id });
    await clock.advance(1);
    expect((await faultOf(() => lookup.find(KEY.digest))).reason).toBe('STORE_UNAVAILABLE');
  });

  it('ends known keys with their hard limit when staleness is forbidden', async () => {
    const { lookup, clock, store } = await setUp({ withShared: false, limits: { staleIfErrorMs: 0 } });
    await lookup.find(KEY.digest);
    store.weather.down = true;
    await clock.advance(KEY_LIMITS.maxAgeMs - 1);
    expect(await lookup.find(KEY.digest)).toMatchObject({ id: KEY.id });
    await clock.advance(1);
    expect((await faultOf(() => lookup.find(KEY.digest))).reason).toBe('STORE_UNAVAILABLE');
  });

  it('is asked at most once a second for a key that is being served stale', async () => {
    const { lookup, clock, store } = await setUp({ withShared: false });
    await lookup.find(KEY.digest);
    store.weather.down = true;
    await clock.advance(KEY_LIMITS.maxAgeMs);
    const readsBefore = store.reads();
    for (let tenth = 0; tenth < 100; tenth++) {
      await clock.advance(100);
      await lookup.find(KEY.digest);
    }
    expect(store.reads() - readsBefore).toBeLessThanOrEqual(11);
  });

  it('leaves unknown keys unavailable from the start, and known again as soon as it is back', async () => {
    const { lookup, store } = await setUp();
    store.weather.down = true;
    const fault = await faultOf(() => lookup.find(KEY.digest));
    expect(fault).toMatchObject({ reason: 'STORE_UNAVAILABLE', retryAfterMs: 1_000 });
    store.weather.down = false;
    expect(await lookup.find(KEY.digest)).toMatchObject({ id: KEY.id });
  });

  it('does not stop the shared cache from answering', async () => {
    const { lookup, makeLookup, store } = await setUp();
    await lookup.find(KEY.digest);
    store.weather.down = true;
    expect(await makeLookup().find(KEY.digest)).toMatchObject({ id: KEY.id });
  });

  it('never brings back a key whose revocation is known', async () => {
    const { lookup, store } = await setUp({ withShared: false });
    await lookup.find(KEY.digest);
    store.weather.down = true;
    lookup.invalidate(KEY.digest, 2);
    expect((await faultOf(() => lookup.find(KEY.digest))).reason).toBe('STORE_UNAVAILABLE');
  });
});

describe('a store that hangs', () => {
  it('is given up on after half a second', async () => {
    const { lookup, clock, store, during } = await setUp({ withShared: false });
    store.weather.answering = () => new Promise(() => {});
    const startedAtMs = clock.monotonicMs();
    const fault = await during(KEY_LIMITS.storeTimeoutMs, () => faultOf(() => lookup.find(KEY.digest)));
    expect(fault.reason).toBe('STORE_UNAVAILABLE');
    expect(clock.monotonicMs() - startedAtMs).toBe(KEY_LIMITS.storeTimeoutMs);
  });

  it('is asked sixteen questions at a time, keeps a thousand waiting for a second and sheds the rest', async () => {
    const { lookup, clock, store } = await setUp({ withShared: false });
    store.weather.answering = () => new Promise(() => {});
    const outcomes: { atMs: number; reason: string }[] = [];
    const startedAtMs = clock.monotonicMs();
    for (let count = 0; count < 1_100; count++) {
      void faultOf(() => lookup.find(storedKey(`cold-${count}`).digest)).then(({ reason }) =>
        outcomes.push({ atMs: clock.monotonicMs() - startedAtMs, reason }),
      );
    }
    await clock.advance(0);
    expect(store.reads()).toBe(16);
    expect(outcomes).toHaveLength(1_100 - 1_016);
    await clock.advance(999);
    expect(store.reads()).toBe(32);
    expect(outcomes).toHaveLength(1_100 - 1_016 + 16);
    await clock.advance(1);
    expect(outcomes).toHaveLength(1_100);
    expect(new Set(outcomes.map(({ reason }) => reason))).toEqual(new Set(['STORE_UNAVAILABLE']));
    expect(Math.max(...outcomes.map(({ atMs }) => atMs))).toBe(1_000);
  });

  it('works at full width again once it answers', async () => {
    const { lookup, clock, store } = await setUp({ withShared: false });
    store.weather.answering = () => new Promise(() => {});
    for (let count = 0; count < 100; count++)
      void faultOf(() => lookup.find(storedKey(`cold-${count}`).digest));
    await clock.advance(5_000);
    store.weather.answering = () => Promise.resolve();
    const before = store.reads();
    const found = await Promise.all(
      Array.from({ length: 500 }, (_, count) => lookup.find(storedKey(`new-${count}`).digest)),
    );
    expect(found).toHaveLength(500);
    expect(store.reads() - before).toBe(500);
  });
});

describe('a shared cache that fails', () => {
  it('is left alone after five failures, tried once after a while, and used again when it answers', async () => {
    const { lookup, clock, server, steps } = await setUp({ random: () => 0 });
    const findNew = () => lookup.find(storedKey(randomBytes(8).toString('hex')).digest);
    server.down = true;
    for (let count = 0; count < 5; count++) await findNew();
    expect(server.calls()).toBe(5);
    for (let count = 0; count < 20; count++) await findNew();
    expect(server.calls()).toBe(5);
    expect(lookup.stats().breaker).toBe('open');
    expect(steps.filter((step) => step === 'shared skipped')).toHaveLength(20);

    await clock.advance(KEY_LIMITS.breakerOpenMs);
    await Promise.all([findNew(), findNew(), findNew()]);
    expect(server.calls()).toBe(6);
    await clock.advance(KEY_LIMITS.breakerOpenMs);
    server.down = false;
    await findNew();
    expect(lookup.stats().breaker).toBe('closed');
  });

  it('stays away for up to twice as long, by chance', async () => {
    const { lookup, clock, server } = await setUp({ random: () => 0.999 });
    server.down = true;
    for (let count = 0; count < 5; count++) await lookup.find(storedKey(`cold-${count}`).digest);
    await clock.advance(KEY_LIMITS.breakerOpenMs * 1.99);
    expect(lookup.stats().breaker).toBe('open');
    await clock.advance(KEY_LIMITS.breakerOpenMs * 0.01);
    expect(lookup.stats().breaker).toBe('half-open');
  });

  it('never keeps a key from being found in the store', async () => {
    const { lookup, server, store } = await setUp();
    server.down = true;
    for (let count = 0; count < 50; count++) {
      const key = storedKey(`cold-${count}`);
      await insertKeys(store, key);
      expect(await lookup.find(key.digest)).toMatchObject({ id: key.id });
    }
  });

  it('may refuse to be filled without being taken for dead', async () => {
    const { server, store, clock, steps } = await setUp();
    const full = server.connect();
    const lookup = createKeyLookup({
      store,
      shared: { ...full, fill: () => Promise.reject(new Error('OOM')) },
      clock,
      schedule: clock.schedule,
      random: MIDDLE,
      onLookup: (tier, outcome) => void steps.push(`${tier} ${outcome}`),
    });
    for (let count = 0; count < 20; count++) {
      const key = storedKey(`cold-${count}`);
      await insertKeys(store, key);
      await lookup.find(key.digest);
    }
    await clock.advance(0);
    expect(lookup.stats().breaker).toBe('closed');
    expect(steps.filter((step) => step === 'shared fill-error')).toHaveLength(20);
  });

  it('that was emptied is filled again', async () => {
    const { lookup, makeLookup, server, store } = await setUp();
    await lookup.find(KEY.digest);
    server.flush();
    await makeLookup().find(KEY.digest);
    await makeLookup().find(KEY.digest);
    expect(store.reads()).toBe(2);
  });

  it('cannot lengthen a life by claiming that more of it is left than there can be', async () => {
    const { lookup, clock, shared, store } = await setUp({ limits: { staleIfErrorMs: 0 } });
    await shared?.fill(KEY.digest, recordFromKey(KEY), 10 * KEY_LIMITS.maxAgeMs);
    await lookup.find(KEY.digest);
    store.weather.down = true;
    await clock.advance(KEY_LIMITS.maxAgeMs - 1);
    expect(lookup.peek(KEY.digest)).not.toBe('unknown');
    await clock.advance(1);
    expect(lookup.peek(KEY.digest)).toBe('unknown');
  });
});
