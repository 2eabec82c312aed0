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
  const made: T[] = [];
  const root: Branch<T> = new Map();
  return {
    get: (...labels: string[]): T => {
      let branch = root;
      let leaf: Leaf<T> | undefined;
      // A step for each label: joined to one name for all, they would have to be hashed anew each time.
      for (const label of labels) {
        leaf = branch.get(label);
        if (leaf === undefined) {
          leaf = { next: new Map(), value: undefined };
          branch.set(label, leaf);
        }
        branch = leaf.next;
      }
      const value = leaf?.value ?? make(...labels);
      if (leaf !== undefined && leaf.value === undefined) {
        leaf.value = value;
        made.push(value);
      }
      return value;
    },
    all: (): Iterable<T> => made,
  };
}

/** What is known under the first labels of a set, by the next one. */
type Branch<T> = Map<string, Leaf<T>>;

interface Leaf<T> {
  readonly next: Branch<T>;
  value: T | undefined;
}
