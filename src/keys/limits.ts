/** Every bound of key lookup, of changes and of how they spread. Times are milliseconds. */
export const KEY_LIMITS = {
  /** Keys held in memory, about 300 bytes each. */
  memoryEntries: 100_000,
  /** A record this old is still served, but is checked again in the background. */
  softMs: 5_000,
  /** The share by which `softMs` varies, so that keys that were read together are not checked together. */
  softJitter: 0.2,
  /** A record's life since the read of the store began, in whichever tier it sits. */
  maxAgeMs: 60_000,
  /** While the store is unreachable, a key that was proven this long ago still works. 0 is strict. */
  staleIfErrorMs: 300_000,
  /** Checks in the background at the same time: half of what the store takes, the rest is for callers who wait. */
  refreshConcurrency: 8,
  /** How long a stale record is served before the store is tried again. */
  retryMs: 1_000,
  /** "No such key" is remembered only briefly, because the key may be created any moment. */
  absentMs: 2_000,
  /** Absent keys have a cache of their own: junk must not push out good keys. */
  absentEntries: 20_000,
  /** Digests whose lowest acceptable version is remembered. */
  generationEntries: 100_000,
  /** Longer than any copy of an older version can live: `maxAgeMs` and the tolerance for clock skew. See `keyLimits`. */
  generationMs: 120_000,
  /** A tombstone in the shared cache lives so long from the change on: longer than any fill from before it. See `keyLimits`. */
  tombstoneMs: 120_000,
  /** One read of the store. */
  storeTimeoutMs: 500,
  /** Reads of the store at the same time. More would only queue inside it. */
  storeConcurrency: 16,
  /** Reads that wait for their turn; beyond that the instance sheds load. */
  storeQueueLength: 1_000,
  /** A caller that waited this long has better things to do. */
  storeQueueWaitMs: 1_000,
  /** Failures in a row after which the shared cache is left alone. */
  breakerFailures: 5,
  /** The shared cache is left alone this long, and up to twice as long so that a fleet does not return as one. */
  breakerOpenMs: 500,
  /**
   * Pause between two polls of the revocation feed. With the poll itself it stays within the second after which a
   * change that no message announced is known everywhere.
   */
  feedIntervalMs: 800,
  /** How far each poll looks back, because a database may commit events out of order. */
  feedOverlapMs: 10_000,
  /** How far back the first poll looks: what the shared cache may hold must be known, by clocks a minute apart too. */
  feedHistoryMs: 180_000,
  feedPageSize: 1_000,
  /** A poll of the feed that takes longer counts as failed. */
  feedTimeoutMs: 2_000,
  /** Pause between attempts to announce a change. */
  announceRetryMs: 1_000,
  /** The last uses of keys are written down this often, and at most twice as seldom so that a fleet spreads out. */
  usageFlushMs: 30_000,
  /** Keys whose last use waits to be written down. */
  usageEntries: 100_000,
  /** Uses that one statement takes. */
  usagePageSize: 1_000,
  /** One statement of a flush. */
  usageTimeoutMs: 5_000,
  /** How long the last flush may hold up a process that ends. */
  usageCloseMs: 2_000,
  /** When to come back after STORE_UNAVAILABLE. */
  unavailableRetryAfterMs: 1_000,
} as const;

export type KeyLimits = { readonly [Name in keyof typeof KEY_LIMITS]: number };

/**
 * The limits with some of them replaced. However long the operator lets a record live, changes are remembered at least
 * twice as long, so that no copy in the shared cache outlives its memory, and looked for even longer, so that the
 * clocks of two hosts may differ.
 */
export function keyLimits(replaced: Partial<KeyLimits> = {}): KeyLimits {
  const limits = { ...KEY_LIMITS, ...replaced };
  const { maxAgeMs } = limits;
  return {
    ...limits,
    generationMs: Math.max(limits.generationMs, 2 * maxAgeMs),
    tombstoneMs: Math.max(limits.tombstoneMs, 2 * maxAgeMs),
    feedHistoryMs: Math.max(limits.feedHistoryMs, 3 * maxAgeMs),
  };
}
