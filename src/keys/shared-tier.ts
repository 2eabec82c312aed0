import type { KeyDigest, KeyRecord } from './api-key.ts';
import { type BreakerState, createCircuitBreaker } from './circuit-breaker.ts';
import type { Clock } from './clock.ts';
import type { KeyLimits } from './limits.ts';
import type { OnLookup } from './lookup-outcome.ts';
import type { CachedRecord, SharedKeyCache } from './ports.ts';

/** The shared cache behind a circuit breaker. Its failures look like absence, which means "ask the store". */
export interface SharedTier {
  get(digest: KeyDigest): Promise<CachedRecord | undefined>;
  /** Stores the record in the background. */
  fill(digest: KeyDigest, record: KeyRecord, ttlMs: number): void;
  breakerState(): BreakerState;
}

export interface SharedTierDeps {
  readonly shared: SharedKeyCache;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly random: () => number;
  readonly limits: KeyLimits;
  readonly onLookup: OnLookup;
}

export function createSharedTier({ shared, clock, random, limits, onLookup }: SharedTierDeps): SharedTier {
  const breaker = createCircuitBreaker({
    clock,
    random,
    failures: limits.breakerFailures,
    openMs: limits.breakerOpenMs,
  });
  return {
    async get(digest) {
      if (!breaker.admit()) {
        onLookup('shared', 'skipped');
        return undefined;
      }
      try {
        const cached = await shared.get(digest);
        breaker.succeeded();
        onLookup('shared', cached === undefined ? 'miss' : 'hit');
        return cached;
      } catch {
        breaker.failed();
        onLookup('shared', 'error');
        return undefined;
      }
    },
    fill(digest, record, ttlMs) {
      // Only reads move the breaker: a cache that is full refuses to be filled but still answers.
      if (breaker.state() !== 'closed') return;
      shared.fill(digest, record, ttlMs).catch(() => onLookup('shared', 'fill-error'));
    },
    breakerState: breaker.state,
  };
}

/** Stands in where no shared cache is configured. */
export const NO_SHARED_TIER: SharedTier = {
  get: () => Promise.resolve(undefined),
  fill() {},
  breakerState: () => 'closed',
};
