// What the pure rooms take as arguments, from the real world: time, chance and timers.
import { randomBytes, randomFillSync } from 'node:crypto';
import type { Clock, Schedule } from './keys/clock.ts';

export const clock: Clock = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
};

/** Timers that do not keep the process alive: it ends when its sockets are closed. */
export const schedule: Schedule = (delayMs, callback) => {
  const timer = setTimeout(callback, delayMs).unref();
  return () => clearTimeout(timer);
};

export const random = { bytes: randomBytes, fill: randomFillSync, fraction: () => Math.random() };
