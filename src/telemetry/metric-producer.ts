// The metrics of `/metrics` as OpenTelemetry has them, so that both tell the same: nothing is measured twice.
import { type Attributes, type HrTime, ValueType } from '@opentelemetry/api';
import { hrTime, type InstrumentationScope, millisToHrTime } from '@opentelemetry/core';
import { emptyResource } from '@opentelemetry/resources';
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type MetricData,
  type MetricProducer,
} from '@opentelemetry/sdk-metrics';
import type { MetricObjectWithValues, MetricValue, Registry } from 'prom-client';

/** The library does not tell the types of the names that the values of a histogram have. */
type PromValue = MetricValue<string> & { readonly metricName?: string };
type PromMetric = MetricObjectWithValues<PromValue>;

interface Histogram {
  readonly buckets: { readonly boundaries: number[]; readonly counts: number[] };
  readonly sum: number;
  readonly count: number;
}

export interface MetricProducerDeps {
  readonly registry: Pick<Registry, 'getMetricsAsJSON'>;
  readonly scope: InstrumentationScope;
  /** Wall-clock milliseconds since when counters count. */
  readonly startedAtMs: number;
}

export function createMetricProducer({ registry, scope, startedAtMs }: MetricProducerDeps): MetricProducer {
  const startTime = millisToHrTime(startedAtMs);
  return {
    collect: async () => {
      const span = { startTime, endTime: hrTime() };
      const metrics = (await registry.getMetricsAsJSON()).flatMap((metric) => metricData(metric, span) ?? []);
      return {
        resourceMetrics: { resource: emptyResource(), scopeMetrics: [{ scope, metrics }] },
        errors: [],
      };
    },
  };
}

interface TimeSpan {
  readonly startTime: HrTime;
  readonly endTime: HrTime;
}

/** Undefined for summaries, of which there are none here. */
function metricData(metric: PromMetric, span: TimeSpan): MetricData | undefined {
  const base = {
    descriptor: {
      name: metric.name,
      description: metric.help,
      unit: unitOf(metric.name),
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  const points = () =>
    metric.values.map(
      ({ labels, value }): DataPoint<number> => ({ ...span, attributes: attributesOf(labels), value }),
    );
  // The library types this as an enum of numbers and answers the names.
  switch (String(metric.type)) {
    case 'counter':
      return { ...base, dataPointType: DataPointType.SUM, isMonotonic: true, dataPoints: points() };
    case 'gauge':
      return { ...base, dataPointType: DataPointType.GAUGE, dataPoints: points() };
    case 'histogram':
      return { ...base, dataPointType: DataPointType.HISTOGRAM, dataPoints: histogramPoints(metric, span) };
    default:
      return undefined;
  }
}

/** Prometheus has a value for each bucket, which counts all lower ones too; OpenTelemetry has a point for each series. */
function histogramPoints({ name, values }: PromMetric, span: TimeSpan): DataPoint<Histogram>[] {
  const series = Map.groupBy(values, ({ labels: { le: _, ...rest } }) => JSON.stringify(rest));
  return [...series.values()].map((ofSeries) => {
    const partOf = (suffix: string) =>
      ofSeries.find(({ metricName }) => metricName === name + suffix)?.value ?? 0;
    const buckets = ofSeries
      .filter(({ metricName }) => metricName === `${name}_bucket`)
      .map(({ labels, value }) => ({
        upTo: labels['le'] === '+Inf' ? Infinity : Number(labels['le']),
        value,
      }))
      .sort((a, b) => a.upTo - b.upTo);
    const { le: _, ...labels } = ofSeries[0]?.labels ?? {};
    return {
      ...span,
      attributes: attributesOf(labels),
      value: {
        buckets: {
          boundaries: buckets.map(({ upTo }) => upTo).filter(Number.isFinite),
          counts: buckets.map(({ value }, index) => value - (buckets[index - 1]?.value ?? 0)),
        },
        sum: partOf('_sum'),
        count: partOf('_count'),
      },
    };
  });
}

function attributesOf(labels: Partial<Record<string, string | number>>): Attributes {
  return { ...labels };
}

function unitOf(name: string): string {
  if (/_seconds(?:_total)?$/.test(name)) return 's';
  return /_bytes(?:_total)?$/.test(name) ? 'By' : '';
}
