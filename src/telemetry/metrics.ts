import { collectDefaultMetrics, Gauge, Registry } from 'prom-client';
import { createDestinationMetrics, type DestinationMetrics } from './destination-metrics.ts';
import { createKeyMetrics, type KeyMetrics } from './key-metrics.ts';
import { createLimitMetrics, type LimitMetrics } from './limit-metrics.ts';
import type { MetricSnapshot, MetricsPage } from './metric-totals.ts';
import { createRequestMetrics, type RequestMetrics } from './request-metrics.ts';
import { createStateGauges, type StateGauges } from './state-gauges.ts';
import { createTallies } from './tallies.ts';
import { createTlsMetrics, type TlsMetrics } from './tls-metrics.ts';

export interface Metrics extends RequestMetrics, KeyMetrics, LimitMetrics, DestinationMetrics, TlsMetrics {
  exportEnded(signal: 'traces' | 'metrics', outcome: 'ok' | 'failed'): void;
  readonly state: StateGauges;
  /** Everything that is measured here. */
  readonly registry: Registry;
  /** The exposition in Prometheus' text format. */
  expose(): Promise<MetricsPage>;
  /** The same as data, to be added up with that of other processes. */
  snapshot(): Promise<MetricSnapshot>;
}

/** The metrics of one instance. Labels are bounded: route templates and wire codes, never a path, key or file name. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const requests = createRequestMetrics(registry);
  const keys = createKeyMetrics(registry);
  const limits = createLimitMetrics(registry);
  const destinations = createDestinationMetrics(registry);
  const registers = [registry];
  const exportTally = createTallies({
    name: 'presignd_telemetry_exports_total',
    help: 'Exports of traces and metrics to an OpenTelemetry collector, by outcome.',
    labelNames: ['signal', 'outcome'] as const,
    registers,
  });
  const build = new Gauge({
    name: 'presignd_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'node'] as const,
    aggregator: 'first',
    registers,
  });
  build.set({ version, node: process.version }, 1);

  return {
    ...requests,
    ...keys,
    ...limits,
    ...destinations,
    ...createTlsMetrics(registry),
    exportEnded: (signal, outcome) => {
      exportTally(signal, outcome).count += 1;
    },
    state: createStateGauges(registry),
    registry,
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}
