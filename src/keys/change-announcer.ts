import type { ApiKey } from './api-key.ts';
import type { Clock, Schedule } from './clock.ts';
import type { Propagation } from './keys.ts';
import type { KeyLimits } from './limits.ts';
import { type KeyLookup, recordFromKey } from './lookup.ts';
import type { SharedKeyCache } from './ports.ts';

/** Tells this process, the shared cache and thereby every instance of changes that the store already has. */
export interface ChangeAnnouncer {
  /**
   * Makes an end of every older version of the key: in this process at once, elsewhere as soon as the shared cache
   * takes it, which is tried again in the background until it does, or until no cached copy of an older version can
   * be alive any more. `knownSinceMs` is a monotonic moment before the store took the change. Never rejects.
   */
  announce(key: ApiKey, knownSinceMs: number): Promise<Propagation>;
  /**
   * Makes a new key known, so that a lagging replica of the store does not refuse it on its first use. Only a help,
   * which is not tried again. Never rejects.
   */
  introduce(key: ApiKey, knownSinceMs: number): Promise<void>;
  /** Gives up on what is still being tried. */
  close(): void;
}

export interface ChangeAnnouncerDeps {
  readonly shared: Pick<SharedKeyCache, 'announce' | 'fill'> | undefined;
  readonly lookup: Pick<KeyLookup, 'invalidate'> | undefined;
  readonly clock: Pick<Clock, 'monotonicMs'>;
  readonly schedule: Schedule;
  readonly limits: Pick<KeyLimits, 'tombstoneMs' | 'maxAgeMs' | 'announceRetryMs'>;
}

export function createChangeAnnouncer(deps: ChangeAnnouncerDeps): ChangeAnnouncer {
  const { shared, lookup, clock, schedule, limits } = deps;
  const retries = new Set<() => void>();
  let closed = false;

  /** What is left of a life of `ageMs` that began at `knownSinceMs`. */
  const remainingMs = (knownSinceMs: number, ageMs: number) =>
    Math.floor(knownSinceMs + ageMs - clock.monotonicMs());

  async function attempt(key: ApiKey, knownSinceMs: number, deadlineMs: number): Promise<Propagation> {
    if (shared === undefined) return 'pending';
    // What lets the key through has to be as young as any other record; what refuses it has to outlive every fill
    // that read the store before the change. Either way its end is fixed, however often it is tried, so that a newer
    // version is remembered for longer. Once it is over, the message is still worth sending.
    const ageMs = key.status === 'active' ? limits.maxAgeMs : limits.tombstoneMs;
    const ttlMs = Math.max(1, remainingMs(knownSinceMs, ageMs));
    try {
      await shared.announce(key.digest, recordFromKey(key), ttlMs);
      return 'pushed';
    } catch {
      retryLater(key, knownSinceMs, deadlineMs);
      return 'pending';
    }
  }

  function retryLater(key: ApiKey, knownSinceMs: number, deadlineMs: number): void {
    if (closed || clock.monotonicMs() + limits.announceRetryMs >= deadlineMs) return;
    const cancel = schedule(limits.announceRetryMs, () => {
      retries.delete(cancel);
      void attempt(key, knownSinceMs, deadlineMs);
    });
    retries.add(cancel);
  }

  return {
    announce(key, knownSinceMs) {
      lookup?.invalidate(key.digest, key.version);
      return attempt(key, knownSinceMs, clock.monotonicMs() + limits.maxAgeMs);
    },
    async introduce(key, knownSinceMs) {
      lookup?.invalidate(key.digest, key.version);
      const ttlMs = remainingMs(knownSinceMs, limits.maxAgeMs);
      if (ttlMs > 0) await shared?.fill(key.digest, recordFromKey(key), ttlMs).catch(() => {});
    },
    close() {
      closed = true;
      for (const cancel of retries) cancel();
      retries.clear();
    },
  };
}
