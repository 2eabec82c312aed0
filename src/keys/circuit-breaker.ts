import type { Clock } from './clock.ts';

export type BreakerState = 'closed' | 'open' | 'half-open';

/**
 * Leaves a failing dependency alone: after some failures in a row it opens, and after a while it lets one call
 * through to find out whether the dependency is back.
 */
export interface CircuitBreaker {
  /** Whether a call may be made now. Whoever is let through must report how the call went. */
  admit(): boolean;
  succeeded(): void;
  failed(): void;
  state(): BreakerState;
}

export interface CircuitBreakerOptions {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  /** Failures in a row that open it. */
  readonly failures: number;
  /** It stays open this long, and up to twice as long. */
  readonly openMs: number;
}

export function createCircuitBreaker({
  clock,
  random,
  failures,
  openMs,
}: CircuitBreakerOptions): CircuitBreaker {
  let failuresInARow = 0;
  let openUntilMs = 0;
  let probing = false;

  return {
    admit() {
      if (failuresInARow < failures) return true;
      if (probing || clock.monotonicMs() < openUntilMs) return false;
      probing = true;
      return true;
    },
    succeeded() {
      failuresInARow = 0;
      probing = false;
    },
    failed() {
      failuresInARow++;
      if (failuresInARow < failures) return;
      probing = false;
      openUntilMs = clock.monotonicMs() + openMs * (1 + random());
    },
    state() {
      if (failuresInARow < failures) return 'closed';
      return clock.monotonicMs() < openUntilMs ? 'open' : 'half-open';
    },
  };
}
