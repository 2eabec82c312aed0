import type { ApiKey } from './api-key.ts';
import type { Clock, Schedule } from './clock.ts';
import type { KeyLimits } from './limits.ts';
import { recordFromKey } from './lookup.ts';
import type { SharedKeyCache } from './ports.ts';

/** Puts revocations, which the store already has, into the shared cache and thereby before every instance. */
export interface RevocationAnnouncer {
  /**
   * True when the shared cache took it. Otherwise it is tried again in the background until it does, or until
   * no cached copy of the key can be alive any more. Never rejects.
   */
  announce(key: ApiKey): Promise<boolean>;
  /** Gives up on what is still being tried. */
  close(): void;
}

export interface RevocationAnnouncerDeps {
  readonly shared: Pick<SharedKeyCache, 'revoke'>;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly schedule: Schedule;
  readonly limits: Pick<KeyLimits, 'tombstoneMs' | 'maxAgeMs' | 'announceRetryMs'>;
}

export function createRevocationAnnouncer(deps: RevocationAnnouncerDeps): RevocationAnnouncer {
  const { shared, clock, schedule, limits } = deps;
  const retries = new Set<() => void>();
  let closed = false;

  async function attempt(key: ApiKey, deadlineMs: number): Promise<boolean> {
    try {
      await shared.revoke(key.digest, recordFromKey(key), limits.tombstoneMs);
      return true;
    } catch {
      retryLater(key, deadlineMs);
      return false;
    }
  }

  function retryLater(key: ApiKey, deadlineMs: number): void {
    if (closed || clock.monotonicMs() + limits.announceRetryMs >= deadlineMs) return;
    const cancel = schedule(limits.announceRetryMs, () => {
      retries.delete(cancel);
      void attempt(key, deadlineMs);
    });
    retries.add(cancel);
  }

  return {
    announce: (key) => attempt(key, clock.monotonicMs() + limits.maxAgeMs),
    close() {
      closed = true;
      for (const cancel of retries) cancel();
      retries.clear();
    },
  };
}
