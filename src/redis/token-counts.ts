// What upload tokens have planned, counted for all instances together by a script, which is atomic.
import type { Result } from 'ioredis';
import type { SharedTokenCounts, TokenCountAnswer } from '../quota/ports.ts';
import type { RedisConnections } from './client.ts';
import { ALLOW_WHEN_FULL, createFlaggedRunner } from './flagged-scripts.ts';
import { rejectingSafely } from './replies.ts';

/** The number is the version of what is stored: releases that store another shape never read each other's. */
const DEFAULT_PREFIX = 'tb1:';

/**
 * Adds files and bytes, or neither. What is stored is `<files> <bytes>`; anything else in its place is nothing used,
 * and so are numbers beyond those that are exact. ARGV: files and bytes to add, their limits, what was used at least,
 * ttl in ms. Answers whether they were added, and what is used afterwards, as texts: replies hold no doubles.
 */
const TAKE_TOKEN_SCRIPT = `
local exact = 9007199254740991
local stored = redis.pcall('GET', KEYS[1])
if type(stored) ~= 'string' or #stored > 33 then stored = '' end
local files, bytes = string.match(stored, '^(%d+) (%d+)$')
files, bytes = tonumber(files or 0), tonumber(bytes or 0)
if files > exact or bytes > exact then files, bytes = 0, 0 end
files, bytes = math.max(files, tonumber(ARGV[5])), math.max(bytes, tonumber(ARGV[6]))
local more_files, more_bytes = tonumber(ARGV[1]), tonumber(ARGV[2])
local granted = more_files <= tonumber(ARGV[3]) - files and more_bytes <= tonumber(ARGV[4]) - bytes
if granted then files, bytes = files + more_files, bytes + more_bytes end
local used = string.format('%.0f %.0f', files, bytes)
if used ~= '0 0' and used ~= stored then redis.call('SET', KEYS[1], used, 'PX', ARGV[7]) end
return { granted and 1 or 0, used }`;

const TAKE_TOKEN_WHEN_FULL_SCRIPT = `${ALLOW_WHEN_FULL}${TAKE_TOKEN_SCRIPT}`;

type TokenArguments = [
  key: string,
  files: number,
  bytes: number,
  maxFiles: number,
  maxBytes: number,
  filesAtLeast: number,
  bytesAtLeast: number,
  ttlMs: number,
];

declare module 'ioredis' {
  interface RedisCommander<Context> {
    presigndTakeToken(...args: TokenArguments): Result<unknown, Context>;
    presigndTakeTokenWhenFull(...args: TokenArguments): Result<unknown, Context>;
  }
}

export interface RedisTokenCountsDeps {
  readonly connections: Pick<RedisConnections, 'commands'>;
  /** What all names in Redis begin with. */
  readonly prefix?: string | undefined;
}

/** The connections stay the caller's. */
export function createRedisTokenCounts(deps: RedisTokenCountsDeps): SharedTokenCounts {
  const { connections, prefix = DEFAULT_PREFIX } = deps;
  const { commands } = connections;
  commands.defineCommand('presigndTakeToken', { numberOfKeys: 1, lua: TAKE_TOKEN_SCRIPT });
  commands.defineCommand('presigndTakeTokenWhenFull', { numberOfKeys: 1, lua: TAKE_TOKEN_WHEN_FULL_SCRIPT });
  const runFlagged = createFlaggedRunner();

  return {
    take: (use, atLeast) =>
      rejectingSafely(async () => {
        const args: TokenArguments = [
          prefix + use.tokenId,
          use.files,
          use.bytes,
          exact(use.maxFiles),
          exact(use.maxBytes),
          atLeast.files,
          atLeast.bytes,
          Math.max(1, Math.ceil(use.ttlMs)),
        ];
        const reply = await runFlagged(
          () => commands.presigndTakeTokenWhenFull(...args),
          () => commands.presigndTakeToken(...args),
        );
        return answerFrom(reply);
      }),
  };
}

/** No limit is one that no exact number exceeds. */
const exact = (limit: number) => Math.min(limit, Number.MAX_SAFE_INTEGER);

function answerFrom(reply: unknown): TokenCountAnswer {
  const [granted, used] = Array.isArray(reply) ? reply : [];
  const [, files, bytes] = (typeof used === 'string' && /^(\d+) (\d+)$/.exec(used)) || [];
  if (typeof granted !== 'number' || files === undefined) throw new Error('Redis answered something else');
  return { granted: granted === 1, used: { files: Number(files), bytes: Number(bytes) } };
}
