// What the pure rooms take as arguments, from the real world: time, chance and timers.
import { randomBytes, randomFillSync } from 'node:crypto';
import type { Clock, Schedule } from './keys/clock.ts';
import { createRandomPool } from './uploads/random-pool.ts';

export const clock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** Timers that do not keep the process alive: it ends when its sockets are closed. */
export const schedule: Schedule = (delayMs, callback) => {
  const timer = setTimeout(callback, delayMs).unref();
  return () => clearTimeout(timer);
};

/** Calls back when all input that has come has been read, and before any more is waited for. */
export const afterInput = (run: () => void): void => void setImmediate(run);

export const random = {
  bytes: randomBytes,
  /** Random bytes in small pieces, at a fraction of the price of asking the system for each. */
  pooled: createRandomPool(randomFillSync),
  /** Evenly distributed in [0, 1). Not for secrets. */
  fraction: () => Math.random(),
};
