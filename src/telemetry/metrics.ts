import {
  Counter,
  type CounterConfiguration,
  collectDefaultMetrics,
  Gauge,
  Histogram,
  Registry,
} from 'prom-client';
import { createTlsMetrics, type TlsMetrics } from './tls-metrics.ts';

/** From 0.5 ms, as most calls are answered from memory, to the longest request time-out. */
const DURATION_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

/** What a call can be judged by without the other instances: the rate or the bytes of a key, or an upload token. */
export type InsuredLimit = 'rate' | 'bytes' | 'token';

/** What was signed. */
export type SignedKind = 'put' | 'form' | 'part' | 'get';

export interface Metrics extends TlsMetrics {
  requestEnded(labels: { protocol: string; route: string; code: string }, durationSeconds: number): void;
  keyLookedUp(tier: string, outcome: string): void;
  sharedRecordRejected(): void;
  limitInsured(limit: InsuredLimit): void;
  creationInsured(): void;
  presigned(destination: string, kind: SignedKind, signer: 'native' | 'sdk', count: number): void;
  signerChosen(destination: string, signer: 'native' | 'sdk'): void;
  storageClockRead(destination: string, aheadSeconds: number): void;
  /** The exposition in Prometheus' text format. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
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
    registers,
  });
  const skew = new Gauge({
    name: 'presignd_s3_clock_ahead_seconds',
    help: "How far S3's clock is ahead of this machine's, by its last answer. Beyond 900 s it refuses what was signed.",
    labelNames: ['destination'] as const,
    registers,
  });
  const build = new Gauge({
    name: 'presignd_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'node'] as const,
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
    presigned: (destination, kind, signer, count) => {
      presignTally(destination, kind, signer).count += count;
    },
    signerChosen: (destination, signer) => native.set({ destination }, signer === 'native' ? 1 : 0),
    storageClockRead: (destination, aheadSeconds) => skew.set({ destination }, aheadSeconds),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/** Counted since the last scrape. */
interface Tally {
  count: number;
}

/**
 * A counter that is fed from tallies when it is scraped: finding a series in the library costs more than growing a
 * tally. Answers the tally for the labels' values, in the order of `labelNames`. Labels are bounded, so
 * the tallies are too.
 */
function createTallies(config: CounterConfiguration<string> & { readonly labelNames: readonly string[] }) {
  const tallies = remember((...values): Tally & { readonly labels: Record<string, string> } => ({
    labels: Object.fromEntries(config.labelNames.map((name, index) => [name, values[index] ?? ''])),
    count: 0,
  }));
  new Counter({
    ...config,
    collect() {
      for (const tally of tallies.all()) {
        this.inc(tally.labels, tally.count);
        tally.count = 0;
      }
    },
  });
  return (...values: string[]): Tally => tallies.get(...values);
}

/** Makes a value once for each set of labels. */
function remember<T>(make: (...labels: string[]) => T) {
  const known = new Map<string, T>();
  return {
    get: (...labels: string[]): T => {
      const key = labels.join('\n');
      let value = known.get(key);
      if (value === undefined) {
        value = make(...labels);
        known.set(key, value);
      }
      return value;
    },
    all: () => known.values(),
  };
}
