import { createCircuitBreaker } from '../../src/keys/circuit-breaker.ts';
import { createTokenBudget } from '../../src/quota/token-budget.ts';
import type { CreationMemory, TokenBudget } from '../../src/uploads/ports.ts';
import { createSharedCreationMemory } from '../../src/uploads/shared-creation-memory.ts';
import { type ConnectedUploadMemory, openUploadMemory } from './redis-upload-memory.ts';
import { systemClock } from './system-clock.ts';

/** How often what is shared may fail in a row before it is left alone. */
export const FAILURES = 5;

/** What one instance remembers and counts of uploads, as the service joins it. */
export interface UploadMemoryInstance {
  readonly connected: ConnectedUploadMemory;
  readonly creations: CreationMemory;
  readonly budget: TokenBudget;
  /** What was decided alone: after what is shared had failed, or without asking it. */
  readonly alone: { failed: number; unasked: number };
}

/** Does not wait for Redis. */
export function openUploadMemoryInstance(url: string, prefix: string): UploadMemoryInstance {
  const connected = openUploadMemory(url, { prefix });
  const alone = { failed: 0, unasked: 0 };
  const deps = {
    clock: systemClock,
    onInsurance: (error: unknown) => {
      alone[error === undefined ? 'unasked' : 'failed'] += 1;
    },
  };
  const guard = () =>
    createCircuitBreaker({ clock: systemClock, random: () => 0, failures: FAILURES, openMs: 500 });
  return {
    connected,
    alone,
    creations: createSharedCreationMemory({ shared: connected.memory, guard: guard(), ...deps }),
    budget: createTokenBudget({ shared: { counts: connected.counts, guard: guard() }, ...deps }),
  };
}
