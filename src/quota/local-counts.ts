// Counts that instances share, kept in the memory of one process, which the others ask.
import { LRUCache } from 'lru-cache';
import { gcra } from './gcra.ts';
import type { SharedRateCounts, SharedTokenCounts, TokenCount } from './ports.ts';
import { createRateStates } from './rate-states.ts';
import { fits, larger, NOTHING, sum } from './token-budget.ts';

export interface LocalCountsDeps {
  readonly clock: { monotonicMs(): number };
}

/** As many as an instance by itself remembers. */
const MAX_KEYS = 100_000;

export function createLocalRateCounts({ clock }: LocalCountsDeps): Pick<SharedRateCounts, 'take'> {
  const states = createRateStates(MAX_KEYS);
  return {
    async take(key, limit) {
      const nowMs = clock.monotonicMs();
      const known = states.of(key, nowMs);
      const { state, verdict } = gcra(known.known, 1, nowMs, limit);
      known.known = state;
      return verdict;
    },
  };
}

export function createLocalTokenCounts({ clock }: LocalCountsDeps): SharedTokenCounts {
  const tokens = new LRUCache<string, TokenCount>({
    // Told of a number, it would make room for all at once.
    maxSize: MAX_KEYS,
    sizeCalculation: () => 1,
    perf: { now: clock.monotonicMs },
    // Any other resolution makes the cache remember the time by a timer of its own.
    ttlResolution: 0,
  });
  return {
    async take(use, atLeast) {
      const stored = tokens.get(use.tokenId) ?? NOTHING;
      const before = larger(stored, atLeast);
      const granted = fits(before, use);
      const used = granted ? sum(before, use) : before;
      // What changes nothing must not prolong the life of what is there. A life of 0 would be one without end.
      if (used.files !== stored.files || used.bytes !== stored.bytes)
        tokens.set(use.tokenId, used, { ttl: Math.max(1, Math.ceil(use.ttlMs)) });
      return { granted, used };
    },
  };
}
