import { setTimeout as delay } from 'node:timers/promises';
import { Fault } from './fault/fault.ts';

const ATTEMPTS = 10;
const PAUSE_MS = 200;

/**
 * Asks the store again where it does not answer within the time of a call: on a busy machine, a process that starts is
 * still loading itself when the answer comes, and would end although the store is well. Rejects with the last failure.
 */
export async function startPatiently<T>(ask: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await ask();
    } catch (error) {
      const again = error instanceof Fault && error.reason === 'STORE_UNAVAILABLE' && attempt < ATTEMPTS;
      if (!again) throw error;
      await delay(PAUSE_MS);
    }
  }
}
