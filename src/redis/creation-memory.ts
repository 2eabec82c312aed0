// What creating calls remember for each other, in Redis, where strangers may write. Names are told by their MAC only,
// so that no text of a caller is there. A value says until when it may be used, so a copy that someone puts back
// later is worthless.
import { createHmac, type KeyObject } from 'node:crypto';
import type { Result } from 'ioredis';
import type { CreationMemory } from '../uploads/ports.ts';
import { CLOCK_SKEW_MS, createTextAuthenticator } from './authenticated-text.ts';
import type { RedisConnections } from './client.ts';
import { rejectingSafely, replyValue } from './replies.ts';

/** The number is the version of what is stored: releases that store another shape never read each other's. */
const DEFAULT_PREFIX = 'um1:';
/** As long as any upload id lives. */
const MAX_TTL_MS = 30 * 86_400_000;
/** How many values in a row that are not ours are replaced before whoever writes them is left alone. */
const ATTEMPTS = 3;

/**
 * Stores a value unless there is one, and answers the value that is there then. A value that the caller has found not
 * to be ours counts as none, and so does one of another type. ARGV: value, ttl in ms, the value that is not ours.
 */
const REMEMBER_SCRIPT = `
local current = redis.pcall('GET', KEYS[1])
if type(current) == 'string' and current ~= ARGV[3] then return current end
redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2])
return ARGV[1]`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    presigndRememberBuffer(
      key: string,
      value: string,
      ttlMs: number,
      notOurs: Buffer,
    ): Result<Buffer, Context>;
  }
}

export interface RedisCreationMemoryDeps {
  readonly connections: Pick<RedisConnections, 'commands'>;
  /** Authenticates everything in Redis. The same on every instance. */
  readonly cacheKey: KeyObject;
  readonly clock: { wallMs(): number };
  /** What all names in Redis begin with. */
  readonly prefix?: string | undefined;
  /** Told of every value that was not made with the cache key. */
  readonly onRejected?: (() => void) | undefined;
}

/** Rejects when Redis does not answer in time, unlike the memory that use cases have. The connections stay the caller's. */
export function createRedisCreationMemory(deps: RedisCreationMemoryDeps): CreationMemory {
  const { connections, cacheKey, clock, prefix = DEFAULT_PREFIX, onRejected = () => {} } = deps;
  const { commands } = connections;
  const texts = createTextAuthenticator(cacheKey, prefix);
  commands.defineCommand('presigndRemember', { numberOfKeys: 1, lua: REMEMBER_SCRIPT });

  function digestOf(name: string): string {
    return createHmac('sha256', cacheKey).update(`${prefix}name|${name}`).digest('base64url');
  }

  function seal(digest: string, value: string, ttlMs: number): string {
    return texts.seal(digest, `${Math.ceil(clock.wallMs() + ttlMs)}|${value}`);
  }

  /** Undefined for what is not ours, or no longer. */
  function open(digest: string, sealed: Buffer): string | undefined {
    const text = texts.open(digest, sealed.toString());
    if (text === undefined) {
      onRejected();
      return undefined;
    }
    const bar = text.indexOf('|');
    return Number(text.slice(0, bar)) + CLOCK_SKEW_MS > clock.wallMs() ? text.slice(bar + 1) : undefined;
  }

  async function remember(name: string, value: string, ttlMs: number): Promise<string> {
    const digest = digestOf(name);
    const sealed = seal(digest, value, ttlMs);
    let notOurs: Buffer = Buffer.alloc(0);
    for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
      // As bytes, because what is not ours need not be text, and has to be recognised when it is replaced.
      notOurs = await commands.presigndRememberBuffer(prefix + digest, sealed, ttlMs, notOurs);
      const remembered = open(digest, notOurs);
      if (remembered !== undefined) return remembered;
    }
    throw new Error('Somebody else writes what this service remembers in Redis');
  }

  return {
    remember: (name, value, ttlMs) => rejectingSafely(() => remember(name, value, cappedMs(ttlMs))),
    replace: (name, value, ttlMs) =>
      rejectingSafely(async () => {
        const digest = digestOf(name);
        const lifeMs = cappedMs(ttlMs);
        await commands.set(prefix + digest, seal(digest, value, lifeMs), 'PX', lifeMs);
      }),
    recall: (name) =>
      rejectingSafely(async () => {
        const digest = digestOf(name);
        const replies = await commands
          .pipeline()
          .getBuffer(prefix + digest)
          .exec();
        const [sealed] = replies?.map(replyValue) ?? [];
        return sealed instanceof Buffer ? open(digest, sealed) : undefined;
      }),
  };
}

const cappedMs = (ttlMs: number) => Math.max(1, Math.min(Math.ceil(ttlMs), MAX_TTL_MS));
