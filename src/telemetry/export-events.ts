import type { Logger } from './logger.ts';
import type { Metrics } from './metrics.ts';

export type ExportSignal = 'traces' | 'metrics';

/** What becomes of exports to a collector. The log has a line when they begin to fail and when they succeed again. */
export function createExportEvents(logger: Logger, { exportEnded }: Pick<Metrics, 'exportEnded'>) {
  const failing = new Set<ExportSignal>();
  return {
    /** `error` is undefined where the collector took it. */
    exported(signal: ExportSignal, error: Error | undefined): void {
      exportEnded(signal, error === undefined ? 'ok' : 'failed');
      if (error === undefined) {
        if (failing.delete(signal))
          logger.info({ signal }, 'the OpenTelemetry collector takes exports again');
        return;
      }
      // The message alone: the error may hold what the collector answered.
      if (!failing.has(signal))
        logger.warn({ signal, why: error.message }, 'the OpenTelemetry collector does not take exports');
      failing.add(signal);
    },
  };
}
