import type { FailureLimiter } from '../keys/ports.ts';
import { addressGroup } from './address-group.ts';
import { gcra, type RateLimit } from './gcra.ts';

export interface FailureLimiterOptions extends RateLimit {
  /** How many addresses are remembered. Beyond that, the one whose last failure is oldest is forgotten. */
  readonly maxAddresses: number;
  readonly clock: { monotonicMs(): number };
}

/** Counts failures per address in this process, with bounded memory. */
export function createFailureLimiter(options: FailureLimiterOptions): FailureLimiter {
  const { maxAddresses, clock } = options;
  // A Map keeps the order of insertion, and a failure inserts its address anew: the first is the oldest.
  const states = new Map<string, number>();
  const judge = (group: string) => gcra(states.get(group), 1, clock.monotonicMs(), options);

  return {
    blockedForMs(address) {
      // Most servers see no failure for hours, and then an address need not even be read.
      if (states.size === 0) return 0;
      return Math.ceil(judge(addressGroup(address)).verdict.retryAfterMs);
    },
    recordFailure(address) {
      const group = addressGroup(address);
      const { state } = judge(group);
      states.delete(group);
      if (state !== undefined) states.set(group, state);
      const [oldest] = states.keys();
      if (states.size > maxAddresses && oldest !== undefined) states.delete(oldest);
    },
  };
}
