import type { KeyDigest, KeyRecord } from '../../src/keys/api-key.ts';
import type { Clock } from '../../src/keys/clock.ts';
import type { SharedKeyCache } from '../../src/keys/ports.ts';

/** The server side of a shared cache that lives in this process, and what a test can do to it. */
export interface MemoryCacheServer {
  connect(): SharedKeyCache;
  /** Every call is rejected. */
  down: boolean;
  /** No announcement reaches anybody, and nobody is told. */
  deaf: boolean;
  /** Awaited by every call before it takes effect: the time that the question is on its way. */
  asking: () => Promise<void>;
  /** Lets the connections of all listeners break and come back. */
  breakConnections(): void;
  flush(): void;
  calls(): number;
}

interface Stored {
  readonly record: KeyRecord;
  readonly untilMs: number;
}

export function createMemoryCacheServer(clock: Pick<Clock, 'monotonicMs'>): MemoryCacheServer {
  const stored = new Map<KeyDigest, Stored>();
  const changeListeners = new Set<(digest: KeyDigest, version: number) => void>();
  const gapListeners = new Set<() => void>();
  let calls = 0;

  async function act<T>(work: () => T): Promise<T> {
    calls++;
    if (server.down) throw new Error('the cache is down');
    await server.asking();
    return work();
  }

  function living(digest: KeyDigest): Stored | undefined {
    const found = stored.get(digest);
    return found !== undefined && found.untilMs > clock.monotonicMs() ? found : undefined;
  }

  function store(digest: KeyDigest, record: KeyRecord, ttlMs: number): void {
    if ((living(digest)?.record.version ?? 0) > record.version) return;
    stored.set(digest, { record, untilMs: clock.monotonicMs() + ttlMs });
  }

  function connect(): SharedKeyCache {
    const own = new Set<() => void>();
    function listen<T>(listeners: Set<T>, listener: T): () => void {
      listeners.add(listener);
      const stop = () => void listeners.delete(listener);
      own.add(stop);
      return stop;
    }
    return {
      get: (digest) =>
        act(() => {
          const found = living(digest);
          return found && { record: found.record, remainingMs: found.untilMs - clock.monotonicMs() };
        }),
      fill: (digest, record, ttlMs) => act(() => store(digest, record, ttlMs)),
      announce: (digest, record, ttlMs) =>
        act(() => {
          store(digest, record, ttlMs);
          if (!server.deaf) for (const tell of changeListeners) tell(digest, record.version);
        }),
      onAnnounced: (listener) => listen(changeListeners, listener),
      onGap: (listener) => listen(gapListeners, listener),
      ping: () => act(() => {}),
      async close() {
        for (const stop of own) stop();
      },
    };
  }

  const server: MemoryCacheServer = {
    connect,
    down: false,
    deaf: false,
    asking: () => Promise.resolve(),
    breakConnections() {
      for (const tell of gapListeners) tell();
    },
    flush: () => stored.clear(),
    calls: () => calls,
  };
  return server;
}
