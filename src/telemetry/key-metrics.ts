import { Counter, Histogram, type Registry } from 'prom-client';
import { createTallies } from './tallies.ts';

/** From an announcement within one network to a feed that has been down for minutes. */
const PROPAGATION_BUCKETS_SECONDS = [
  0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 0.75, 1, 1.5, 2.5, 5, 10, 30, 60, 300,
];

export interface KeyMetrics {
  keyLookedUp(tier: string, outcome: string): void;
  sharedRecordRejected(): void;
  keyChangePropagated(via: string, seconds: number): void;
}

export function createKeyMetrics(registry: Registry): KeyMetrics {
  const registers = [registry];
  const lookupTally = createTallies({
    name: 'presignd_key_lookups_total',
    help: 'API key lookups, by the tier that answered and the outcome.',
    labelNames: ['tier', 'outcome'] as const,
    registers,
  });
  const rejected = new Counter({
    name: 'presignd_key_cache_rejected_total',
    help: 'Values in the shared cache that were not authentic and were dropped.',
    registers,
  });
  const propagation = new Histogram({
    name: 'presignd_key_change_propagation_seconds',
    help: 'Time from the change of a key by another process, as the store dates it, until it was known here.',
    labelNames: ['via'] as const,
    buckets: PROPAGATION_BUCKETS_SECONDS,
    registers,
  });
  return {
    keyLookedUp: (tier, outcome) => {
      lookupTally(tier, outcome).count += 1;
    },
    sharedRecordRejected: () => rejected.inc(),
    keyChangePropagated: (via, seconds) => propagation.observe({ via }, seconds),
  };
}
