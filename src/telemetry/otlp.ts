// What sends traces and metrics to an OpenTelemetry collector. Loaded only where there is one.
import { setTimeout as delay } from 'node:timers/promises';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPMetricExporter } from '@opentelemetry/exporter-metrics-otlp-proto';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { defaultResource, type Resource, resourceFromAttributes } from '@opentelemetry/resources';
import { MeterProvider, PeriodicExportingMetricReader } from '@opentelemetry/sdk-metrics';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import type { Registry } from 'prom-client';
import type { ExportSignal } from './export-events.ts';
import { createMetricProducer } from './metric-producer.ts';
import { createTraceSampler } from './trace-sampler.ts';
import { createTracing, type Tracing } from './tracing.ts';
import { watchExporter } from './watched-exporter.ts';

export interface OtlpOptions {
  /** Undefined: no traces. */
  readonly tracesUrl: string | undefined;
  /** Undefined: no metrics. */
  readonly metricsUrl: string | undefined;
  readonly headers: Readonly<Record<string, string>>;
  /** How long one export may take, and the last one after the end. */
  readonly timeoutMs: number;
  readonly sampler: string;
  readonly samplerRatio: number;
  readonly traceDelayMs: number;
  readonly metricIntervalMs: number;
  readonly resource: Readonly<Record<string, string>>;
  readonly version: string;
  readonly registry: Registry;
  /** Wall-clock milliseconds. */
  readonly startedAtMs: number;
  readonly redact: (text: string) => string;
  readonly onExport: (signal: ExportSignal, error: Error | undefined) => void;
}

/** Disposing exports what is left, for as long as one export may take. */
export interface Otlp extends AsyncDisposable {
  readonly tracing: Tracing | undefined;
}

export function openOtlp(options: OtlpOptions): Otlp {
  const { tracesUrl, metricsUrl, timeoutMs } = options;
  const resource = defaultResource().merge(resourceFromAttributes(options.resource));
  const traces = tracesUrl === undefined ? undefined : openTraces(tracesUrl, resource, options);
  const metrics = metricsUrl === undefined ? undefined : openMetrics(metricsUrl, resource, options);
  const exports = [traces, metrics].filter((signal) => signal !== undefined);
  return {
    tracing: traces?.tracing,
    [Symbol.asyncDispose]: async () => {
      const inTime = new AbortController();
      const shutDown = Promise.allSettled(exports.map((signal) => signal.shutdown()));
      await Promise.race([shutDown, delay(timeoutMs, undefined, { signal: inTime.signal }).catch(() => {})]);
      inTime.abort();
      for (const { abandon } of exports) abandon();
    },
  };
}

interface Signal {
  shutdown(): Promise<void>;
  abandon(): void;
}

function openTraces(
  url: string,
  resource: Resource,
  options: OtlpOptions,
): Signal & { readonly tracing: Tracing } {
  const { headers, timeoutMs: timeoutMillis, onExport, traceDelayMs, redact, version } = options;
  const exporter = watchExporter(new OTLPTraceExporter({ url, headers, timeoutMillis }), (error) =>
    onExport('traces', error),
  );
  const provider = new TracerProvider({
    resource,
    sampler: createTraceSampler(options.sampler, options.samplerRatio),
    spanProcessors: [new BatchSpanProcessor({ exporter, scheduledDelayMillis: traceDelayMs })],
  });
  const contexts = new AsyncLocalStorageContextManager().enable();
  return {
    tracing: createTracing({ tracer: provider.getTracer('presignd', version), contexts, redact }),
    shutdown: () => provider.shutdown(),
    abandon: exporter.abandon,
  };
}

function openMetrics(url: string, resource: Resource, options: OtlpOptions): Signal {
  const {
    headers,
    timeoutMs: timeoutMillis,
    onExport,
    metricIntervalMs,
    registry,
    startedAtMs,
    version,
  } = options;
  const exporter = watchExporter(new OTLPMetricExporter({ url, headers, timeoutMillis }), (error) =>
    onExport('metrics', error),
  );
  const reader = new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis: metricIntervalMs,
    exportTimeoutMillis: Math.min(timeoutMillis, metricIntervalMs),
    metricProducers: [createMetricProducer({ registry, scope: { name: 'presignd', version }, startedAtMs })],
  });
  const provider = new MeterProvider({ resource, readers: [reader] });
  return { shutdown: () => provider.shutdown(), abandon: exporter.abandon };
}
