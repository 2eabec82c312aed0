// The cache that instances share, in Redis: a record per key, and a channel that announces changes.
import type { KeyObject } from 'node:crypto';
import { ReplyError, type Result } from 'ioredis';
import type { KeyDigest } from '../keys/api-key.ts';
import type { SharedKeyCache } from '../keys/ports.ts';
import { listenForAnnouncements } from './announcement-channel.ts';
import { CLOCK_SKEW_MS } from './authenticated-text.ts';
import type { RedisConnections } from './client.ts';
import { rejectingSafely, replyValue } from './replies.ts';
import { createSeal } from './sealed-record.ts';

/** The number is the version of what is stored: releases that store another shape never read each other's. */
const DEFAULT_PREFIX = 'ak2:';
/** Records without policy and limits. While a fleet is upgraded, instances that know no other prefix are told too. */
const FORMER_PREFIX = 'ak1:';
/** What PTTL answers for a name that is not there. */
const NO_SUCH_NAME = -2;

/** Stores a record unless a newer version is there. ARGV: version, value, ttl in ms. */
const FILL_SCRIPT = `
local current = redis.call('GET', KEYS[1])
local version = current and tonumber(string.match(current, '^(%d+)|'))
if version and version > tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
return 1`;

/**
 * Replaces what is not newer and announces it. A full Redis must take it, or the active record would stay.
 * ARGV: version, value, ttl in ms, channel, message.
 */
const ANNOUNCE_SCRIPT = `#!lua flags=allow-oom
local current = redis.call('GET', KEYS[1])
local version = current and tonumber(string.match(current, '^(%d+)|'))
if not version or version <= tonumber(ARGV[1]) then redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3]) end
redis.call('PUBLISH', ARGV[4], ARGV[5])
return 1`;

declare module 'ioredis' {
  interface RedisCommander<Context> {
    presigndFillKey(key: string, version: number, value: string, ttlMs: number): Result<number, Context>;
    presigndAnnounceKey(
      key: string,
      version: number,
      value: string,
      ttlMs: number,
      channel: string,
      message: string,
    ): Result<number, Context>;
  }
}

export interface RedisKeyCacheDeps {
  readonly connections: RedisConnections;
  /** Authenticates everything in Redis. The same on every instance. */
  readonly cacheKey: KeyObject;
  readonly clock: { wallMs(): number };
  /** What all names in Redis begin with. */
  readonly prefix?: string | undefined;
  /** What they begin with in the release before this one. */
  readonly formerPrefix?: string | undefined;
  /** Told of every value and message that was not made with the cache key. */
  readonly onRejected?: (() => void) | undefined;
}

/** The connections stay the caller's: `close` only stops listening. */
export function createRedisKeyCache(deps: RedisKeyCacheDeps): SharedKeyCache {
  const { connections, cacheKey, clock, onRejected = () => {} } = deps;
  const { prefix = DEFAULT_PREFIX, formerPrefix = FORMER_PREFIX } = deps;
  const { commands } = connections;
  const channel = channelOf(prefix);
  const seal = createSeal(cacheKey, prefix);
  const formerSeal = createSeal(cacheKey, formerPrefix);
  const announcements = listenForAnnouncements({ connections, channel, seal, onRejected });
  commands.defineCommand('presigndFillKey', { numberOfKeys: 1, lua: FILL_SCRIPT });
  commands.defineCommand('presigndAnnounceKey', { numberOfKeys: 1, lua: ANNOUNCE_SCRIPT });

  const nameOf = (digest: KeyDigest) => prefix + digest;

  function reject(name: string): void {
    onRejected();
    // Whatever is there by now: absence is always safe.
    commands.unlink(name).catch(() => {});
  }

  async function replace(digest: KeyDigest, version: number, value: string, ttlMs: number): Promise<void> {
    const name = nameOf(digest);
    const message = seal.sealChange(digest, version);
    try {
      await commands.presigndAnnounceKey(name, version, value, ttlMs, channel, message);
    } catch (error) {
      if (!(error instanceof ReplyError)) throw error;
      // A Redis before 7 does not know the flag, and without it a full Redis takes no tombstone. Either always
      // takes this: no record at all sends everyone to the store.
      (await commands.pipeline().del(name).publish(channel, message).exec())?.map(replyValue);
    }
  }

  /**
   * Removes the record instead of replacing it: that sends instances of the former release to the store, whose rows
   * they can still judge. Only a help, because they poll the events of the store as well.
   */
  async function tellFormer(digest: KeyDigest, version: number): Promise<void> {
    const message = formerSeal.sealChange(digest, version);
    const telling = commands
      .pipeline()
      .del(formerPrefix + digest)
      .publish(channelOf(formerPrefix), message);
    await telling.exec().catch(() => {});
  }

  return {
    get: (digest) =>
      rejectingSafely(async () => {
        const name = nameOf(digest);
        // Not a transaction: a full Redis refuses those, even to read. The life is asked for first, so that a
        // value which comes in between does not lend its fresh life to the one that it replaced.
        const replies = await commands.pipeline().pttl(name).get(name).exec();
        const [ttlMs, value] = replies?.map(replyValue) ?? [];
        if (value === null || ttlMs === NO_SUCH_NAME) return undefined;
        const opened = typeof value === 'string' ? seal.openRecord(digest, value) : undefined;
        // Ours always expire, so a value without an end is not as we left it.
        if (opened === undefined || typeof ttlMs !== 'number' || ttlMs < 0) {
          reject(name);
          return undefined;
        }
        const usableMs = opened.usableUntilMs + CLOCK_SKEW_MS - clock.wallMs();
        const remainingMs = Math.min(ttlMs, usableMs);
        return remainingMs > 0 ? { record: opened.record, remainingMs } : undefined;
      }),

    fill: (digest, record, ttlMs) =>
      rejectingSafely(async () => {
        const value = seal.sealRecord(digest, record, clock.wallMs() + ttlMs);
        await commands.presigndFillKey(nameOf(digest), record.version, value, ttlMs);
      }),

    announce: (digest, record, ttlMs) =>
      rejectingSafely(async () => {
        const value = seal.sealRecord(digest, record, clock.wallMs() + ttlMs);
        await Promise.all([
          replace(digest, record.version, value, ttlMs),
          tellFormer(digest, record.version),
        ]);
      }),

    onAnnounced: announcements.onAnnounced,
    onGap: announcements.onGap,
    ping: () =>
      rejectingSafely(async () => {
        await commands.ping();
      }),
    async close() {
      announcements.close();
    },
  };
}

const channelOf = (prefix: string) => `${prefix}revoked`;
