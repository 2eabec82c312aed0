import { AggregatorRegistry, Counter, collectDefaultMetrics, Gauge, Registry } from 'prom-client';

/** The metrics of one process at one moment, as data. */
export type MetricSnapshot = Readonly<Awaited<ReturnType<Registry['getMetricsAsJSON']>>>;

/** An exposition in Prometheus' text format. */
export interface MetricsPage {
  readonly contentType: string;
  readonly body: string;
}

/** Adds up the metrics of the workers of one service. */
export interface MetricTotals {
  /** Takes in what a worker has counted so far, in place of what it had before. */
  update(worker: object, snapshot: MetricSnapshot): void;
  /** Keeps what a worker that has ended had counted at its last update, so that no total ever shrinks. */
  retire(worker: object): void;
  /** Tells workers that ended by themselves from those that hung and those that were replaced on purpose. */
  workerEnded(how: 'crash' | 'hang' | 'restart'): void;
  liveWorkers(count: number): void;
  expose(): Promise<MetricsPage>;
  /** What is measured here, beside what the workers are. */
  readonly registry: Registry;
}

/** Where the sum of the workers says nothing, and the library knows nothing better. */
const AGGREGATORS: readonly (readonly [name: RegExp, aggregator: string])[] = [
  [/^process_start_time_seconds$/, 'min'],
  [/^nodejs_eventloop_lag_/, 'max'],
];

export function createMetricTotals(): MetricTotals {
  const own = new Registry();
  collectDefaultMetrics({ register: own });
  const live = new Gauge({
    name: 'presignd_workers',
    help: 'Worker processes that serve.',
    registers: [own],
  });
  const ends = new Counter({
    name: 'presignd_worker_ends_total',
    help: 'Worker processes that ended: by themselves (crash), killed as they hung (hang), or to be replaced by new ones (restart).',
    labelNames: ['how'] as const,
    registers: [own],
  });
  for (const how of ['crash', 'hang', 'restart']) ends.inc({ how }, 0);
  const current = new Map<object, MetricSnapshot>();
  let retired: Promise<MetricSnapshot> = Promise.resolve([]);

  return {
    update: (worker, snapshot) => void current.set(worker, snapshot),
    retire(worker) {
      const snapshot = current.get(worker) ?? [];
      current.delete(worker);
      retired = retired.then((before) => sumOf([before, snapshot.filter(isCount)]).getMetricsAsJSON());
    },
    workerEnded: (how) => ends.inc({ how }),
    liveWorkers: (count) => live.set(count),
    registry: own,
    async expose() {
      const total = sumOf([await own.getMetricsAsJSON(), await retired, ...current.values()]);
      return { contentType: total.contentType, body: await total.metrics() };
    },
  };
}

/** Whether it only grows. */
function isCount({ type }: MetricSnapshot[number]): boolean {
  // The library types this as a number, and its processes say it in words.
  return ['counter', 'histogram', 'summary'].includes(String(type));
}

function sumOf(snapshots: readonly MetricSnapshot[]): Registry {
  return AggregatorRegistry.aggregate(snapshots.map((snapshot) => snapshot.map(withAggregator)));
}

function withAggregator(metric: MetricSnapshot[number]): MetricSnapshot[number] {
  const known = AGGREGATORS.find(([name]) => name.test(metric.name));
  return known === undefined ? metric : ({ ...metric, aggregator: known[1] } as typeof metric);
}
