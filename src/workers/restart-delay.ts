/** A worker that served for so long was well: what happens to it next is a new story. */
const STABLE_MS = 60_000;
const FIRST_DELAY_MS = 500;
const MAX_DELAY_MS = 30_000;

export interface RestartDecision {
  /** Ends in a row, this one included. */
  readonly failures: number;
  readonly delayMs: number;
}

/**
 * When to replace a worker that ended by itself: the first time at once, then after a delay that doubles up to half a
 * minute, of which up to a half is left to chance, so that what fails together does not come back together.
 *
 * @param failures ends in a row before this one
 * @param servedMs how long it served; 0 when it did not come to that
 * @param random evenly distributed in [0, 1)
 */
export function decideRestart(failures: number, servedMs: number, random: number): RestartDecision {
  if (failures === 0 || servedMs >= STABLE_MS) return { failures: 1, delayMs: 0 };
  const longestMs = Math.min(MAX_DELAY_MS, FIRST_DELAY_MS * 2 ** (failures - 1));
  return { failures: failures + 1, delayMs: Math.round(longestMs * (1 - random / 2)) };
}
