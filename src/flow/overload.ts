// Whether there is more to do than can be done, judged by how late the event loop is. Pure.

export interface OverloadLimits {
  /** How late the loop may be; 0 for however late. */
  readonly maxDelayMs: number;
  /** How long it must have been later than that, without a break, before calls are shed. */
  readonly patienceMs: number;
  /** For how long after an overload the next one is met without patience. */
  readonly waryMs: number;
}

/** As CoDel has it (RFC 8289): a delay that passes by itself is a burst, and one that stays is an overload. */
export interface Overload {
  readonly isShedding: boolean;
  /** Since when every sample was above the limit; undefined when the last one was not. */
  readonly aboveSinceMs: number | undefined;
  /** When the last overload was over. */
  readonly recoveredAtMs: number;
}

export const NO_OVERLOAD: Overload = {
  isShedding: false,
  aboveSinceMs: undefined,
  recoveredAtMs: Number.NEGATIVE_INFINITY,
};

/** What the sample makes of it. One sample within the limit ends an overload: refusing goes on no longer than it must. */
export function overloadAfter(
  before: Overload,
  delayMs: number,
  nowMs: number,
  { maxDelayMs, patienceMs, waryMs }: OverloadLimits,
): Overload {
  if (maxDelayMs === 0 || delayMs <= maxDelayMs) {
    const recoveredAtMs = before.isShedding ? nowMs : before.recoveredAtMs;
    return { isShedding: false, aboveSinceMs: undefined, recoveredAtMs };
  }
  const aboveSinceMs = before.aboveSinceMs ?? nowMs;
  const isWary = nowMs - before.recoveredAtMs < waryMs;
  const isShedding = before.isShedding || isWary || nowMs - aboveSinceMs >= patienceMs;
  return { isShedding, aboveSinceMs, recoveredAtMs: before.recoveredAtMs };
}
