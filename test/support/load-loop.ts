import { performance } from 'node:perf_hooks';

export interface LoadReport {
  readonly calls: number;
  /** What went wrong, one text for each failed call. */
  readonly failures: readonly string[];
  readonly longestMs: number;
}

export interface LoadLoop {
  readonly report: LoadReport;
  /** Resolves when that many further calls have ended. */
  calls(count: number): Promise<void>;
  /** Starts no further call and waits for those that are running. */
  stop(): Promise<LoadReport>;
}

/**
 * Makes one call after the other, from `concurrency` callers at once, until it is stopped.
 * @param call Rejects when the call has failed.
 */
export function startLoad(concurrency: number, call: (caller: number) => Promise<void>): LoadLoop {
  const report = { calls: 0, failures: [] as string[], longestMs: 0 };
  let stopped = false;
  let onCall: () => void = () => {};

  async function runCaller(caller: number): Promise<void> {
    while (!stopped) {
      const startedAtMs = performance.now();
      await call(caller).catch((error: unknown) => report.failures.push(String(error)));
      report.calls += 1;
      report.longestMs = Math.max(report.longestMs, performance.now() - startedAtMs);
      onCall();
    }
  }

  const callers = Array.from({ length: concurrency }, (_, caller) => runCaller(caller));
  return {
    report,
    calls: (count) => {
      const target = report.calls + count;
      return new Promise((resolve) => {
        onCall = () => {
          if (report.calls >= target) resolve();
        };
      });
    },
    stop: async () => {
      stopped = true;
      await Promise.all(callers);
      return report;
    },
  };
}
