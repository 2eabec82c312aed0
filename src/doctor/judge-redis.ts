// Judges a Redis that was asked about itself. Pure.
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import { isLoopback } from './judge-reach.ts';

/** What it told; what it did not want to tell is undefined. */
export interface RedisObservation {
  readonly latencyMs: number;
  /** Those that share it at the moment, as far as they count calls; 0 where that is not known. */
  readonly instances: number;
  readonly version: string | undefined;
  readonly usedBytes: number | undefined;
  /** 0 where there is no limit. */
  readonly maxBytes: number | undefined;
  readonly policy: string | undefined;
}

/** Above this share of its memory a Redis that evicts nothing is about to refuse. */
const FULL_SHARE = 0.9;
/** The service gives a command up after 150 ms; near that, some of them are. */
const SLOW_MS = 50;

/** @param url Its host alone is shown. */
export function judgeRedis(
  url: URL,
  seen: RedisObservation | { readonly failure: string },
): readonly Finding[] {
  if ('failure' in seen)
    return [
      problem(
        'redis',
        `Redis at ${url.host} cannot be used: ${seen.failure}`,
        'Check host, port, user and password in REDIS_URL, and whether it has to be rediss:// for TLS.',
      ),
    ];
  const latencyMs = Math.round(seen.latencyMs * 10) / 10;
  const what = `Redis ${seen.version ?? 'of an unknown version'} at ${url.host} answers in ${latencyMs} ms`;
  return [
    seen.latencyMs > SLOW_MS
      ? warning('redis', what, 'Use a Redis in the same region and network.')
      : ok('redis', what),
    judgeEviction(seen),
    judgeAccess(url),
  ];
}

function judgeEviction({ usedBytes, maxBytes, policy }: RedisObservation): Finding {
  if (maxBytes === undefined || policy === undefined)
    return skipped('redis-eviction', 'Redis does not tell its maxmemory: the user may not INFO memory');
  if (maxBytes === 0) return ok('redis-eviction', 'no maxmemory');
  if (policy !== 'noeviction')
    return warning(
      'redis-eviction',
      `maxmemory-policy is ${policy}`,
      'CONFIG SET maxmemory-policy noeviction, and in redis.conf; with a Redis, or room, of its own',
    );
  if (usedBytes !== undefined && usedBytes > maxBytes * FULL_SHARE)
    return warning(
      'redis-eviction',
      `${Math.round((usedBytes / maxBytes) * 100)} % of maxmemory is used`,
      'Raise maxmemory, or find out what else is stored there: redis-cli --bigkeys',
    );
  return ok('redis-eviction', 'noeviction, with room');
}

function judgeAccess({ password, hostname, protocol }: URL): Finding {
  if (password !== '')
    return ok('redis-access', protocol === 'rediss:' ? 'a password, over TLS' : 'a password');
  if (isLoopback(hostname)) return ok('redis-access', 'no password, on this machine only');
  return warning(
    'redis-access',
    `Redis at ${hostname} lets in everybody who reaches it`,
    'CONFIG SET requirepass PASSWORD, and REDIS_URL=redis://:PASSWORD@HOST:PORT',
  );
}
