// What happens to workers, one function an event, as the primary sees it: its log line and its metric together.
import type { Logger } from './logger.ts';
import type { MetricTotals } from './metric-totals.ts';

export interface WorkerIdentity {
  readonly worker: number;
  readonly pid: number;
}

export interface WorkerEnd {
  /** The exit code, or null after a signal. */
  readonly code: number | null;
  readonly signal: string | null;
}

export interface WorkerEvents {
  listening(where: { readonly host: string; readonly port: number; readonly workers: number }): void;
  ready(who: WorkerIdentity): void;
  /** It has answered nothing for so long, and is killed. */
  silent(who: WorkerIdentity, silentMs: number): void;
  /** It ended by itself, or was killed as it hung, and is replaced after the delay. */
  crashed(
    who: WorkerIdentity,
    end: WorkerEnd,
    restart: { readonly delayMs: number },
    how: 'crash' | 'hang',
  ): void;
  /** It ended because another one has taken its place. */
  replaced(who: WorkerIdentity): void;
  /** It did not end in time and is killed. */
  hung(who: WorkerIdentity, afterMs: number): void;
  rolling(): void;
  rolled(): void;
  /** The new worker ended before it served: the workers that serve go on. */
  rollFailed(who: WorkerIdentity, end: WorkerEnd): void;
  draining(): void;
  stopped(outcome: { readonly killedWorkers: number }): void;
}

const CRASH_TEXTS = {
  crash: 'a worker ended by itself; a new one takes its place',
  hang: 'a worker hung and was killed; a new one takes its place',
} as const;

export function createWorkerEvents(logger: Logger, totals: Pick<MetricTotals, 'workerEnded'>): WorkerEvents {
  return {
    listening: (where) => logger.info(where, 'listening'),
    ready: (who) => logger.info(who, 'worker serves'),
    silent: (who, silentMs) =>
      logger.error({ ...who, silentMs }, 'a worker does not answer any more and is killed'),
    crashed: (who, end, restart, how) => {
      totals.workerEnded(how);
      logger.error({ ...who, ...end, ...restart }, CRASH_TEXTS[how]);
    },
    replaced: (who) => {
      totals.workerEnded('restart');
      logger.info(who, 'worker replaced');
    },
    hung: (who, afterMs) => logger.error({ ...who, afterMs }, 'a worker did not end in time and was killed'),
    rolling: () => logger.info('restarting the workers one after the other'),
    rolled: () => logger.info('all workers were restarted'),
    rollFailed: (who, end) =>
      logger.error({ ...who, ...end }, 'a new worker did not start: the restart ends here, the others go on'),
    draining: () => logger.info('draining: no new calls, running ones finish'),
    stopped: (outcome) => logger[outcome.killedWorkers === 0 ? 'info' : 'warn'](outcome, 'stopped'),
  };
}
