import type { SharedTokenCounts, TokenCount } from '../../src/quota/ports.ts';

/** The server side of shared counts that live in this process, and what a test can do to it. */
export interface MemoryTokenServer {
  connect(): SharedTokenCounts;
  /** Every call is rejected. */
  down: boolean;
  /** Awaited by every call before it takes effect: the time that the question is on its way. */
  asking: () => Promise<void>;
  /** Awaited by every call after it has taken effect: the time that the answer is on its way. */
  answering: () => Promise<void>;
  flush(): void;
  calls(): number;
}

interface Stored extends TokenCount {
  readonly untilMs: number;
}

export function createMemoryTokenServer(clock: { monotonicMs(): number }): MemoryTokenServer {
  const stored = new Map<string, Stored>();
  let calls = 0;

  function usedBy(tokenId: string): TokenCount {
    const found = stored.get(tokenId);
    return found !== undefined && found.untilMs > clock.monotonicMs() ? found : { files: 0, bytes: 0 };
  }

  const server: MemoryTokenServer = {
    connect: () => ({
      async take({ tokenId, files, bytes, maxFiles, maxBytes, ttlMs }, atLeast) {
        calls++;
        if (server.down) throw new Error('the counts are down');
        await server.asking();
        if (server.down) throw new Error('the counts went down');
        const before = usedBy(tokenId);
        const used = {
          files: Math.max(before.files, atLeast.files),
          bytes: Math.max(before.bytes, atLeast.bytes),
        };
        const granted = files <= maxFiles - used.files && bytes <= maxBytes - used.bytes;
        const now = granted ? { files: used.files + files, bytes: used.bytes + bytes } : used;
        if (now.files !== before.files || now.bytes !== before.bytes) {
          stored.set(tokenId, { ...now, untilMs: clock.monotonicMs() + ttlMs });
        }
        await server.answering();
        return { granted, used: now };
      },
    }),
    down: false,
    asking: () => Promise.resolve(),
    answering: () => Promise.resolve(),
    flush: () => stored.clear(),
    calls: () => calls,
  };
  return server;
}
