import { createSecretKey, type KeyObject, randomUUID } from 'node:crypto';
import { expect, vi } from 'vitest';
import type { SharedKeyCache } from '../../src/keys/ports.ts';
import { openRedis, type RedisConnections } from '../../src/redis/client.ts';
import { createRedisKeyCache } from '../../src/redis/key-cache.ts';
import { systemClock } from './system-clock.ts';

export const CACHE_KEY = createSecretKey(Buffer.alloc(32, 'c'));

export interface ConnectedCache {
  readonly cache: SharedKeyCache;
  readonly connections: RedisConnections;
  /** How many values and messages were not believed. */
  rejected(): number;
  /** How often announcements may have been missed. */
  gaps(): number;
  close(): Promise<void>;
}

export interface ConnectOptions {
  readonly prefix?: string;
  readonly formerPrefix?: string;
  readonly cacheKey?: KeyObject;
  readonly clock?: { wallMs(): number };
}

/** Names in Redis that nobody else uses, because test files share one. */
export function ownPrefix(): string {
  return `test:${randomUUID()}:`;
}

/** One instance's view of the cache. Does not wait for Redis. */
export function openCache(url: string, options: ConnectOptions = {}): ConnectedCache {
  let rejected = 0;
  let gaps = 0;
  const connections = openRedis({ url });
  const cache = createRedisKeyCache({
    connections,
    cacheKey: options.cacheKey ?? CACHE_KEY,
    clock: options.clock ?? systemClock,
    prefix: options.prefix,
    // Never the real one, which test files share.
    formerPrefix: options.formerPrefix ?? `former:${options.prefix}`,
    onRejected: () => {
      rejected++;
    },
  });
  cache.onGap(() => {
    gaps++;
  });
  return {
    cache,
    connections,
    rejected: () => rejected,
    gaps: () => gaps,
    async close() {
      await cache.close();
      connections.close();
    },
  };
}

/** One instance's view of the cache, once it can use it and hears announcements. */
export async function connectCache(url: string, options: ConnectOptions = {}): Promise<ConnectedCache> {
  const connected = openCache(url, options);
  expect(await connected.connections.ready(5_000)).toBe(true);
  await vi.waitFor(() => expect(connected.gaps()).toBeGreaterThan(0), { timeout: 5_000 });
  return connected;
}
