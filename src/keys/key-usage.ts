// When keys were last used. Noted in memory by every call, and written down now and then: never on a call's way.
import { type Clock, type Schedule, withTimeout } from './clock.ts';
import type { KeyLimits } from './limits.ts';
import type { KeyStore } from './ports.ts';

export interface KeyUsage {
  /** Notes that the key was accepted just now. No I/O, and the same price however many keys there are. */
  record(keyId: string): void;
  /** Writes down what is left, as far as the store takes it in time, and stops. Never rejects. */
  close(): Promise<void>;
}

export interface KeyUsageDeps {
  readonly store: Pick<KeyStore, 'touch'>;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly schedule: Schedule;
  /** Evenly distributed in [0, 1). */
  readonly random: () => number;
  readonly limits: Pick<
    KeyLimits,
    'usageFlushMs' | 'usageEntries' | 'usagePageSize' | 'usageTimeoutMs' | 'usageCloseMs'
  >;
  /** Told of every flush that failed; the next one takes what it left. */
  readonly onError?: ((error: unknown) => void) | undefined;
}

export function createKeyUsage(deps: KeyUsageDeps): KeyUsage {
  const { store, clock, schedule, random, limits, onError = () => {} } = deps;
  /** Wall-clock milliseconds by key id, in the order of the first use since the last flush. */
  let uses = new Map<string, number>();
  let flushing: Promise<void> = Promise.resolve();
  let closed = false;
  let cancelNext = () => {};

  function dropOldest(): void {
    for (const id of uses.keys()) {
      if (uses.size <= limits.usageEntries) return;
      uses.delete(id);
    }
  }

  async function flush(): Promise<void> {
    const pending = [...uses].map(([id, atMs]) => ({ id, atMs }));
    uses = new Map();
    try {
      while (pending.length > 0) {
        await touch(pending.slice(0, limits.usagePageSize));
        pending.splice(0, limits.usagePageSize);
      }
    } catch (error) {
      onError(error);
      // What was noted meanwhile is later, and so more to the point.
      uses = new Map([...pending.map(({ id, atMs }) => [id, atMs] as const), ...uses]);
      dropOldest();
    }
  }

  function touch(page: readonly { readonly id: string; readonly atMs: number }[]): Promise<void> {
    return withTimeout(
      store.touch(page),
      limits.usageTimeoutMs,
      schedule,
      () => new Error('the store did not take the last uses in time'),
    );
  }

  // The jitter keeps a fleet that was started at once from writing at once.
  function flushLater(): void {
    cancelNext = schedule(limits.usageFlushMs * (1 + random()), () => {
      flushing = flush().then(() => {
        if (!closed) flushLater();
      });
    });
  }

  flushLater();
  return {
    record(keyId) {
      uses.set(keyId, clock.wallMs());
      if (uses.size > limits.usageEntries) dropOldest();
    },
    async close() {
      if (closed) return;
      closed = true;
      cancelNext();
      await withTimeout(
        flushing.then(flush),
        limits.usageCloseMs,
        schedule,
        () => new Error('the store took too long'),
      ).catch(onError);
    },
  };
}
