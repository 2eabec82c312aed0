// Joins the log, the metrics and, where a collector is configured, OpenTelemetry.
import { randomUUID } from 'node:crypto';
import type { Settings } from './config/settings.ts';
import { type LogOptions, openLog, SECRET_PATTERNS } from './open-log.ts';
import { clock } from './system.ts';
import { createEvents, type Events } from './telemetry/events.ts';
import { createExportEvents } from './telemetry/export-events.ts';
import { createMetrics, type Metrics } from './telemetry/metrics.ts';
import type { Otlp } from './telemetry/otlp.ts';
import { createRedactor } from './telemetry/redact.ts';
import type { Tracing } from './telemetry/tracing.ts';
import { version } from './version.ts';

export interface Telemetry extends AsyncDisposable {
  readonly metrics: Metrics;
  readonly events: Events;
  /** Undefined where traces are not exported: then nothing of OpenTelemetry is loaded. */
  readonly tracing: Tracing | undefined;
}

/** Disposing exports and writes what is left, within the time that one export may take. */
export async function openTelemetry(settings: Settings, options: LogOptions): Promise<Telemetry> {
  await using opening = new AsyncDisposableStack();
  const { logger, writeLine } = opening.use(await openLog(settings, options));
  const metrics = createMetrics(version);
  const { exported } = createExportEvents(logger, metrics);
  const tracing = opening.use(await openExports(settings, metrics, exported))?.tracing;
  const open = opening.move();
  return {
    metrics,
    tracing,
    events: createEvents(logger, metrics, { tracing, writeLine }),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

async function openExports(
  settings: Settings,
  { registry }: Metrics,
  onExport: ReturnType<typeof createExportEvents>['exported'],
): Promise<Otlp | undefined> {
  const { otlpEndpoint, otlpTracesEndpoint, otlpMetricsEndpoint } = settings;
  const urlOf = (own: string | undefined, path: string, exporter: 'otlp' | 'none') =>
    settings.otelDisabled || exporter === 'none' ? undefined : (own ?? (otlpEndpoint && otlpEndpoint + path));
  const tracesUrl = urlOf(otlpTracesEndpoint, '/v1/traces', settings.tracesExporter);
  const metricsUrl = urlOf(otlpMetricsEndpoint, '/v1/metrics', settings.metricsExporter);
  if (tracesUrl === undefined && metricsUrl === undefined) return undefined;
  const { openOtlp } = await import('./telemetry/otlp.ts');
  return openOtlp({
    tracesUrl,
    metricsUrl,
    headers: Object.fromEntries(
      [...(settings.otlpHeaders ?? [])].map(([name, value]) => [name, value.reveal()]),
    ),
    timeoutMs: settings.otlpTimeoutMs,
    sampler: settings.tracesSampler,
    samplerRatio: settings.tracesSamplerRatio,
    traceDelayMs: settings.traceDelayMs,
    metricIntervalMs: settings.metricIntervalMs,
    resource: resourceOf(settings),
    version,
    registry,
    startedAtMs: clock.wallMs(),
    redact: createRedactor(SECRET_PATTERNS),
    onExport,
  });
}

/** What names this instance. */
function resourceOf({
  otelServiceName,
  otelResourceAttributes,
}: Pick<Settings, 'otelServiceName' | 'otelResourceAttributes'>): Record<string, string> {
  return {
    'service.name': 'presignd',
    'service.version': version,
    'service.instance.id': randomUUID(),
    ...Object.fromEntries(otelResourceAttributes),
    ...(otelServiceName === undefined ? {} : { 'service.name': otelServiceName }),
  };
}
