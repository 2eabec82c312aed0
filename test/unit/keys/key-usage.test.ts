import { describe, expect, it, vi } from 'vitest';
import { createKeyUsage } from '../../../src/keys/key-usage.ts';
import { KEY_LIMITS, type KeyLimits } from '../../../src/keys/limits.ts';
import { insertKeys } from '../../support/key-changes.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';
import { storedKey } from '../../support/stored-key.ts';

type Uses = readonly { readonly id: string; readonly atMs: number }[];

interface SetUp {
  readonly limits?: Partial<KeyLimits>;
  readonly random?: () => number;
}

function setUp({ limits = {}, random = () => 0 }: SetUp = {}) {
  const clock = createManualClock();
  const flushes: Uses[] = [];
  const store = {
    taking: (): Promise<void> => Promise.resolve(),
    async touch(uses: Uses) {
      await store.taking();
      flushes.push(uses);
    },
  };
  const onError = vi.fn();
  const { schedule } = clock;
  const usage = createKeyUsage({
    store,
    clock,
    schedule,
    random,
    limits: { ...KEY_LIMITS, ...limits },
    onError,
  });
  const ids = () => flushes.map((uses) => uses.map(({ id }) => id));
  return { clock, store, usage, flushes, ids, onError };
}

const unreachable = () => Promise.reject(new Error('unreachable'));
const never = () => new Promise<void>(() => {});

describe('the last use of a key', () => {
  it('is written down with the next flush, the latest one only', async () => {
    const { clock, usage, flushes } = setUp();
    usage.record('a');
    usage.record('b');
    await clock.advance(10);
    usage.record('a');
    const atMs = clock.wallMs();
    await clock.advance(KEY_LIMITS.usageFlushMs - 11);
    expect(flushes).toEqual([]);
    await clock.advance(1);
    expect(flushes).toEqual([
      [
        { id: 'a', atMs },
        { id: 'b', atMs: atMs - 10 },
      ],
    ]);
    await clock.advance(10 * KEY_LIMITS.usageFlushMs);
    expect(flushes).toHaveLength(1);
  });

  it('reaches the store, which keeps the latest', async () => {
    const clock = createManualClock();
    const store = createMemoryKeyStore();
    await insertKeys(store, storedKey('a'));
    const { schedule } = clock;
    const usage = createKeyUsage({ store, clock, schedule, random: () => 0, limits: KEY_LIMITS });
    usage.record('key_a');
    const atMs = clock.wallMs();
    await clock.advance(KEY_LIMITS.usageFlushMs);
    expect(await store.findById('key_a')).toMatchObject({ lastUsedAtMs: atMs, version: 1 });
    await usage.close();
  });

  it('is written down at different times by instances that started together', async () => {
    const { clock, usage, flushes } = setUp({ random: () => 0.999 });
    usage.record('a');
    await clock.advance(2 * KEY_LIMITS.usageFlushMs - 100);
    expect(flushes).toEqual([]);
    await clock.advance(100);
    expect(flushes).toHaveLength(1);
  });

  it('is written down in pages', async () => {
    const { clock, usage, ids } = setUp({ limits: { usagePageSize: 2 } });
    for (const id of ['a', 'b', 'c', 'd', 'e']) usage.record(id);
    await clock.advance(KEY_LIMITS.usageFlushMs);
    expect(ids()).toEqual([['a', 'b'], ['c', 'd'], ['e']]);
  });

  it('is not lost by a flush that fails, nor replaced by it', async () => {
    const { clock, store, usage, flushes, onError } = setUp();
    store.taking = unreachable;
    usage.record('a');
    usage.record('b');
    const firstMs = clock.wallMs();
    await clock.advance(KEY_LIMITS.usageFlushMs);
    expect(onError).toHaveBeenCalledOnce();
    usage.record('b');
    const secondMs = clock.wallMs();
    store.taking = () => Promise.resolve();
    await clock.advance(KEY_LIMITS.usageFlushMs);
    expect(flushes).toEqual([
      [
        { id: 'a', atMs: firstMs },
        { id: 'b', atMs: secondMs },
      ],
    ]);
  });

  it('noted while a flush hangs is kept beside what that leaves', async () => {
    const { clock, store, usage, ids, onError } = setUp();
    store.taking = never;
    usage.record('a');
    await clock.advance(KEY_LIMITS.usageFlushMs);
    usage.record('b');
    await clock.advance(KEY_LIMITS.usageTimeoutMs);
    expect(onError).toHaveBeenCalledOnce();
    store.taking = () => Promise.resolve();
    await clock.advance(KEY_LIMITS.usageFlushMs);
    expect(ids()).toEqual([['a', 'b']]);
  });

  it('is dropped, the oldest first, rather than that memory grows without end', async () => {
    const { clock, store, usage, ids } = setUp({ limits: { usageEntries: 3 } });
    store.taking = unreachable;
    for (const id of ['a', 'b', 'c', 'd']) usage.record(id);
    await clock.advance(KEY_LIMITS.usageFlushMs);
    usage.record('e');
    await clock.advance(KEY_LIMITS.usageFlushMs);
    store.taking = () => Promise.resolve();
    await clock.advance(KEY_LIMITS.usageFlushMs);
    expect(ids()).toEqual([['c', 'd', 'e']]);
  });
});

describe('closing', () => {
  it('writes down what is left, and nothing afterwards', async () => {
    const { clock, usage, ids } = setUp();
    usage.record('a');
    await usage.close();
    expect(ids()).toEqual([['a']]);
    await usage.close();
    usage.record('b');
    await clock.advance(10 * KEY_LIMITS.usageFlushMs);
    expect(ids()).toEqual([['a']]);
  });

  it('waits for the flush that is running', async () => {
    const { clock, store, usage, ids } = setUp();
    store.taking = () => new Promise((done) => void clock.schedule(500, done));
    usage.record('a');
    await clock.advance(KEY_LIMITS.usageFlushMs);
    usage.record('b');
    const closing = usage.close();
    await clock.advance(1_000);
    await closing;
    expect(ids()).toEqual([['a'], ['b']]);
  });

  it.each([
    ['fails', unreachable],
    ['hangs', never],
  ])('ends in time although the store %s', async (_, taking) => {
    const { clock, store, usage, onError } = setUp();
    store.taking = taking;
    usage.record('a');
    const closing = usage.close();
    await clock.advance(KEY_LIMITS.usageCloseMs);
    await expect(closing).resolves.toBeUndefined();
    expect(onError).toHaveBeenCalled();
  });
});
