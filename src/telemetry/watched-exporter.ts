import { type ExportResult, ExportResultCode } from '@opentelemetry/core';

/** What the exporters of spans and of metrics have in common. */
interface Exporter<Batch> {
  export(batch: Batch, done: (result: ExportResult) => void): void;
  forceFlush?(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface WatchedExporter<Batch> extends Exporter<Batch> {
  forceFlush(): Promise<void>;
  /** Gives up on every export that is under way or yet to come, so that nobody waits for them. */
  abandon(): void;
}

/** An exporter that says how each export went, and that can be left alone. */
export function watchExporter<Batch>(
  exporter: Exporter<Batch>,
  onEnd: (error: Error | undefined) => void,
): WatchedExporter<Batch> {
  const waiting = new Set<(result: ExportResult) => void>();
  const given = (): ExportResult => ({
    code: ExportResultCode.FAILED,
    error: new Error('no answer in time'),
  });
  let abandoned = false;

  return {
    export(batch, done) {
      if (abandoned) return done(given());
      const finish = (result: ExportResult) => {
        if (!waiting.delete(finish)) return;
        const failed = result.code !== ExportResultCode.SUCCESS;
        onEnd(failed ? (result.error ?? new Error('the collector refused it')) : undefined);
        done(result);
      };
      waiting.add(finish);
      exporter.export(batch, finish);
    },
    forceFlush: async () => exporter.forceFlush?.(),
    shutdown: () => exporter.shutdown(),
    abandon() {
      abandoned = true;
      for (const finish of waiting) finish(given());
    },
  };
}
