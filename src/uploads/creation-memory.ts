import { type CreationEntriesDeps, createCreationEntries } from './creation-entries.ts';
import type { CreationMemory } from './ports.ts';

interface Entry {
  readonly value: string;
}

/** Remembers within this instance only, in bounded memory. */
export function createMemoryCreationMemory(deps: CreationEntriesDeps): CreationMemory {
  const entries = createCreationEntries<Entry>(deps, ({ value }) => value.length);
  return {
    async remember(name, value, ttlMs) {
      const known = entries.get(name);
      if (known !== undefined) return known.value;
      entries.set(name, { value }, ttlMs);
      return value;
    },
    async replace(name, value, ttlMs) {
      entries.set(name, { value }, ttlMs);
    },
    recall: async (name) => entries.get(name)?.value,
  };
}
