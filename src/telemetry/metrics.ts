import { Counter, collectDefaultMetrics, Gauge, Histogram, Registry } from 'prom-client';

/** From 0.5 ms, as most calls are answered from memory, to the longest request time-out. */
const DURATION_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

export interface Metrics {
  requestEnded(labels: { protocol: string; route: string; code: string }, durationSeconds: number): void;
  keyLookedUp(tier: string, outcome: string): void;
  sharedRecordRejected(): void;
  presigned(signer: 'native' | 'sdk'): void;
  signerChosen(signer: 'native' | 'sdk'): void;
  /** The exposition in Prometheus' text format. */
  expose(): Promise<{ readonly contentType: string; readonly body: string }>;
}

/** The metrics of one instance. Labels are bounded: route templates and wire codes, never a path, key or file name. */
export function createMetrics(version: string): Metrics {
  const registry = new Registry();
  collectDefaultMetrics({ register: registry });
  const registers = [registry];
  const requests = new Counter({
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
  const lookups = new Counter({
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
  const presigns = new Counter({
    name: 'presignd_presigns_total',
    help: 'URLs presigned, by the signer that did it.',
    labelNames: ['signer'] as const,
    registers,
  });
  const native = new Gauge({
    name: 'presignd_signer_native',
    help: '1 while the native signer is proven and in use, 0 while the AWS SDK signs.',
    registers,
  });
  const build = new Gauge({
    name: 'presignd_build_info',
    help: 'Always 1; the labels say what is running.',
    labelNames: ['version', 'node'] as const,
    registers,
  });
  build.set({ version, node: process.version }, 1);

  return {
    requestEnded: (labels, durationSeconds) => {
      requests.inc(labels);
      durations.observe({ protocol: labels.protocol, route: labels.route }, durationSeconds);
    },
    keyLookedUp: (tier, outcome) => lookups.inc({ tier, outcome }),
    sharedRecordRejected: () => rejected.inc(),
    presigned: (signer) => presigns.inc({ signer }),
    signerChosen: (signer) => native.set(signer === 'native' ? 1 : 0),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}
