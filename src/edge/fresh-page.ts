import { type GcraState, gcra } from '../quota/gcra.ts';

/** How often it is made anew: more than people and their monitoring ask for, and next to nothing to make. */
const FRESH = { perSecond: 5, burst: 20 } as const;

/**
 * Makes something anew whenever it is asked for, but for whoever asks without pause: they get what was made last, a
 * fifth of a second ago at the most. Anybody may ask for some pages that cost more than a call. `clock` answers
 * monotonic milliseconds.
 */
export function freshWithinReason<T>(make: () => Promise<T>, clock: () => number): () => Promise<T> {
  let last: Promise<T> | undefined;
  let state: GcraState;

  return () => {
    const judged = gcra(state, 1, clock(), FRESH);
    state = judged.state;
    if (last !== undefined && !judged.verdict.allowed) return last;
    const making = make();
    last = making;
    making.catch(() => {
      // A failure is not kept: the next one tries again.
      if (last === making) last = undefined;
    });
    return making;
  };
}
