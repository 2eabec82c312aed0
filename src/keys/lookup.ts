// From a digest to a key record: memory, then the cache that instances share, then the store. A record's age
// counts from the read of the store and is inherited through the tiers; whatever is older than a known change
// is refused on its way in. Nothing here knows tokens or says who may do what.
import { Fault } from '../fault/fault.ts';
import type { ApiKey, KeyDigest, KeyRecord } from './api-key.ts';
import type { BreakerState } from './circuit-breaker.ts';
import type { Clock, Schedule } from './clock.ts';
import { type KeyLimits, keyLimits } from './limits.ts';
import type { OnLookup } from './lookup-outcome.ts';
import { createMemoryTier, type MemoryEntry } from './memory-tier.ts';
import type { KeyStore, SharedKeyCache } from './ports.ts';
import { createSharedTier, NO_SHARED_TIER } from './shared-tier.ts';
import { createSingleFlight } from './single-flight.ts';
import { createStoreTier } from './store-tier.ts';

export interface LookupStats {
  readonly records: number;
  readonly absent: number;
  readonly inFlight: number;
  readonly breaker: BreakerState;
}

export interface KeyLookup {
  /** What memory knows, without I/O: the record, that there is none, or neither. */
  peek(digest: KeyDigest): KeyRecord | 'absent' | 'unknown';
  /**
   * The record, whatever its status, or undefined when there is no such key; synchronous when memory knows.
   * Rejects with a Fault STORE_UNAVAILABLE when nobody can tell.
   */
  find(digest: KeyDigest): KeyRecord | undefined | Promise<KeyRecord | undefined>;
  /** From now on nothing older than `version` is answered. Idempotent: false when that was so already. */
  invalidate(digest: KeyDigest, version: number): boolean;
  /** Has every record in memory checked again at its next use, because announcements may have been missed. */
  softExpireAll(): void;
  stats(): LookupStats;
  /** Stops listening to the shared cache. */
  close(): void;
}

export interface KeyLookupDeps {
  readonly store: Pick<KeyStore, 'findByDigest'>;
  readonly shared?: SharedKeyCache | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly schedule: Schedule;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  readonly limits?: Partial<KeyLimits> | undefined;
  readonly onLookup?: OnLookup | undefined;
  /** Told of every change that was not known before another instance announced it. */
  readonly onAnnounced?: ((digest: KeyDigest, version: number) => void) | undefined;
}

export function createKeyLookup(deps: KeyLookupDeps): KeyLookup {
  const { store, shared, clock, schedule, random, onLookup = () => {}, onAnnounced = () => {} } = deps;
  const limits = keyLimits(deps.limits);
  const memory = createMemoryTier(limits, random);
  const sharedTier = shared ? createSharedTier({ shared, clock, random, limits, onLookup }) : NO_SHARED_TIER;
  const storeTier = createStoreTier({ store, clock, schedule, limits });
  const flights = createSingleFlight<KeyDigest, KeyRecord | undefined>();
  let refreshing = 0;

  function peek(digest: KeyDigest): KeyRecord | 'absent' | 'unknown' {
    const nowMs = clock.monotonicMs();
    const entry = memory.get(digest);
    if (entry !== undefined && nowMs < entry.hardAtMs) {
      if (nowMs >= entry.softAtMs) refresh(digest, entry, nowMs);
      onLookup('memory', 'hit');
      return entry.record;
    }
    if (!memory.isAbsent(digest, nowMs)) return 'unknown';
    onLookup('memory', 'absent');
    return 'absent';
  }

  function refresh(digest: KeyDigest, entry: MemoryEntry, nowMs: number): void {
    // Whoever is turned away here is served all the same, and tries again with the next use of the key.
    if (refreshing >= limits.refreshConcurrency || flights.has(digest)) return;
    refreshing++;
    const bypassShared = random() < urgencyOfStoreRead(entry.hardAtMs - nowMs, limits);
    // Failures are counted where they happen; whoever needs the record next meets them again.
    flights
      .run(digest, () => load(digest, bypassShared))
      .catch(() => {})
      .finally(() => {
        refreshing--;
      });
  }

  async function load(digest: KeyDigest, bypassShared: boolean): Promise<KeyRecord | undefined> {
    const record = bypassShared ? undefined : await loadFromShared(digest);
    if (record !== undefined) return record;
    try {
      return await loadFromStore(digest);
    } catch (cause) {
      onLookup('store', 'error');
      const stale = memory.keepStale(digest, clock.monotonicMs());
      if (stale === undefined) throw unavailable(cause);
      onLookup('memory', 'stale');
      return stale;
    }
  }

  async function loadFromShared(digest: KeyDigest): Promise<KeyRecord | undefined> {
    // Taken before the question: what is left of a life can only have shrunk by the time the answer is here.
    const askedAtMs = clock.monotonicMs();
    const cached = await sharedTier.get(digest);
    if (cached === undefined) return undefined;
    const remainingMs = Math.min(cached.remainingMs, limits.maxAgeMs);
    const nowMs = clock.monotonicMs();
    if (nowMs >= askedAtMs + remainingMs) return undefined;
    if (memory.admit(digest, cached.record, askedAtMs + remainingMs - limits.maxAgeMs, nowMs))
      return cached.record;
    onLookup('shared', 'outdated');
    return undefined;
  }

  async function loadFromStore(digest: KeyDigest): Promise<KeyRecord | undefined> {
    // A read that raced with a change is repeated once; a store that then still lags behind a known change
    // cannot be believed.
    for (let attempt = 1; attempt <= 2; attempt++) {
      const { key, readAtMs } = await storeTier.read(digest);
      const record = key && recordFromKey(key);
      const nowMs = clock.monotonicMs();
      if (record === undefined) {
        if (memory.admitAbsent(digest, nowMs)) {
          onLookup('store', 'absent');
          return undefined;
        }
      } else if (memory.admit(digest, record, readAtMs, nowMs)) {
        onLookup('store', 'hit');
        const ttlMs = Math.floor(limits.maxAgeMs - (nowMs - readAtMs));
        if (ttlMs > 0) sharedTier.fill(digest, record, ttlMs);
        return record;
      }
      onLookup('store', 'outdated');
    }
    throw new Error('the store lags behind a change that is already known');
  }

  function unavailable(cause: unknown): Fault {
    return new Fault('STORE_UNAVAILABLE', { retryAfterMs: limits.unavailableRetryAfterMs, cause });
  }

  function invalidate(digest: KeyDigest, version: number): boolean {
    const isNews = memory.invalidate(digest, version, clock.monotonicMs());
    if (isNews) flights.detach(digest);
    return isNews;
  }

  function hearAnnouncement(digest: KeyDigest, version: number): void {
    if (invalidate(digest, version)) onAnnounced(digest, version);
  }

  const softExpireAll = () => memory.softExpireAll(clock.monotonicMs());
  const listening = shared ? [shared.onAnnounced(hearAnnouncement), shared.onGap(softExpireAll)] : [];

  return {
    peek,
    find(digest) {
      const known = peek(digest);
      if (known === 'absent') return undefined;
      if (known !== 'unknown') return known;
      onLookup('memory', 'miss');
      return flights.run(digest, () => load(digest, false));
    },
    invalidate,
    softExpireAll,
    stats: () => ({
      ...memory.size(),
      inFlight: flights.size(),
      breaker: sharedTier.breakerState(),
    }),
    close() {
      for (const stop of listening.splice(0)) stop();
    },
  };
}

/**
 * How likely a refresh goes past the shared cache, which cannot make a record younger, to the store: never in the
 * first half of the record's life, surely at the last refresh before its end, and ever likelier in between. That
 * spreads the reads of a fleet over its instances, and no caller has to wait for one.
 */
function urgencyOfStoreRead(remainingMs: number, limits: KeyLimits): number {
  const half = limits.maxAgeMs / 2;
  const lastRefresh = limits.softMs * (1 + limits.softJitter);
  return (half - remainingMs) / Math.max(1, half - lastRefresh);
}

/** What a decision needs to know of a key, and nothing else: this is what the tiers keep. */
export function recordFromKey(key: ApiKey): KeyRecord {
  const { id, owner, scopes, status, version, expiresAtMs, policy, rateLimit } = key;
  return { id, owner, scopes, status, version, expiresAtMs, policy, rateLimit };
}
