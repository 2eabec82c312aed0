import { Fault } from '../fault/fault.ts';
import { createTurns } from '../flow/turns.ts';
import { type Schedule, withTimeout } from './clock.ts';
import type { KeyLimits } from './limits.ts';

type GateLimits = Pick<
  KeyLimits,
  'storeConcurrency' | 'storeQueueLength' | 'storeQueueWaitMs' | 'storeTimeoutMs' | 'unavailableRetryAfterMs'
>;

/**
 * Bounds how hard the store is asked: so many reads at once, so many waiting, so long. Runs the read when it is its
 * turn. Rejects with a Fault STORE_UNAVAILABLE when there is no turn, or no answer in time.
 */
export type StoreGate = <T>(read: () => Promise<T>) => Promise<T>;

export function createStoreGate(limits: GateLimits, schedule: Schedule): StoreGate {
  const unavailable = (cause: string) =>
    new Fault('STORE_UNAVAILABLE', {
      retryAfterMs: limits.unavailableRetryAfterMs,
      cause: new Error(cause),
    });
  const turns = createTurns(
    {
      concurrent: limits.storeConcurrency,
      queueLength: limits.storeQueueLength,
      queueWaitMs: limits.storeQueueWaitMs,
    },
    schedule,
    (why) => unavailable(why === 'full' ? 'the queue is full' : 'waited too long in the queue'),
  );

  return async (read) => {
    await turns.take();
    try {
      return await withTimeout(read(), limits.storeTimeoutMs, schedule, () =>
        unavailable('the store did not answer in time'),
      );
    } finally {
      // Also after a timeout: a read that never ends must not hold its place for ever.
      turns.leave();
    }
  };
}
