import type { GcraState } from './gcra.ts';

/** What an instance knows of a key's calls, in microseconds of its monotonic clock. */
export interface KeyRateState {
  /** At least so much is owed by all instances together, as far as this one has seen. */
  known: GcraState;
  /** What this instance owes for the calls that it had to decide alone. */
  alone: GcraState;
}

/** The states of keys in bounded memory. */
export interface RateStates {
  /** The state of a key, to be changed in place. */
  of(key: string, nowMs: number): KeyRateState;
  size(): number;
}

/** How many of the keys that rested longest are looked at for each key that comes. */
const SWEEP = 2;

/** Forgets what has lapsed, and beyond `maxKeys` the key that was not used for longest. */
export function createRateStates(maxKeys: number): RateStates {
  // A Map keeps the order of insertion, and each use inserts its key anew: the first rested longest.
  const states = new Map<string, KeyRateState>();

  function sweep(nowUs: number): void {
    let looks = SWEEP;
    for (const [key, { known = 0, alone = 0 }] of states) {
      if (looks-- === 0) return;
      if (Math.max(known, alone) <= nowUs || states.size >= maxKeys) states.delete(key);
    }
  }

  return {
    of(key, nowMs) {
      const found = states.get(key);
      if (found === undefined) sweep(nowMs * 1_000);
      else states.delete(key);
      const state = found ?? { known: undefined, alone: undefined };
      states.set(key, state);
      return state;
    },
    size: () => states.size,
  };
}
