// Time is an argument of this room: `app.ts` passes the system's, tests pass their own.

export interface Clock {
  /** Milliseconds that never jump. For ages and deadlines. */
  monotonicMs(): number;
  /** Milliseconds since 1970 (UTC). Only for what people agreed on, such as the expiry of a key. */
  wallMs(): number;
}

/** Calls back once, after the delay, unless the function that it returns is called first. */
export type Schedule = (delayMs: number, callback: () => void) => () => void;

/**
 * The work's outcome, or a rejection with `timeoutError()` when it takes longer than `timeoutMs`. A process that was
 * too busy to hear of the outcome in time hears of it first: timers come before what has arrived.
 */
export function withTimeout<T>(
  work: Promise<T>,
  timeoutMs: number,
  schedule: Schedule,
  timeoutError: () => Error,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    let cancel = schedule(timeoutMs, () => {
      cancel = schedule(0, () => reject(timeoutError()));
    });
    work.then(resolve, reject).finally(() => cancel());
  });
}
