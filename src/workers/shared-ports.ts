// What workers count and remember together: kept by the primary, and asked for by the workers.

import { createLocalRateCounts, createLocalTokenCounts } from '../quota/local-counts.ts';
import type { SharedRateCounts, SharedTokenCounts } from '../quota/ports.ts';
import { createMemoryCreationMemory } from '../uploads/creation-memory.ts';
import type { CreationMemory } from '../uploads/ports.ts';
import type { Exchange } from './exchange.ts';
import type { PrimaryAnswers } from './messages.ts';

export interface SharedPorts {
  readonly rateCounts: SharedRateCounts;
  readonly tokenCounts: SharedTokenCounts;
  readonly creationMemory: CreationMemory;
}

type SharedAnswers = Omit<PrimaryAnswers, 'metrics' | 'closed'>;

/** Keeps them, in bounded memory. */
export function createSharedAnswers(clock: { monotonicMs(): number }): SharedAnswers {
  const { remember, replace, recall } = createMemoryCreationMemory({ clock });
  return {
    takeCall: createLocalRateCounts({ clock }).take,
    takeToken: createLocalTokenCounts({ clock }).take,
    remember,
    replace,
    recall,
  };
}

/** Asks for them. Every method rejects when the primary does not answer in time, or is gone. */
export function sharedThrough(
  { ask }: Pick<Exchange<SharedAnswers>, 'ask'>,
  liveWorkers: () => number,
): SharedPorts {
  return {
    rateCounts: {
      take: (key, limit) => ask('takeCall', key, limit),
      instances: () => Math.max(1, liveWorkers()),
    },
    tokenCounts: { take: (use, atLeast) => ask('takeToken', use, atLeast) },
    creationMemory: {
      remember: (name, value, ttlMs) => ask('remember', name, value, ttlMs),
      replace: (name, value, ttlMs) => ask('replace', name, value, ttlMs),
      recall: (name) => ask('recall', name),
    },
  };
}
