import { Counter, type CounterConfiguration } from 'prom-client';

/** Counted since the last scrape. */
export interface Tally {
  count: number;
}

/**
 * A counter that is fed from tallies when it is scraped: finding a series in the library costs more than growing a
 * tally. Answers the tally for the labels' values, in the order of `labelNames`. Labels are bounded, so
 * the tallies are too.
 */
export function createTallies(
  config: CounterConfiguration<string> & { readonly labelNames: readonly string[] },
): (...values: string[]) => Tally {
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
  return (...values) => tallies.get(...values);
}

/** Makes a value once for each set of labels. */
export function remember<T>(make: (...labels: string[]) => T) {
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
