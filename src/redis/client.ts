// Connections to Redis that fail fast. The client's own defaults hold a request for more than ten seconds when
// Redis dies and for ever when it hangs, so none of them is left to chance.
import { Redis, type RedisOptions } from 'ioredis';
import { Fault } from '../fault/fault.ts';

/** Below this, the timer counts our own event loop's lag; above, a hung Redis holds up requests. */
const COMMAND_TIMEOUT_MS = 150;
/** A command that stays without any answer this long means that the connection is dead, though nobody closed it. */
const SILENCE_MS = 2_000;
/** How often the subscriber, which otherwise only listens, says something that must be answered. */
const PING_INTERVAL_MS = 5_000;
const CONNECT_TIMEOUT_MS = 1_000;
const DISCONNECT_TIMEOUT_MS = 500;
const KEEP_ALIVE_MS = 10_000;
const RECONNECT_MIN_MS = 50;
const RECONNECT_MAX_MS = 1_000;
const RECONNECT_JITTER_MS = 100;

const RESEND_AFTER_RECONNECT = 2;

export interface RedisConnections {
  /** For commands. Rejects at once while there is no connection, and after 150 ms without an answer. */
  readonly commands: Redis;
  /** For subscriptions. Waits for the connection. */
  readonly subscriber: Redis;
  /** Resolves when commands can be sent; false when that takes longer than `timeoutMs`. */
  ready(timeoutMs: number): Promise<boolean>;
  close(): void;
}

export interface OpenRedisOptions {
  /** `redis://` or `rediss://`. May hold a password, so it is never logged or thrown. */
  readonly url: string;
  /** Told once when commands stop getting through, and why. */
  readonly onDown?: ((error: Error) => void) | undefined;
  /** Told when commands get through, at first and again after an outage. */
  readonly onUp?: (() => void) | undefined;
}

/**
 * Starts connecting and returns at once, whether or not Redis answers: connections come back by themselves.
 * Throws a Fault INVALID_REQUEST when the URL is none.
 */
export function openRedis({ url, onDown = () => {}, onUp = () => {} }: OpenRedisOptions): RedisConnections {
  if (!isRedisUrl(url)) {
    const message = 'must be a redis:// or rediss:// URL';
    throw new Fault('INVALID_REQUEST', { fields: [{ field: 'REDIS_URL', message }] });
  }
  const commands = new Redis(url, {
    ...CONNECTION,
    connectionName: 'presignd',
    commandTimeout: COMMAND_TIMEOUT_MS,
    enableOfflineQueue: false,
    maxRetriesPerRequest: 0,
  });
  const subscriber = new Redis(url, {
    ...CONNECTION,
    connectionName: 'presignd-subscriber',
    enableOfflineQueue: true,
    maxRetriesPerRequest: null,
    // key-cache.ts subscribes itself, because it must know when the subscription stands again.
    autoResubscribe: false,
  });
  reportOutages(commands, onDown, onUp);
  // Both connections fail for the same reasons; one report is enough, but an unheard `error` would be thrown.
  subscriber.on('error', () => {});
  for (const connection of [commands, subscriber]) connection.connect().catch(() => {});
  const pings = setInterval(() => {
    if (subscriber.status === 'ready') subscriber.ping().catch(() => {});
  }, PING_INTERVAL_MS);
  pings.unref();

  return {
    commands,
    subscriber,
    ready: (timeoutMs) => untilReady(commands, timeoutMs),
    close() {
      clearInterval(pings);
      commands.disconnect();
      subscriber.disconnect();
    },
  };
}

/** How Redis ends its answer to a command that it does not know, which behind some proxies is AUTH. */
const QUOTED_ARGUMENTS = /,? with args beginning with:.*$/s;

/**
 * What the client says went wrong, without what it was doing: its own errors carry the command with all its
 * arguments, which for AUTH is the password, and so may the answer itself.
 */
export function errorFromRedis(error: unknown): Error {
  return new Error(error instanceof Error ? error.message.replace(QUOTED_ARGUMENTS, '') : 'Redis failed');
}

const CONNECTION = {
  lazyConnect: true,
  // RESP2: no HELLO, so it works through proxies; pushes of RESP3 would be dropped by the client anyway.
  protocol: 2,
  disableClientInfo: true,
  // With memory in front Redis sees little concurrency, where pipelining only adds latency.
  enableAutoPipelining: false,
  // What was cut off may have been done; whoever asked has long been answered from the store.
  autoResendUnfulfilledCommands: false,
  connectTimeout: CONNECT_TIMEOUT_MS,
  disconnectTimeout: DISCONNECT_TIMEOUT_MS,
  socketTimeout: SILENCE_MS,
  keepAlive: KEEP_ALIVE_MS,
  retryStrategy: (attempt) =>
    Math.min(RECONNECT_MIN_MS * 2 ** Math.min(attempt, 5), RECONNECT_MAX_MS) +
    Math.random() * RECONNECT_JITTER_MS,
  // A failover leaves us connected to what is now a replica.
  reconnectOnError: (error) => (error.message.startsWith('READONLY') ? RESEND_AFTER_RECONNECT : false),
} as const satisfies RedisOptions;

function isRedisUrl(url: string): boolean {
  const parsed = URL.parse(url);
  return parsed !== null && (parsed.protocol === 'redis:' || parsed.protocol === 'rediss:');
}

function reportOutages(connection: Redis, onDown: (error: Error) => void, onUp: () => void): void {
  let down = false;
  connection.on('error', (error: unknown) => {
    if (!down) onDown(errorFromRedis(error));
    down = true;
  });
  connection.on('ready', () => {
    down = false;
    onUp();
  });
}

function untilReady(connection: Redis, timeoutMs: number): Promise<boolean> {
  if (connection.status === 'ready') return Promise.resolve(true);
  return new Promise((resolve) => {
    const finish = (ready: boolean) => {
      clearTimeout(timer);
      connection.off('ready', onReady);
      resolve(ready);
    };
    const onReady = () => finish(true);
    const timer = setTimeout(() => finish(false), timeoutMs);
    connection.once('ready', onReady);
  });
}
