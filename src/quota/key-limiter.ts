// Whether a key may make one more call. Redis counts for every instance together. What an instance has seen of the
// count, it knows as well: a call that is over the limit by that alone costs no I/O, and whatever becomes of Redis,
// no instance ever admits more by itself than the whole limit.
import type { Principal } from '../keys/api-key.ts';
import { gcra, gcraTerms, type RateLimit, type RateVerdict } from './gcra.ts';
import { createKeyLimits, type KeyLimit, type KeyLimitsDeps, rateOf } from './key-limits.ts';
import type { CallGuard, SharedRateCounts } from './ports.ts';
import { createRateStates, type KeyRateState } from './rate-states.ts';

/** A key's rate limit, and how a call stands to it. */
export interface KeyRateVerdict extends RateVerdict {
  /** The plan that the limit comes from; undefined for a limit of the key's own. */
  readonly plan: string | undefined;
  readonly requests: number;
  readonly windowMs: number;
}

/** Keeps the calls of each key within its rate limit. */
export interface KeyLimiter {
  /**
   * Judges and counts one call; undefined when no limit applies. Synchronous without a limit, when the limit is
   * known to be used up, and wherever instances do not count together. Never rejects.
   */
  take(principal: Principal): KeyRateVerdict | undefined | Promise<KeyRateVerdict>;
}

/** A limiter that says how much it remembers. */
export interface SizedKeyLimiter extends KeyLimiter {
  /** Keys whose calls are remembered. */
  size(): number;
}

/** The count of all instances, and what leaves it alone while it fails. */
export interface GuardedRateCounts {
  readonly counts: SharedRateCounts;
  readonly guard: CallGuard;
}

export interface KeyLimiterDeps extends Pick<KeyLimitsDeps, 'plans' | 'defaultPlan'> {
  /** Without it this instance is the only one. */
  readonly shared?: GuardedRateCounts | undefined;
  readonly clock: { monotonicMs(): number };
  /** Told once of each plan that a key names and the settings do not have; the default plan applies. */
  readonly onUnknownPlan?: ((plan: string) => void) | undefined;
  /** How many limited keys are remembered at the same time; about 150 bytes each. */
  readonly maxKeys?: number | undefined;
  /** Told of every call that this instance decided alone, and why the shared count failed if it was asked. */
  readonly onInsurance?: ((error: unknown) => void) | undefined;
}

const DEFAULT_MAX_KEYS = 100_000;

/** @throws Error that names the settings when the default plan is none of the plans. */
export function createKeyLimiter(deps: KeyLimiterDeps): SizedKeyLimiter {
  const { shared, clock, maxKeys = DEFAULT_MAX_KEYS, onInsurance = () => {} } = deps;
  const limitOf = createKeyLimits({ ...deps, onUnknownPlan: deps.onUnknownPlan ?? (() => {}) });
  const states = createRateStates(maxKeys);

  return {
    take(principal) {
      const limit = limitOf(principal);
      if (limit === undefined) return undefined;
      const nowMs = clock.monotonicMs();
      const state = states.of(principal.keyId, nowMs);
      // Counted before anybody is asked, so that calls at the same moment cannot all take what is left for one.
      const { state: known, verdict } = gcra(state.known, 1, nowMs, limit.rate);
      state.known = known;
      if (shared === undefined || !verdict.allowed) return keyVerdict(limit, verdict);
      return takeTogether(shared, principal.keyId, limit, state, nowMs);
    },
    size: states.size,
  };

  function takeTogether(
    { counts, guard }: GuardedRateCounts,
    keyId: string,
    limit: KeyLimit,
    state: KeyRateState,
    askedAtMs: number,
  ): KeyRateVerdict | Promise<KeyRateVerdict> {
    const healthy = guard.state() === 'closed';
    if (!guard.admit()) return decideAlone(undefined);
    const asked = counts.take(keyId, limit.rate);
    // A count that may still be out of order is tried out while the caller is answered from here.
    if (!healthy) {
      asked.then(guard.succeeded, guard.failed);
      return decideAlone(undefined);
    }
    return asked.then(
      (verdict) => {
        guard.succeeded();
        return keyVerdict(limit, learn(state, limit, askedAtMs, verdict));
      },
      (error: unknown) => {
        guard.failed();
        return decideAlone(error);
      },
    );

    function decideAlone(error: unknown): KeyRateVerdict {
      onInsurance(error);
      return keyVerdict(limit, takeShare(state, limit, counts.instances(), clock.monotonicMs()));
    }
  }
}

/**
 * Takes in what all instances owe together. The count was made after the question, so what is reckoned from the
 * question on is never more than what is owed; and a count that was lost meanwhile does not make us forget.
 */
function learn(
  state: KeyRateState,
  { rate }: KeyLimit,
  askedAtMs: number,
  { allowed, resetMs }: RateVerdict,
): RateVerdict {
  if (!allowed) takeBack(state, rate);
  const counted = Math.floor(askedAtMs * 1_000) + Math.round(resetMs * 1_000);
  state.known = Math.max(state.known ?? 0, counted);
  return { ...gcra(state.known, allowed ? 0 : 1, askedAtMs, rate).verdict, allowed };
}

/** Judges a call, for which there is room within the limit, by this instance's share of it. */
function takeShare(state: KeyRateState, limit: KeyLimit, instances: number, nowMs: number): RateVerdict {
  const share = { requests: Math.ceil(limit.requests / instances), windowMs: limit.windowMs };
  const { state: alone, verdict } = gcra(state.alone, 1, nowMs, rateOf(share));
  state.alone = alone;
  if (!verdict.allowed) takeBack(state, limit.rate);
  const ofAll = gcra(state.known, 0, nowMs, limit.rate).verdict;
  return {
    ...verdict,
    remaining: Math.min(verdict.remaining, ofAll.remaining),
    resetMs: Math.max(verdict.resetMs, ofAll.resetMs),
  };
}

/** Undoes the count of a call that was refused after all. */
function takeBack(state: KeyRateState, rate: RateLimit): void {
  if (state.known !== undefined) state.known -= gcraTerms(rate).intervalUs;
}

function keyVerdict({ plan, requests, windowMs }: KeyLimit, verdict: RateVerdict): KeyRateVerdict {
  return { ...verdict, plan, requests, windowMs };
}
