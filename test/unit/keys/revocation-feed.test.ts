import { describe, expect, it } from 'vitest';
import { KEY_LIMITS, type KeyLimits } from '../../../src/keys/limits.ts';
import type { KeyEvent, KeyStore } from '../../../src/keys/ports.ts';
import { createRevocationFeed } from '../../../src/keys/revocation-feed.ts';
import { faultOf } from '../../support/faults.ts';
import { insertKeys, revokeKey } from '../../support/key-changes.ts';
import { createManualClock, type ManualClock } from '../../support/manual-clock.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';
import { digestOf, storedKey } from '../../support/stored-key.ts';

function setUp() {
  const clock = createManualClock();
  const store = createMemoryKeyStore();
  const told: KeyEvent[] = [];
  const errors: string[] = [];
  const feed = createRevocationFeed({
    store,
    onEvent: (event) => void told.push(event),
    onDown: ({ reason }) => void errors.push(reason),
    onUp: () => void errors.push('up'),
    clock,
    schedule: clock.schedule,
  });
  return { clock, store, told, errors, feed };
}

/** A store whose events come as the test says, in whatever order they were committed. */
function eventLog(clock: { wallMs(): number }) {
  const committed: KeyEvent[] = [];
  const queries: number[] = [];
  return {
    queries,
    commit(seq: number, atMs = clock.wallMs()) {
      committed.push({ seq, digest: digestOf(String(seq)), version: 1, kind: 'created', atMs });
    },
    store: {
      events: async (afterSeq: number, limit: number) => {
        queries.push(limit);
        committed.sort((a, b) => a.seq - b.seq);
        return committed.filter(({ seq }) => seq > afterSeq).slice(0, limit);
      },
    },
  };
}

/** A feed of that store, and the events that it told of, by number. */
function feedOn(store: Pick<KeyStore, 'events'>, clock: ManualClock, limits: Partial<KeyLimits> = {}) {
  const told: number[] = [];
  const feed = createRevocationFeed({
    store,
    onEvent: ({ seq }) => void told.push(seq),
    clock,
    schedule: clock.schedule,
    limits,
  });
  return { feed, told };
}

/** Security property: an instance that starts must not believe a record from before a revocation. */
it('begins as far back as the shared cache may hold records', async () => {
  const clock = createManualClock();
  const log = eventLog(clock);
  const maxAgeMs = 3_600_000;
  log.commit(1, clock.wallMs() - 4 * maxAgeMs);
  log.commit(2, clock.wallMs() - maxAgeMs);
  const { feed, told } = feedOn(log.store, clock, { maxAgeMs });
  await feed.start();
  expect(told).toEqual([2]);
  await feed.stop();
});

it('tells of a change within one interval, once', async () => {
  const { clock, store, told, feed } = setUp();
  const key = storedKey('a', { createdAtMs: clock.wallMs() });
  await insertKeys(store, key);
  await feed.start();
  expect(told).toMatchObject([{ digest: key.digest, version: 1, kind: 'created' }]);
  await clock.advance(KEY_LIMITS.feedIntervalMs - 300);
  await revokeKey(store, key, clock.wallMs());
  await clock.advance(299);
  expect(told).toHaveLength(1);
  await clock.advance(1);
  expect(told).toMatchObject([{ kind: 'created' }, { kind: 'revoked', version: 2 }]);
  await clock.advance(60_000);
  expect(told).toHaveLength(2);
  await feed.stop();
});

it('begins with the last three minutes, however long the history is, and finds them quickly', async () => {
  const clock = createManualClock();
  const log = eventLog(clock);
  const historyBegan = clock.wallMs() - 100_000 * 1_000;
  for (let seq = 1; seq <= 100_000; seq++) if (seq % 3 > 0) log.commit(seq, historyBegan + seq * 1_000);
  const { feed, told } = feedOn(log.store, clock);
  await feed.start();
  const expected = Array.from({ length: 181 }, (_, index) => 100_000 - 180 + index).filter(
    (seq) => seq % 3 > 0,
  );
  expect(told).toEqual(expected);
  expect(log.queries.length).toBeLessThan(50);
  await feed.stop();
});

it('reads more events than fit a page in one poll', async () => {
  const clock = createManualClock();
  const log = eventLog(clock);
  const { feed, told } = feedOn(log.store, clock, { feedPageSize: 10 });
  await feed.start();
  for (let seq = 1; seq <= 105; seq++) log.commit(seq);
  await clock.advance(KEY_LIMITS.feedIntervalMs);
  expect(told).toEqual(Array.from({ length: 105 }, (_, index) => index + 1));
  await feed.stop();
});

/** A database hands out numbers before it commits, so a lower one may turn up after a higher one. */
it('does not miss an event that was committed late', async () => {
  const clock = createManualClock();
  const log = eventLog(clock);
  const { feed, told } = feedOn(log.store, clock);
  log.commit(1);
  log.commit(3);
  await feed.start();
  expect(told).toEqual([1, 3]);
  await clock.advance(9_000);
  log.commit(2);
  await clock.advance(KEY_LIMITS.feedIntervalMs);
  expect(told).toEqual([1, 3, 2]);
  for (let seq = 10; seq < 60; seq += 2) {
    log.commit(seq + 1);
    await clock.advance(5_000);
    log.commit(seq);
    await clock.advance(5_000);
  }
  expect([...told].sort((a, b) => a - b)).toEqual([1, 2, 3, ...Array.from({ length: 50 }, (_, i) => i + 10)]);
  await feed.stop();
});

it('survives a store that is down, says so, and catches up', async () => {
  const { clock, store, told, errors: reports, feed } = setUp();
  await feed.start();
  store.weather.down = true;
  await clock.advance(30_000);
  expect(reports).toEqual(['STORE_UNAVAILABLE']);
  expect(feed.lagMs()).toBe(30_000);
  store.weather.down = false;
  await insertKeys(store, storedKey('a'));
  await clock.advance(KEY_LIMITS.feedIntervalMs);
  expect(told).toHaveLength(1);
  expect(feed.lagMs()).toBeLessThanOrEqual(KEY_LIMITS.feedIntervalMs);
  expect(reports).toEqual(['STORE_UNAVAILABLE', 'up']);
  await feed.stop();
});

it('gives up on a store that hangs, and asks again', async () => {
  const { clock, store, told, errors, feed } = setUp();
  await feed.start();
  store.weather.answering = () => new Promise(() => {});
  await clock.advance(KEY_LIMITS.feedIntervalMs + KEY_LIMITS.feedTimeoutMs);
  expect(errors).toEqual(['STORE_UNAVAILABLE']);
  store.weather.answering = () => Promise.resolve();
  await insertKeys(store, storedKey('a'));
  await clock.advance(KEY_LIMITS.feedIntervalMs);
  expect(told).toHaveLength(1);
  await feed.stop();
});

describe('starting', () => {
  it('fails when the first poll fails, and may be tried again', async () => {
    const { clock, store, told, feed } = setUp();
    store.weather.down = true;
    expect((await faultOf(() => feed.start())).reason).toBe('STORE_UNAVAILABLE');
    await clock.advance(10_000);
    expect(told).toEqual([]);
    expect(feed.lagMs()).toBe(Number.POSITIVE_INFINITY);
    store.weather.down = false;
    await insertKeys(store, storedKey('a', { createdAtMs: clock.wallMs() }));
    await feed.start();
    expect(told).toHaveLength(1);
    await feed.stop();
  });

  it('twice still polls once an interval', async () => {
    const clock = createManualClock();
    const log = eventLog(clock);
    const { feed } = feedOn(log.store, clock);
    await Promise.all([feed.start(), feed.start()]);
    const before = log.queries.length;
    await clock.advance(10 * KEY_LIMITS.feedIntervalMs);
    expect(log.queries.length - before).toBe(10);
    await feed.stop();
  });
});

describe('stopping', () => {
  it('ends the polls and waits for the one that is running', async () => {
    const { clock, store, told, feed } = setUp();
    await feed.start();
    let answer = () => {};
    store.weather.answering = () =>
      new Promise((resolve) => {
        answer = resolve;
      });
    await clock.advance(KEY_LIMITS.feedIntervalMs);
    let stopped = false;
    const stopping = feed.stop().then(() => {
      stopped = true;
    });
    await clock.advance(0);
    expect(stopped).toBe(false);
    answer();
    await stopping;
    store.weather.answering = () => Promise.resolve();
    await insertKeys(store, storedKey('a'));
    await clock.advance(60_000);
    expect(told).toEqual([]);
  });
});
