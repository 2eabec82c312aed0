import { Histogram, type Registry } from 'prom-client';
import { createTallies, remember } from './tallies.ts';

/** From 0.5 ms, as most calls are answered from memory, to the longest request time-out. */
const DURATION_BUCKETS_SECONDS = [
  0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10,
];

export interface RequestMetrics {
  requestEnded(labels: { protocol: string; route: string; code: string }, durationSeconds: number): void;
}

export function createRequestMetrics(registry: Registry): RequestMetrics {
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
  const durationSeries = remember((protocol, route) => durations.labels(protocol, route)).get;
  return {
    requestEnded: ({ protocol, route, code }, durationSeconds) => {
      requestTally(protocol, route, code).count += 1;
      durationSeries(protocol, route).observe(durationSeconds);
    },
  };
}
