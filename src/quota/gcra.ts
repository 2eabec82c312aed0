// The generic cell rate algorithm (ITU-T I.371, virtual scheduling): a limit with bursts whose whole state is one
// number. Pure: the time is an argument.

export interface RateLimit {
  /** The rate that can be kept up for ever: above 0, at most 1,000,000. */
  readonly perSecond: number;
  /** How much may come at once after a pause: a whole number from 1. */
  readonly burst: number;
}

/**
 * When all that was admitted so far is paid off, in microseconds of the caller's clock; undefined for somebody
 * who was never seen. Whole microseconds, because sums of fractions drift. A state whose time has passed means
 * the same as undefined and can be forgotten.
 */
export type GcraState = number | undefined;

export interface RateVerdict {
  readonly allowed: boolean;
  /** How much more would be admitted at this moment. */
  readonly remaining: number;
  /** Until the same cost would be admitted; 0 when it was, Infinity when it exceeds the burst. */
  readonly retryAfterMs: number;
  /** Until the whole burst is available again. */
  readonly resetMs: number;
}

const US_PER_MS = 1_000;

/** Judges a call that costs `cost`, a whole number from 0. Only an admitted call changes the state. */
export function gcra(
  state: GcraState,
  cost: number,
  nowMs: number,
  limit: RateLimit,
): { readonly state: GcraState; readonly verdict: RateVerdict } {
  const nowUs = Math.floor(nowMs * US_PER_MS);
  // Rounded up, so that the limit is never exceeded.
  const intervalUs = Math.ceil((1_000 * US_PER_MS) / limit.perSecond);
  const burstUs = intervalUs * limit.burst;
  const debtUs = Math.max(0, (state ?? nowUs) - nowUs);
  const debtAfterUs = debtUs + cost * intervalUs;
  const allowed = debtAfterUs <= burstUs;
  const finalDebtUs = allowed ? debtAfterUs : debtUs;
  return {
    state: allowed ? nowUs + debtAfterUs : state,
    verdict: {
      allowed,
      remaining: Math.max(0, Math.floor((burstUs - finalDebtUs) / intervalUs)),
      retryAfterMs: retryAfterMs(),
      resetMs: finalDebtUs / US_PER_MS,
    },
  };

  function retryAfterMs(): number {
    if (allowed) return 0;
    return cost > limit.burst ? Number.POSITIVE_INFINITY : (debtAfterUs - burstUs) / US_PER_MS;
  }
}
