import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';
import type { MetricSnapshot, MetricsPage } from './metric-totals.ts';
import { createStateGauges, type StateGauges } from './state-gauges.ts';
import { createTallies, remember } from './tallies.ts';
import { createTlsMetrics, type TlsMetrics } from './tls-metrics.ts';

/** From 0.5 ms, as most calls are answered from memory, to the longest request time-out. */
const DURATION_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** From an announcement within one network to a feed that has been down for minutes. */
const PROPAGATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 300,
];

/** What a call can be judged by without the other instances: the rate or the bytes of a key, or an upload token. */
export type InsuredLimit = 'rate' | 'bytes' | 'token';

/** Why calls and connections are refused: the event loop is late, or there are too many, of all or of one address. */
export type ShedCause = 'loop' | 'concurrency' | 'connections' | 'address';

/** What was signed. */
export type SignedKind = 'put' | 'form' | 'part' | 'get';

export interface Metrics extends TlsMetrics {
  requestEnded(labels: { protocol: string; route: string; code: string }, durationSeconds: number): void;
  keyLookedUp(tier: string, outcome: string): void;
  sharedRecordRejected(): void;
  limitInsured(limit: InsuredLimit): void;
  creationInsured(): void;
  shed(cause: ShedCause): void;
  /** Told how calls stand whenever it is asked. */
  watchCalls(counts: () => { readonly running: number; readonly queued: number }): void;
  presigned(destination: string, kind: SignedKind, signer: 'native' | 'sdk', count: number): void;
  signerChosen(destination: string, signer: 'native' | 'sdk'): void;
  storageClockRead(destination: string, aheadSeconds: number): void;
  keyChangePropagated(via: string, seconds: number): void;
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
  const registers = [registry];
  const requestTally = createTallies({
    name: 'presignd_requests_total',
    help: 'Requests answered, by protocol, route and wire code.',
    labelNames: ['protocol', 'route', 'code'] as const,
    registers,
  });
  const durations = new Histogram({
    name: 'presignd_request_duration_seconds',
    help: 'Time from the arrival of a request to the end of its answer.',
    labelNames: ['protocol', 'route'] as const,
    buckets: DURATION_BUCKETS_SECONDS,
    registers,
  });
  const lookupTally = createTallies({
    name: 'presignd_key_lookups_total',
    help: 'API key lookups, by the tier that answered and the outcome.',
    labelNames: ['tier', 'outcome'] as const,
    registers,
  });
  const rejected = new Counter({
    name: 'presignd_key_cache_rejected_total',
    help: 'Values in the shared cache that were not authentic and were dropped.',
    registers,
  });
  const insuredTally = createTallies({
    name: 'presignd_limits_insured_total',
    help: 'Calls judged by this instance alone, because the count that instances share did not answer.',
    labelNames: ['limit'] as const,
    registers,
  });
  const creations = new Counter({
    name: 'presignd_creations_insured_total',
    help: 'Idempotent calls remembered by this instance alone, because the memory that instances share did not answer.',
    registers,
  });
  const shedTally = createTallies({
    name: 'presignd_shed_total',
    help: 'Calls and connections refused to stay within bounds, by cause.',
    labelNames: ['cause'] as const,
    registers,
  });
  const presignTally = createTallies({
    name: 'presignd_presigns_total',
    help: 'URLs and forms presigned, by destination, kind and the signer that did it.',
    labelNames: ['destination', 'kind', 'signer'] as const,
    registers,
  });
  const native = new Gauge({
    name: 'presignd_signer_native',
    help: '1 while the native signer is proven and in use for a destination, 0 while the AWS SDK signs.',
    labelNames: ['destination'] as const,
    aggregator: 'min',
    registers,
  });
  const skew = new Gauge({
    name: 'presignd_s3_clock_ahead_seconds',
    help: "How far S3's clock is ahead of this machine's, by its last answer. Beyond 900 s it refuses what was signed.",
    labelNames: ['destination'] as const,
    aggregator: 'average',
    registers,
  });
  const propagation = new Histogram({
    name: 'presignd_key_change_propagation_seconds',
    help: 'Time from the change of a key by another process, as the store dates it, until it was known here.',
    labelNames: ['via'] as const,
    buckets: PROPAGATION_BUCKETS_SECONDS,
    registers,
  });
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

  const durationSeries = remember((protocol, route) => durations.labels(protocol, route)).get;

  return {
    ...createTlsMetrics(registry),
    requestEnded: ({ protocol, route, code }, durationSeconds) => {
      requestTally(protocol, route, code).count += 1;
      durationSeries(protocol, route).observe(durationSeconds);
    },
    keyLookedUp: (tier, outcome) => {
      lookupTally(tier, outcome).count += 1;
    },
    sharedRecordRejected: () => rejected.inc(),
    limitInsured: (limit) => {
      insuredTally(limit).count += 1;
    },
    creationInsured: () => creations.inc(),
    shed: (cause) => {
      shedTally(cause).count += 1;
    },
    watchCalls: (counts) => {
      new Gauge({
        name: 'presignd_calls',
        help: 'Calls at work, and calls that wait for their turn.',
        labelNames: ['state'] as const,
        registers,
        collect() {
          const { running, queued } = counts();
          this.set({ state: 'running' }, running);
          this.set({ state: 'queued' }, queued);
        },
      });
    },
    presigned: (destination, kind, signer, count) => {
      presignTally(destination, kind, signer).count += count;
    },
    signerChosen: (destination, signer) => native.set({ destination }, signer === 'native' ? 1 : 0),
    storageClockRead: (destination, aheadSeconds) => skew.set({ destination }, aheadSeconds),
    keyChangePropagated: (via, seconds) => propagation.observe({ via }, seconds),
    exportEnded: (signal, outcome) => {
      exportTally(signal, outcome).count += 1;
    },
    state: createStateGauges(registry),
    registry,
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
    snapshot: () => registry.getMetricsAsJSON(),
  };
}
