import { Fault } from '../fault/fault.ts';

/**
 * Milliseconds until the deadline of the call for which something is done; 0 or less when it has passed. Left out where
 * the caller set none.
 */
export type TimeLeft = () => number;

/** Node's timers count whole milliseconds, and may go off a fraction of one early. */
const TIMER_GRAIN_MS = 1;

/** Throws a Fault DEADLINE_EXCEEDED when no time is left. */
export function refuseOverdue(timeLeft: TimeLeft | undefined): void {
  if (timeLeft !== undefined && timeLeft() <= 0) throw new Fault('DEADLINE_EXCEEDED');
}

/** How long something may take that has a limit of its own: whole milliseconds, at least 1. Throws a Fault DEADLINE_EXCEEDED when no time is left. */
export function boundedMs(limitMs: number, timeLeft: TimeLeft | undefined): number {
  if (timeLeft === undefined) return limitMs;
  refuseOverdue(timeLeft);
  return Math.min(limitMs, Math.max(1, Math.ceil(timeLeft())));
}

/** The Fault for what failed when the caller's time was up; undefined for what failed for a reason of its own. */
export function overdueFault(timeLeft: TimeLeft | undefined, cause: unknown): Fault | undefined {
  if (timeLeft === undefined || timeLeft() > TIMER_GRAIN_MS) return undefined;
  return new Fault('DEADLINE_EXCEEDED', { cause });
}
