import type { KeyRateLimit, Principal } from '../../src/keys/api-key.ts';
import { createCircuitBreaker } from '../../src/keys/circuit-breaker.ts';
import { createKeyLimiter, type KeyLimiter, type KeyLimiterDeps } from '../../src/quota/key-limiter.ts';
import type { SharedRateCounts } from '../../src/quota/ports.ts';

export const PLANS = new Map([
  ['free', { requests: 10, windowMs: 60_000 }],
  ['pro', { requests: 100, windowMs: 60_000 }],
  ['unlimited', null],
]);

export function principalWith(rateLimit: KeyRateLimit | null, keyId = 'key_1'): Principal {
  return { keyId, owner: 'acme', scopes: ['uploads:create'], policy: null, rateLimit };
}

/** How often the shared count may fail in a row before it is left alone. */
export const FAILURES = 5;

export interface RateInstance {
  readonly limiter: KeyLimiter;
  /** Calls that were decided alone: after the shared count had failed, or without asking it. */
  readonly alone: { failed: number; unasked: number };
}

/** The limiter of one instance as the service joins it. */
export function createRateInstance(
  counts: SharedRateCounts | undefined,
  deps: Pick<KeyLimiterDeps, 'clock'> & Partial<KeyLimiterDeps>,
): RateInstance {
  const alone = { failed: 0, unasked: 0 };
  const { clock } = deps;
  const guard = createCircuitBreaker({ clock, random: () => 0, failures: FAILURES, openMs: 500 });
  const limiter = createKeyLimiter({
    plans: PLANS,
    defaultPlan: 'unlimited',
    shared: counts && { counts, guard },
    onInsurance: (error) => {
      if (error === undefined) alone.unasked += 1;
      else alone.failed += 1;
    },
    ...deps,
  });
  return { limiter, alone };
}
