// Calls counted for all instances together, by the algorithm of quota/gcra.ts as a script: atomic, and by the clock
// of Redis, so that those of the instances do not matter.
import type { Result } from 'ioredis';
import { gcraTerms, type RateLimit, rateVerdict } from '../quota/gcra.ts';
import type { SharedRateCounts } from '../quota/ports.ts';
import type { RedisConnections } from './client.ts';
import { ALLOW_WHEN_FULL, createFlaggedRunner } from './flagged-scripts.ts';
import { countInstances } from './instance-count.ts';
import { rejectingSafely } from './replies.ts';

/** The number is the version of what is stored: releases that store another shape never read each other's. */
export const RATE_COUNTS_PREFIX = 'rl1:';
const DEFAULT_BEAT_MS = 5_000;

/**
 * Judges and counts one call. What is stored is when all is paid off, in microseconds since 1970; anything else in
 * its place is nothing owed. ARGV: interval and burst in microseconds. Answers whether the call is admitted, and how
 * much is owed afterwards.
 */
const TAKE_CALL_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval = tonumber(ARGV[1])
local burst = tonumber(ARGV[2])
local stored = redis.pcall('GET', KEYS[1])
local known = type(stored) == 'string' and #stored <= 16 and string.match(stored, '^%d+$')
local owed = math.max(0, (known and tonumber(stored) or now) - now)
local debt = math.min(owed, burst)
local allowed = debt + interval <= burst
if allowed then debt = debt + interval end
if allowed or owed > burst then
  redis.call('SET', KEYS[1], string.format('%.0f', now + debt), 'PX', math.ceil(debt / 1000))
end
return { allowed and 1 or 0, debt }`;

const TAKE_CALL_WHEN_FULL_SCRIPT = `${ALLOW_WHEN_FULL}${TAKE_CALL_SCRIPT}`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    presigndTakeCall(key: string, intervalUs: number, burstUs: number): Result<unknown, Context>;
    presigndTakeCallWhenFull(key: string, intervalUs: number, burstUs: number): Result<unknown, Context>;
  }
}

export interface RedisRateCountsDeps {
  readonly connections: Pick<RedisConnections, 'commands'>;
  /** What all names in Redis begin with. */
  readonly prefix?: string | undefined;
  /** How often the instance says that it is here; after three times as long it counts as gone. */
  readonly beatMs?: number | undefined;
}

export interface RedisRateCounts extends SharedRateCounts {
  /** Takes this instance out of the number of instances, if Redis answers. */
  close(): Promise<void>;
}

/** The connections stay the caller's. */
export function createRedisRateCounts(deps: RedisRateCountsDeps): RedisRateCounts {
  const { connections, prefix = RATE_COUNTS_PREFIX, beatMs = DEFAULT_BEAT_MS } = deps;
  const { commands } = connections;
  commands.defineCommand('presigndTakeCall', { numberOfKeys: 1, lua: TAKE_CALL_SCRIPT });
  commands.defineCommand('presigndTakeCallWhenFull', { numberOfKeys: 1, lua: TAKE_CALL_WHEN_FULL_SCRIPT });
  const instances = countInstances(commands, prefix, beatMs);
  const runFlagged = createFlaggedRunner();

  function run(name: string, intervalUs: number, burstUs: number): Promise<unknown> {
    return runFlagged(
      () => commands.presigndTakeCallWhenFull(name, intervalUs, burstUs),
      () => commands.presigndTakeCall(name, intervalUs, burstUs),
    );
  }

  return {
    take: (key, limit) =>
      rejectingSafely(async () => {
        const { intervalUs, burstUs } = gcraTerms(limit);
        return verdictFrom(await run(prefix + key, intervalUs, burstUs), limit);
      }),
    instances: instances.count,
    close: instances.leave,
  };
}

function verdictFrom(reply: unknown, limit: RateLimit) {
  const [allowed, debtUs] = Array.isArray(reply) ? reply : [];
  if (typeof allowed !== 'number' || typeof debtUs !== 'number')
    throw new Error('Redis answered something else');
  return rateVerdict(allowed === 1, debtUs, 1, limit);
}
