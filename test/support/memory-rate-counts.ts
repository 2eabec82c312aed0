import { type GcraState, gcra } from '../../src/quota/gcra.ts';
import type { SharedRateCounts } from '../../src/quota/ports.ts';

/** The server side of shared counts that live in this process, and what a test can do to it. */
export interface MemoryRateServer {
  connect(): SharedRateCounts & { close(): Promise<void> };
  /** Every call is rejected. */
  down: boolean;
  /** Awaited by every call before it takes effect: the time that the question is on its way. */
  asking: () => Promise<void>;
  flush(): void;
  calls(): number;
}

export function createMemoryRateServer(clock: { monotonicMs(): number }): MemoryRateServer {
  const states = new Map<string, GcraState>();
  const connected = new Set<object>();
  let calls = 0;

  const server: MemoryRateServer = {
    connect() {
      const connection = {};
      connected.add(connection);
      return {
        async take(key, limit) {
          calls++;
          if (server.down) throw new Error('the counts are down');
          await server.asking();
          if (server.down) throw new Error('the counts went down');
          const { state, verdict } = gcra(states.get(key), 1, clock.monotonicMs(), limit);
          states.set(key, state);
          return verdict;
        },
        instances: () => Math.max(1, connected.size),
        close: async () => void connected.delete(connection),
      };
    },
    down: false,
    asking: () => Promise.resolve(),
    flush: () => states.clear(),
    calls: () => calls,
  };
  return server;
}
