import { Gauge, type Registry } from 'prom-client';

/** How the gauges show a circuit breaker. */
const BREAKER_VALUES = { closed: 0, 'half-open': 1, open: 2 } as const;

/** What a circuit breaker stands in front of: reads of cached keys, shared counts, or what creating calls remember. */
export type GuardName = 'keys' | 'rate' | 'bytes' | 'token' | 'creations';

/** A memory that is bounded by its number of entries. */
export type CacheName = 'keys' | 'absent_keys' | 'rate_states';

/** Gauges that ask what they show when they are scraped. Each is told once whom to ask; without that it has no series. */
export interface StateGauges {
  cache(name: CacheName, readEntries: () => number): void;
  breaker(guard: GuardName, readState: () => keyof typeof BREAKER_VALUES): void;
  /** `readMs` answers milliseconds. */
  feedLag(readMs: () => number): void;
}

export function createStateGauges(registry: Registry): StateGauges {
  const caches = gauge(registry, {
    name: 'presignd_cache_entries',
    help: 'Entries of a bounded memory of this instance.',
    label: 'cache',
    aggregator: 'sum',
  });
  const breakers = gauge(registry, {
    name: 'presignd_breaker_state',
    help: 'Circuit breakers in front of what instances share: 0 closed, 1 half-open, 2 open.',
    label: 'guard',
    aggregator: 'max',
  });
  const lag = gauge(registry, {
    name: 'presignd_revocation_feed_lag_seconds',
    help: 'Time since the last successful poll of key changes began: how late a revocation can be known here.',
    aggregator: 'max',
  });
  return {
    cache: caches,
    breaker: (guard, readState) => breakers(guard, () => BREAKER_VALUES[readState()]),
    feedLag: (readMs) => lag('', () => readMs() / 1000),
  };
}

interface GaugeConfig {
  readonly name: string;
  readonly help: string;
  readonly label?: string;
  /** What the gauges of several workers come to. */
  readonly aggregator: 'sum' | 'max';
}

function gauge(registry: Registry, { name, help, label, aggregator }: GaugeConfig) {
  const sources = new Map<string, () => number>();
  new Gauge({
    name,
    help,
    aggregator,
    labelNames: label === undefined ? [] : [label],
    registers: [registry],
    collect() {
      for (const [value, read] of sources) this.set(label === undefined ? {} : { [label]: value }, read());
    },
  });
  return (value: string, read: () => number) => void sources.set(value, read);
}
