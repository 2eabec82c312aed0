// A fleet in one process: instances that come and go, one store, one shared cache, and a clock for all of them.
import { randomBytes } from 'node:crypto';
import { expect } from 'vitest';
import type { ApiKey, KeyDigest, KeyRecord } from '../../../src/keys/api-key.ts';
import { createKeys, type Keys } from '../../../src/keys/keys.ts';
import { KEY_LIMITS, type KeyLimits } from '../../../src/keys/limits.ts';
import { createKeyLookup, type KeyLookup, recordFromKey } from '../../../src/keys/lookup.ts';
import type { KeyStore } from '../../../src/keys/ports.ts';
import { createRevocationFeed } from '../../../src/keys/revocation-feed.ts';
import { insertKeys } from '../../support/key-changes.ts';
import { OPERATOR, PEPPER, PLANS } from '../../support/key-fixtures.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryCacheServer } from '../../support/memory-key-cache.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';
import { storedKey } from '../../support/stored-key.ts';

/** Ages are scaled down, so that short histories meet all of them. */
export const LIMITS: KeyLimits = {
  ...KEY_LIMITS,
  softMs: 1_000,
  maxAgeMs: 6_000,
  generationMs: 12_000,
  tombstoneMs: 12_000,
  feedHistoryMs: 18_000,
  staleIfErrorMs: 9_000,
  memoryEntries: 2,
  absentEntries: 100,
  generationEntries: 100,
};

/** What may be done to a key. Who comes too late is refused, which is as good. */
export const CHANGES = {
  revoke: (keys, id) => keys.revoke(id, undefined, OPERATOR),
  disable: (keys, id) => keys.update(id, { disabled: true }, OPERATOR),
  enable: (keys, id) => keys.update(id, { disabled: false }, OPERATOR),
  widen: (keys, id) => keys.update(id, { scopes: ['uploads:create', 'keys:read'] }, OPERATOR),
  narrow: (keys, id) => keys.update(id, { scopes: ['uploads:read'] }, OPERATOR),
  restrict: (keys, id) => keys.update(id, { policy: { maxSizeBytes: 1 } }, OPERATOR),
  rotate: (keys, id) => keys.rotate(id, 3_600_000, OPERATOR),
  'rotate at once': (keys, id) => keys.rotate(id, 0, OPERATOR),
} as const satisfies Record<string, (keys: Keys, id: string) => Promise<unknown>>;
export type ChangeName = keyof typeof CHANGES;

/** One version of a key, and when the store took it, by the monotonic clock. */
export interface Committed {
  readonly key: ApiKey;
  readonly atMs: number;
}

export interface Read {
  readonly digest: KeyDigest;
  readonly startedAtMs: number;
  readonly found: KeyRecord | 'unknown' | 'unavailable';
}

interface Instance {
  readonly lookup: KeyLookup;
  readonly keys: Keys;
  stop(): Promise<void>;
}

export type Fleet = Awaited<ReturnType<typeof openFleet>>;

/** Opens instances whose wall clocks are off by `skewsMs`, and a key that all changes are made to. */
export async function openFleet(skewsMs: readonly number[], seed: number) {
  const clock = createManualClock();
  const memory = createMemoryKeyStore();
  const server = createMemoryCacheServer(clock);
  const random = pseudoRandom(seed);
  const committed: Committed[] = [];
  const reads: Read[] = [];
  const outages: { readonly fromMs: number; toMs: number }[] = [];
  const subject = storedKey('subject', { createdAtMs: clock.wallMs() });
  const others = ['x', 'y', 'z'].map((label) => storedKey(label, { createdAtMs: clock.wallMs() }));

  const store: KeyStore = {
    ...memory,
    async commit(change) {
      // The store in memory does its work at once, and only its answer takes time.
      const atMs = clock.monotonicMs();
      const answer = await memory.commit(change);
      if (answer.outcome !== 'committed') return answer;
      for (const key of [change.inserted, change.updated?.key]) if (key) committed.push({ key, atMs });
      return answer;
    },
  };
  await insertKeys(store, subject, ...others);

  /** Undefined when the store did not tell of the past, without which no instance takes calls. */
  async function start(skewMs: number): Promise<Instance | undefined> {
    const { monotonicMs, schedule } = clock;
    const own = { monotonicMs, wallMs: () => clock.wallMs() + skewMs };
    const shared = server.connect();
    const common = { store, shared, clock: own, schedule, random, limits: LIMITS };
    const lookup = createKeyLookup(common);
    const keys = createKeys({ ...common, lookup, peppers: [PEPPER], plans: PLANS, randomBytes });
    const feed = createRevocationFeed({
      ...common,
      onEvent: ({ digest, version }) => lookup.invalidate(digest, version),
    });
    const stop = async () => {
      keys.close();
      lookup.close();
      await Promise.all([shared.close(), feed.stop()]);
    };
    try {
      await feed.start();
      return { lookup, keys, stop };
    } catch {
      await stop();
      return undefined;
    }
  }

  const instances = await Promise.all(skewsMs.map(start));

  async function read(instance: Instance | undefined, digest: KeyDigest, into = reads): Promise<void> {
    if (instance === undefined) return;
    const startedAtMs = clock.monotonicMs();
    into.push({ digest, startedAtMs, found: await foundBy(() => instance.lookup.find(digest)) });
  }

  /** The digests of the subject and of whatever replaced it. */
  const digests = () =>
    new Set(
      committed
        .map(({ key }) => key)
        .filter(isOfSubject)
        .map((key) => key.digest),
    );
  const isOfSubject = (key: ApiKey) => !others.some(({ digest }) => digest === key.digest);

  return {
    clock,
    server,
    weather: memory.weather,
    reads,
    digests,
    pause: (ms: number) => () =>
      ms === 0 ? Promise.resolve() : new Promise<void>((done) => void clock.schedule(ms, done)),
    commitsOf: (digest: KeyDigest) => committed.filter(({ key }) => key.digest === digest),
    read(index: number): void {
      for (const digest of digests()) void read(instances[index], digest);
    },
    /** Uses so many other keys that memory has no room for the subject. */
    evict(index: number): void {
      for (const { digest } of others) void read(instances[index], digest, []);
    },
    change(index: number, name: ChangeName): void {
      const { keys } = instances[index] ?? {};
      // The latest of the chain: what it replaced is over by itself.
      const latest = committed.findLast(({ key }) => isOfSubject(key) && key.version === 1)?.key ?? subject;
      if (keys) CHANGES[name](keys, latest.id).catch(() => {});
    },
    /** What another instance read of the store now arrives in the shared cache later. */
    fillLate(delayMs: number): void {
      const cache = server.connect();
      for (const digest of digests()) {
        const key = committed.findLast((each) => each.key.digest === digest)?.key ?? subject;
        clock.schedule(delayMs, () => {
          cache.fill(digest, recordFromKey(key), LIMITS.maxAgeMs - delayMs).catch(() => {});
        });
      }
    },
    /** The instance is gone at once, and takes calls again as soon as it knows the past. */
    restart(index: number): void {
      const gone = instances[index];
      if (gone === undefined) return;
      instances[index] = undefined;
      void gone.stop();
      void start(skewsMs[index] ?? 0).then((started) => {
        instances[index] = started;
      });
    },
    setStoreDown(down: boolean): void {
      if (down === memory.weather.down) return;
      memory.weather.down = down;
      const nowMs = clock.monotonicMs();
      const last = outages.at(-1);
      if (down) outages.push({ fromMs: nowMs, toMs: Number.POSITIVE_INFINITY });
      else if (last) last.toMs = nowMs;
    },
    /** Whether the store answered all the time between the two moments. */
    reachable: (fromMs: number, toMs: number) =>
      outages.every((each) => each.toMs < fromMs || each.fromMs > toMs),
    async close(): Promise<void> {
      const stopping = Promise.all(instances.map((instance) => instance?.stop()));
      await clock.advance(LIMITS.feedTimeoutMs);
      await stopping;
    },
  };
}

async function foundBy(find: () => ReturnType<KeyLookup['find']>): Promise<Read['found']> {
  try {
    return (await find()) ?? 'unknown';
  } catch (error) {
    expect(error).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    return 'unavailable';
  }
}

/** Jitter that a failing run repeats when fast-check replays it. */
function pseudoRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 2 ** 32;
  };
}
