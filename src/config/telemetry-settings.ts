// The variables of OpenTelemetry that this service knows, under their standard names.
import { optional, type SettingRow, withDefault } from './setting-row.ts';
import { fraction, keyValues, secretKeyValues } from './telemetry-value-types.ts';
import { boolean, choice, integer, text, url } from './value-types.ts';

/** As OpenTelemetry names them; `parentbased_…` follows the caller's decision where there is one. */
const TRACE_SAMPLERS = [
  'always_on',
  'always_off',
  'traceidratio',
  'parentbased_always_on',
  'parentbased_always_off',
  'parentbased_traceidratio',
] as const;

export const TELEMETRY_SETTINGS = {
  otlpEndpoint: optional({
    name: 'OTEL_EXPORTER_OTLP_ENDPOINT',
    type: url('http', 'https'),
    doc: 'Base URL of an OpenTelemetry collector, such as `http://127.0.0.1:4318`. Traces go to `/v1/traces` below it and metrics to `/v1/metrics`. Without it nothing is exported.',
  }),
  otlpTracesEndpoint: optional({
    name: 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT',
    type: url('http', 'https'),
    doc: 'The whole URL that traces go to, instead.',
  }),
  otlpMetricsEndpoint: optional({
    name: 'OTEL_EXPORTER_OTLP_METRICS_ENDPOINT',
    type: url('http', 'https'),
    doc: 'The whole URL that metrics go to, instead.',
  }),
  otlpProtocol: withDefault({
    name: 'OTEL_EXPORTER_OTLP_PROTOCOL',
    type: choice('http/protobuf'),
    default: 'http/protobuf',
    doc: 'How the collector is spoken to. Collectors take it on port 4318.',
  }),
  otlpHeaders: optional({
    name: 'OTEL_EXPORTER_OTLP_HEADERS',
    type: secretKeyValues,
    doc: 'Headers for the collector, such as `authorization=Bearer%20…`: values are percent-encoded.',
  }),
  otlpTimeoutMs: withDefault({
    name: 'OTEL_EXPORTER_OTLP_TIMEOUT',
    type: integer(1, 60_000),
    default: '3000',
    doc: 'Milliseconds that one export may take, retries included. A stop waits as long for what is left to export.',
  }),
  otelDisabled: withDefault({
    name: 'OTEL_SDK_DISABLED',
    type: boolean,
    default: 'false',
    doc: 'Export nothing, whatever the endpoints are.',
  }),
  tracesExporter: withDefault({
    name: 'OTEL_TRACES_EXPORTER',
    type: choice('otlp', 'none'),
    default: 'otlp',
    doc: '`none` makes no traces.',
  }),
  metricsExporter: withDefault({
    name: 'OTEL_METRICS_EXPORTER',
    type: choice('otlp', 'none'),
    default: 'otlp',
    doc: '`none` exports no metrics; `/metrics` has them either way.',
  }),
  otelServiceName: optional({
    name: 'OTEL_SERVICE_NAME',
    type: text,
    doc: 'The name of the service in what is exported. Without it that of `OTEL_RESOURCE_ATTRIBUTES`, else `presignd`.',
  }),
  otelResourceAttributes: withDefault({
    name: 'OTEL_RESOURCE_ATTRIBUTES',
    type: keyValues,
    default: '',
    doc: 'Attributes of everything that is exported, such as `deployment.environment.name=staging`: values are percent-encoded.',
  }),
  tracesSampler: withDefault({
    name: 'OTEL_TRACES_SAMPLER',
    type: choice(...TRACE_SAMPLERS),
    default: 'parentbased_always_on',
    doc: 'Which requests are traced. `parentbased_…` does as the caller decided, where one sent a `traceparent`.',
  }),
  tracesSamplerRatio: withDefault({
    name: 'OTEL_TRACES_SAMPLER_ARG',
    type: fraction,
    default: '1',
    doc: 'The share of requests that the `…traceidratio` samplers trace.',
  }),
  traceDelayMs: withDefault({
    name: 'OTEL_BSP_SCHEDULE_DELAY',
    type: integer(1, 60_000),
    default: '5000',
    doc: 'Milliseconds for which spans are gathered before they are exported.',
  }),
  metricIntervalMs: withDefault({
    name: 'OTEL_METRIC_EXPORT_INTERVAL',
    type: integer(1, 3_600_000),
    default: '60000',
    doc: 'Milliseconds between two exports of metrics.',
  }),
} as const satisfies Record<string, SettingRow<unknown>>;
