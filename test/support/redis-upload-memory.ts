import type { KeyObject } from 'node:crypto';
import { expect } from 'vitest';
import type { SharedTokenCounts } from '../../src/quota/ports.ts';
import { openRedis, type RedisConnections } from '../../src/redis/client.ts';
import { createRedisCreationMemory } from '../../src/redis/creation-memory.ts';
import { createRedisTokenCounts } from '../../src/redis/token-counts.ts';
import type { CreationMemory } from '../../src/uploads/ports.ts';
import { CACHE_KEY } from './redis-key-cache.ts';
import { systemClock } from './system-clock.ts';

export interface ConnectedUploadMemory {
  readonly memory: CreationMemory;
  readonly counts: SharedTokenCounts;
  readonly connections: RedisConnections;
  /** How many values were not believed. */
  rejected(): number;
  close(): void;
}

export interface UploadMemoryOptions {
  readonly prefix: string;
  readonly cacheKey?: KeyObject;
  readonly clock?: { wallMs(): number };
}

/** One instance's view of what instances share about uploads. Does not wait for Redis. */
export function openUploadMemory(url: string, options: UploadMemoryOptions): ConnectedUploadMemory {
  const { prefix, cacheKey = CACHE_KEY, clock = systemClock } = options;
  let rejected = 0;
  const connections = openRedis({ url });
  const memory = createRedisCreationMemory({
    connections,
    cacheKey,
    clock,
    prefix: `${prefix}memory:`,
    onRejected: () => {
      rejected++;
    },
  });
  const counts = createRedisTokenCounts({ connections, prefix: `${prefix}tokens:` });
  return { memory, counts, connections, rejected: () => rejected, close: connections.close };
}

/** The same, once it can use it. */
export async function connectUploadMemory(
  url: string,
  options: UploadMemoryOptions,
): Promise<ConnectedUploadMemory> {
  const connected = openUploadMemory(url, options);
  expect(await connected.connections.ready(15_000)).toBe(true);
  return connected;
}
