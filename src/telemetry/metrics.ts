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

  // Resolving labels to a series costs more than counting in it, so each is resolved once.
  const requestSeries = remember((protocol: string, route: string, code: string) => ({
    requests: requests.labels(protocol, route, code),
    durations: durations.labels(protocol, route),
  }));
  const lookupSeries = remember((tier: string, outcome: string) => lookups.labels(tier, outcome));
  const presignSeries = remember((signer: string) => presigns.labels(signer));

  return {
    requestEnded: ({ protocol, route, code }, durationSeconds) => {
      const series = requestSeries(protocol, route, code);
      series.requests.inc();
      series.durations.observe(durationSeconds);
    },
    keyLookedUp: (tier, outcome) => lookupSeries(tier, outcome).inc(),
    sharedRecordRejected: () => rejected.inc(),
    presigned: (signer) => presignSeries(signer).inc(),
    signerChosen: (signer) => native.set(signer === 'native' ? 1 : 0),
    expose: async () => ({ contentType: registry.contentType, body: await registry.metrics() }),
  };
}

/** Remembers what the function answered for each set of labels. Labels are bounded, so this is too. */
function remember<A extends readonly string[], T>(make: (...labels: A) => T): (...labels: A) => T {
  const known = new Map<string, T>();
  return (...labels) => {
    const key = labels.join('\n');
    const found = known.get(key);
    if (found !== undefined) return found;
    const made = make(...labels);
    known.set(key, made);
    return made;
  };
}
