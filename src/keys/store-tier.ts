import type { ApiKey, KeyDigest } from './api-key.ts';
import type { Clock, Schedule } from './clock.ts';
import type { KeyLimits } from './limits.ts';
import type { KeyStore } from './ports.ts';
import { createStoreGate } from './store-gate.ts';

export interface StoreRead {
  /** Undefined when there is no such key. */
  readonly key: ApiKey | undefined;
  /** When the read began, which is when the life of what was read began. Monotonic. */
  readonly readAtMs: number;
}

/** The source of truth, asked within bounds. */
export interface StoreTier {
  /** Rejects when the store does not answer, not in time, or not what it was asked for. */
  read(digest: KeyDigest): Promise<StoreRead>;
}

export interface StoreTierDeps {
  readonly store: Pick<KeyStore, 'findByDigest'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly schedule: Schedule;
  readonly limits: KeyLimits;
}

export function createStoreTier({ store, clock, schedule, limits }: StoreTierDeps): StoreTier {
  const gate = createStoreGate(limits, schedule);
  return {
    read: (digest) =>
      gate(async () => {
        const readAtMs = clock.monotonicMs();
        const key = await store.findByDigest(digest);
        if (key !== undefined && key.digest !== digest) throw new Error('the store answered another key');
        return { key, readAtMs };
      }),
  };
}
