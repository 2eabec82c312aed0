import { LRUCache } from 'lru-cache';

/** What one instance remembers of creating calls, in bounded memory. */
export interface CreationEntries<T> {
  get(name: string): T | undefined;
  set(name: string, entry: T, ttlMs: number): void;
}

export interface CreationEntriesDeps {
  readonly clock: { monotonicMs(): number };
  /** Beyond about as many names, or `maxChars` in names and entries together, what rested longest is forgotten. */
  readonly maxEntries?: number | undefined;
  readonly maxChars?: number | undefined;
}

const DEFAULT_MAX_ENTRIES = 50_000;
const DEFAULT_MAX_CHARS = 32 * 1024 * 1024;
/** As long as any upload id lives. Nothing that is remembered for a plan outlives it. */
const MAX_TTL_MS = 30 * 86_400_000;

/** @param charsOf how many characters an entry holds */
export function createCreationEntries<T extends object>(
  deps: CreationEntriesDeps,
  charsOf: (entry: T) => number,
): CreationEntries<T> {
  const { clock, maxEntries = DEFAULT_MAX_ENTRIES, maxChars = DEFAULT_MAX_CHARS } = deps;
  // So that so many entries are as much as so many characters: a cache told of a number makes room for all at once.
  const leastChars = Math.max(1, Math.floor(maxChars / maxEntries));
  const entries = new LRUCache<string, T>({
    maxSize: maxChars,
    sizeCalculation: (entry, name) => Math.max(leastChars, name.length + charsOf(entry)),
    perf: { now: clock.monotonicMs },
    // Any other resolution makes the cache remember the time by a timer of its own.
    ttlResolution: 0,
  });
  return {
    get: (name) => entries.get(name),
    set(name, entry, ttlMs) {
      // A life of 0 would be one without end.
      entries.set(name, entry, { ttl: Math.max(1, Math.min(Math.ceil(ttlMs), MAX_TTL_MS)) });
    },
  };
}
