// What a lookup tells of its steps, so that telemetry can count them.

export type LookupTier = 'memory' | 'shared' | 'store';

/**
 * `absent`: the tier knows that there is no such key. `stale`: served although too old, because the store cannot
 * be asked. `outdated`: refused, because a newer version is known. `skipped`: not asked, because the breaker is
 * open. `fill-error`: the shared cache did not take a record.
 */
export type LookupOutcome =
  | 'hit'
  | 'miss'
  | 'absent'
  | 'stale'
  | 'outdated'
  | 'skipped'
  | 'error'
  | 'fill-error';

/** Told of every step of every lookup, for metrics. Must be cheap and must not throw. */
export type OnLookup = (tier: LookupTier, outcome: LookupOutcome) => void;
