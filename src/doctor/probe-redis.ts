// Asks a Redis about itself, over connections like those of the service. Changes nothing.
import { errorFromRedis, openRedis } from '../redis/client.ts';
import { instancesOn } from '../redis/instance-count.ts';
import { RATE_COUNTS_PREFIX } from '../redis/rate-counts.ts';
import type { RedisObservation } from './judge-redis.ts';
import { PROBE_LIMITS } from './limits.ts';

/** Never rejects. */
export async function probeRedis(
  url: string,
  monotonicMs: () => number,
): Promise<RedisObservation | { readonly failure: string }> {
  let reason = `no answer within ${PROBE_LIMITS.redisMs} ms`;
  const connections = openRedis({
    url,
    onDown: (error) => {
      reason = error.message;
    },
  });
  const { commands } = connections;
  try {
    if (!(await connections.ready(PROBE_LIMITS.redisMs))) return { failure: reason };
    const askedAtMs = monotonicMs();
    await commands.ping();
    const latencyMs = monotonicMs() - askedAtMs;
    // Who may not ask for it gets no answer, which is one, too.
    const info = await commands.info().catch(() => '');
    const field = (name: string) => new RegExp(`^${name}:(.*?)\\r?$`, 'm').exec(info)?.[1];
    const bytes = (name: string) => {
      const text = field(name);
      return text === undefined ? undefined : Number(text);
    };
    return {
      latencyMs,
      instances: await instancesOn(commands, RATE_COUNTS_PREFIX).catch(() => 0),
      version: field('redis_version'),
      usedBytes: bytes('used_memory'),
      maxBytes: bytes('maxmemory'),
      policy: field('maxmemory_policy'),
    };
  } catch (error) {
    return { failure: errorFromRedis(error).message };
  } finally {
    connections.close();
  }
}
