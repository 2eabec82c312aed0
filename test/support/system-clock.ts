import type { Clock, Schedule } from '../../src/keys/clock.ts';

/** The machine's own time, for tests that talk to real servers. */
export const systemClock: Clock & { readonly schedule: Schedule } = {
  monotonicMs: () => performance.now(),
  wallMs: () => Date.now(),
  schedule(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
