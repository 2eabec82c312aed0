import { expect } from 'vitest';
import { openRedis, type RedisConnections } from '../../src/redis/client.ts';
import { createRedisRateCounts, type RedisRateCounts } from '../../src/redis/rate-counts.ts';

/** Often, so that instances soon know of each other. */
const BEAT_MS = 100;

export interface ConnectedRateCounts {
  readonly counts: RedisRateCounts;
  readonly connections: RedisConnections;
  close(): Promise<void>;
}

/** One instance's view of the shared counts. Does not wait for Redis. */
export function openRateCounts(url: string, prefix: string): ConnectedRateCounts {
  const connections = openRedis({ url });
  const counts = createRedisRateCounts({ connections, prefix, beatMs: BEAT_MS });
  return {
    counts,
    connections,
    async close() {
      await counts.close();
      connections.close();
    },
  };
}

/** One instance's view of the shared counts, once it can use them. */
export async function connectRateCounts(url: string, prefix: string): Promise<ConnectedRateCounts> {
  const connected = openRateCounts(url, prefix);
  expect(await connected.connections.ready(15_000)).toBe(true);
  return connected;
}
