import { randomUUID } from 'node:crypto';
import type { Redis, Result } from 'ioredis';

/** An instance that was not heard of for so many beats is gone. */
const LIFE_BEATS = 3;

/**
 * Says that this instance is here, and answers how many are. By the clock of Redis. Whatever else is stored under
 * the name gives way. ARGV: member, life in ms.
 */
const BEAT_SCRIPT = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local until_ms = now + tonumber(ARGV[2])
local added = redis.pcall('ZADD', KEYS[1], until_ms, ARGV[1])
if type(added) == 'table' then
  redis.call('DEL', KEYS[1])
  redis.call('ZADD', KEYS[1], until_ms, ARGV[1])
end
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('ZCARD', KEYS[1])`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    presigndBeat(key: string, member: string, lifeMs: number): Result<number, Context>;
  }
}

/** How many instances use the same Redis, this one included. */
export interface InstanceCount {
  /** At least 1, and the last number known while Redis does not answer. */
  count(): number;
  /** Stops counting this one, if Redis answers. */
  leave(): Promise<void>;
}

/** How many instances have said lately that they are here. Counts nobody in. */
export async function instancesOn(commands: Redis, prefix: string): Promise<number> {
  const [seconds] = await commands.time();
  return commands.zcount(instancesName(prefix), Number(seconds) * 1000, '+inf');
}

function instancesName(prefix: string): string {
  return `${prefix}instances`;
}

/** Says every `beatMs` that this instance is here. */
export function countInstances(commands: Redis, prefix: string, beatMs: number): InstanceCount {
  const name = instancesName(prefix);
  const member = randomUUID();
  commands.defineCommand('presigndBeat', { numberOfKeys: 1, lua: BEAT_SCRIPT });
  // The most that was seen within a life: a Redis that comes back empty has yet to hear of the others.
  const seen: number[] = [];

  function beat(): void {
    commands.presigndBeat(name, member, LIFE_BEATS * beatMs).then(
      (count) => {
        seen.push(count);
        if (seen.length > LIFE_BEATS) seen.shift();
      },
      // What was known stays known.
      () => {},
    );
  }

  const beats = setInterval(beat, beatMs);
  beats.unref();
  commands.on('ready', beat);
  if (commands.status === 'ready') beat();

  return {
    count: () => Math.max(1, ...seen),
    async leave() {
      clearInterval(beats);
      commands.off('ready', beat);
      if (commands.status === 'ready') await commands.zrem(name, member).catch(() => {});
    },
  };
}
