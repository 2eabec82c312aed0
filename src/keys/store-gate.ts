import { Fault } from '../fault/fault.ts';
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

interface Waiter {
  readonly enter: () => void;
}

export function createStoreGate(limits: GateLimits, schedule: Schedule): StoreGate {
  const waiting = new Set<Waiter>();
  let running = 0;

  const unavailable = (cause: string) =>
    new Fault('STORE_UNAVAILABLE', {
      retryAfterMs: limits.unavailableRetryAfterMs,
      cause: new Error(cause),
    });

  function turn(): Promise<void> {
    if (running < limits.storeConcurrency) {
      running++;
      return Promise.resolve();
    }
    if (waiting.size >= limits.storeQueueLength) return Promise.reject(unavailable('the queue is full'));
    return new Promise((resolve, reject) => {
      const cancel = schedule(limits.storeQueueWaitMs, () => {
        waiting.delete(waiter);
        reject(unavailable('waited too long in the queue'));
      });
      const waiter: Waiter = {
        enter() {
          cancel();
          waiting.delete(waiter);
          resolve();
        },
      };
      waiting.add(waiter);
    });
  }

  function leave(): void {
    const [next] = waiting;
    // A turn is handed on, so `running` only sinks when nobody waits.
    if (next === undefined) running--;
    else next.enter();
  }

  return async (read) => {
    await turn();
    try {
      return await withTimeout(read(), limits.storeTimeoutMs, schedule, () =>
        unavailable('the store did not answer in time'),
      );
    } finally {
      // Also after a timeout: a read that never ends must not hold its place for ever.
      leave();
    }
  };
}
