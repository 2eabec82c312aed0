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

/** The limit in the algorithm's own terms, in microseconds: what one call owes, and how much may be owed. */
export function gcraTerms(limit: RateLimit): { readonly intervalUs: number; readonly burstUs: number } {
  // Rounded up, so that the limit is never exceeded.
  const intervalUs = Math.ceil((1_000 * US_PER_MS) / limit.perSecond);
  return { intervalUs, burstUs: intervalUs * limit.burst };
}

/**
 * Judges a call that costs `cost`, a whole number from 0. Only an admitted call changes the state, except that no
 * state owes more than the burst of its limit: neither a limit that was tighter nor a clock that stepped back
 * blocks anybody for longer than an empty allowance would.
 */
export function gcra(
  state: GcraState,
  cost: number,
  nowMs: number,
  limit: RateLimit,
): { readonly state: GcraState; readonly verdict: RateVerdict } {
  const nowUs = Math.floor(nowMs * US_PER_MS);
  const { intervalUs, burstUs } = gcraTerms(limit);
  const owedUs = Math.max(0, (state ?? nowUs) - nowUs);
  const debtUs = Math.min(owedUs, burstUs);
  const debtAfterUs = debtUs + cost * intervalUs;
  const allowed = debtAfterUs <= burstUs;
  const finalDebtUs = allowed ? debtAfterUs : debtUs;
  return {
    state: allowed || owedUs > burstUs ? nowUs + finalDebtUs : state,
    verdict: rateVerdict(allowed, finalDebtUs, cost, limit),
  };
}

/** What a caller is told who owes `debtUs` microseconds after the judgement of a call that cost `cost`. */
export function rateVerdict(allowed: boolean, debtUs: number, cost: number, limit: RateLimit): RateVerdict {
  const { intervalUs, burstUs } = gcraTerms(limit);
  return {
    allowed,
    remaining: Math.max(0, Math.floor((burstUs - debtUs) / intervalUs)),
    retryAfterMs: retryAfterMs(),
    resetMs: debtUs / US_PER_MS,
  };

  function retryAfterMs(): number {
    if (allowed) return 0;
    if (cost > limit.burst) return Number.POSITIVE_INFINITY;
    return (debtUs + cost * intervalUs - burstUs) / US_PER_MS;
  }
}
