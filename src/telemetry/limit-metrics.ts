import { Counter, Gauge, type Registry } from 'prom-client';
import { createTallies } from './tallies.ts';

/** What a call can be judged by without the other instances: the rate or the bytes of a key, or an upload token. */
export type InsuredLimit = 'rate' | 'bytes' | 'token';

/** Why calls and connections are refused: the event loop is late, or there are too many, of all or of one address. */
export type ShedCause = 'loop' | 'concurrency' | 'connections' | 'address';

export interface LimitMetrics {
  limitInsured(limit: InsuredLimit): void;
  creationInsured(): void;
  shed(cause: ShedCause): void;
  /** Told how calls stand whenever it is asked. */
  watchCalls(counts: () => { readonly running: number; readonly queued: number }): void;
}

export function createLimitMetrics(registry: Registry): LimitMetrics {
  const registers = [registry];
  const insuredTally = createTallies({
    name: 'presignd_limits_insured_total',
    help: 'Calls judged by this instance alone, because the count that instances share did not answer.',
    labelNames: ['limit'] as const,
    registers,
  });
  const creations = new Counter({
    name: 'presignd_creations_insured_total',
    help: 'Idempotent calls remembered by this instance alone, because the memory that instances share did not answer.',
    registers,
  });
  const shedTally = createTallies({
    name: 'presignd_shed_total',
    help: 'Calls and connections refused to stay within bounds, by cause.',
    labelNames: ['cause'] as const,
    registers,
  });
  return {
    limitInsured: (limit) => {
      insuredTally(limit).count += 1;
    },
    creationInsured: () => creations.inc(),
    shed: (cause) => {
      shedTally(cause).count += 1;
    },
    watchCalls: (counts) => {
      new Gauge({
        name: 'presignd_calls',
        help: 'Calls at work, and calls that wait for their turn.',
        labelNames: ['state'] as const,
        registers,
        collect() {
          const { running, queued } = counts();
          this.set({ state: 'running' }, running);
          this.set({ state: 'queued' }, queued);
        },
      });
    },
  };
}
