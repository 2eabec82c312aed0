// How much work is taken on. What cannot be done in time is refused before it costs anything, newest first, so that
// what was begun is finished.
import { Fault } from '../fault/fault.ts';
import { NO_OVERLOAD, type Overload, overloadAfter } from './overload.ts';
import { createTurns } from './turns.ts';

/** How long a call waits for its turn: callers that wait longer have mostly given up. */
const QUEUE_WAIT_MS = 500;

/** How often the event loop is looked at. */
const SAMPLE_MS = 50;
const PATIENCE_MS = 1_000;
const WARY_MS = 10_000;

/** Spread, so that those who were refused together do not come back together. */
const RETRY_MIN_MS = 1_000;
const RETRY_SPREAD_MS = 2_000;

/** `loop`: the event loop is late. `concurrency`: as many calls as may be under way or waiting are. */
export type ShedCause = 'loop' | 'concurrency';

export interface CallAdmissionLimits {
  readonly maxConcurrentCalls: number;
  /** Calls that wait for one of those to end. */
  readonly maxQueuedCalls: number;
  /** 0: however late the loop is. */
  readonly maxLoopDelayMs: number;
}

export interface CallAdmissionDeps {
  readonly limits: CallAdmissionLimits;
  readonly clock: { monotonicMs(): number };
  readonly schedule: (delayMs: number, callback: () => void) => () => void;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  readonly onShed: (cause: ShedCause) => void;
  /** Told when the event loop begins to be too late, and how late it is, and when it no longer is. */
  readonly onOverload: (delayMs: number) => void;
  readonly onRecovery: () => void;
}

export interface CallAdmission {
  /** The Fault OVERLOADED for a call that has just come, or undefined where it may go on. Costs two comparisons. */
  refusal(): Fault | undefined;
  /**
   * Undefined when the call's work may begin at once, else a promise of its turn. Whoever got one must `leave`. Throws
   * or rejects with a Fault OVERLOADED.
   */
  enter(): Promise<void> | undefined;
  leave(): void;
  /** Calls at work, and calls that wait. */
  counts(): { readonly running: number; readonly queued: number };
  /** Stops looking at the event loop. */
  close(): void;
}

export function createCallAdmission(deps: CallAdmissionDeps): CallAdmission {
  const { limits, clock, schedule, random, onShed, onOverload, onRecovery } = deps;
  let overload: Overload = NO_OVERLOAD;
  let stop = () => {};

  const shed = (cause: ShedCause): Fault => {
    onShed(cause);
    return new Fault('OVERLOADED', { retryAfterMs: RETRY_MIN_MS + Math.floor(random() * RETRY_SPREAD_MS) });
  };
  const turns = createTurns(
    {
      concurrent: limits.maxConcurrentCalls,
      queueLength: limits.maxQueuedCalls,
      queueWaitMs: QUEUE_WAIT_MS,
    },
    schedule,
    () => shed('concurrency'),
  );

  function look(dueMs: number): void {
    const nowMs = clock.monotonicMs();
    const delayMs = Math.max(0, nowMs - dueMs);
    const wasShedding = overload.isShedding;
    overload = overloadAfter(overload, delayMs, nowMs, {
      maxDelayMs: limits.maxLoopDelayMs,
      patienceMs: PATIENCE_MS,
      waryMs: WARY_MS,
    });
    if (overload.isShedding && !wasShedding) onOverload(delayMs);
    if (!overload.isShedding && wasShedding) onRecovery();
    lookLater();
  }

  function lookLater(): void {
    const dueMs = clock.monotonicMs() + SAMPLE_MS;
    stop = schedule(SAMPLE_MS, () => look(dueMs));
  }

  if (limits.maxLoopDelayMs > 0) lookLater();

  return {
    refusal() {
      if (overload.isShedding) return shed('loop');
      return turns.isFull() ? shed('concurrency') : undefined;
    },
    enter: turns.take,
    leave: turns.leave,
    counts: () => ({ running: turns.running(), queued: turns.waiting() }),
    close: () => stop(),
  };
}
