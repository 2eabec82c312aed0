import { setImmediate } from 'node:timers/promises';
import type { Clock, Schedule } from '../../src/keys/clock.ts';

/** Time that only passes when a test says so. */
export interface ManualClock extends Clock {
  readonly schedule: Schedule;
  /** Lets time pass: whatever falls due is called in order, and what follows from it is awaited in between. */
  advance(ms: number): Promise<void>;
  /** Turns the wall clock, as an administrator would. */
  shiftWall(ms: number): void;
}

interface Timer {
  readonly dueMs: number;
  readonly callback: () => void;
}

export const EPOCH_MS = 1_800_000_000_000;

export function createManualClock(): ManualClock {
  // Not 0, so that nothing passes by taking "never" and "at the start" for the same.
  let nowMs = 1_000_000;
  let wallOffsetMs = EPOCH_MS - nowMs;
  const timers = new Set<Timer>();

  function nextDue(untilMs: number): Timer | undefined {
    let next: Timer | undefined;
    for (const timer of timers) {
      if (timer.dueMs <= untilMs && (next === undefined || timer.dueMs < next.dueMs)) next = timer;
    }
    return next;
  }

  return {
    monotonicMs: () => nowMs,
    wallMs: () => nowMs + wallOffsetMs,
    schedule(delayMs, callback) {
      const timer = { dueMs: nowMs + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
    async advance(ms) {
      const untilMs = nowMs + ms;
      await setImmediate();
      for (let timer = nextDue(untilMs); timer !== undefined; timer = nextDue(untilMs)) {
        timers.delete(timer);
        nowMs = Math.max(nowMs, timer.dueMs);
        timer.callback();
        await setImmediate();
      }
      nowMs = untilMs;
    },
    shiftWall(ms) {
      wallOffsetMs += ms;
    },
  };
}
