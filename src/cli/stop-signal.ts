const STOP_SIGNALS = ['SIGINT', 'SIGTERM'] as const;

type StopName = (typeof STOP_SIGNALS)[number];

/** npm hands a Ctrl-C on that the terminal has sent to everybody already: it comes twice, a millisecond apart. */
const ECHO_MS = 500;

export interface StopSignalDeps {
  on(name: StopName, listener: () => void): unknown;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Ends the process as the signal would if nobody listened. */
  readonly die: (name: StopName) => void;
}

/** Aborts with the first stop signal. A later one, of either kind, ends the process at once. */
export function createStopSignal({ on, clock, die }: StopSignalDeps): AbortSignal {
  const stop = new AbortController();
  let stoppedAtMs = 0;
  for (const name of STOP_SIGNALS) {
    on(name, () => {
      if (!stop.signal.aborted) {
        stoppedAtMs = clock();
        stop.abort(name);
      } else if (clock() - stoppedAtMs >= ECHO_MS) die(name);
    });
  }
  return stop.signal;
}
