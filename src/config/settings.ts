// Every setting, in one table. Loading, `presignd serve --help` and docs/configuration.md derive from it.
import { OVERLOAD_SETTINGS } from './overload-settings.ts';
import { ratePlans } from './rate-plans.ts';
import { optional, type SettingRow, withDefault } from './setting-row.ts';
import { TELEMETRY_SETTINGS } from './telemetry-settings.ts';
import { TLS_SETTINGS } from './tls-settings.ts';
import { UPLOAD_SETTINGS } from './upload-settings.ts';
import {
  addressRanges,
  boolean,
  choice,
  connection,
  duration,
  integer,
  list,
  secret,
  secretList,
  text,
} from './value-types.ts';
import { WORKER_SETTINGS } from './worker-settings.ts';

export const SETTINGS = {
  host: withDefault({
    name: 'HOST',
    type: text,
    default: '0.0.0.0',
    doc: 'Address to listen on. `presignd dev` listens on 127.0.0.1.',
  }),
  port: withDefault({
    name: 'PORT',
    type: integer(0, 65_535),
    default: '8080',
    doc: 'Port to listen on, for every protocol. 0 picks a free one.',
  }),
  ...TLS_SETTINGS,
  ...UPLOAD_SETTINGS,
  ...WORKER_SETTINGS,
  databaseUrl: withDefault({
    name: 'DATABASE_URL',
    type: connection('sqlite', 'postgres', 'postgresql'),
    default: 'sqlite:.presignd/presignd.db',
    doc: 'Where API keys live: `sqlite:PATH` in a folder on a local disk, or `postgres://USER:PASSWORD@HOST/DATABASE`. Read from `DATABASE_URL_FILE`, a changed file counts for every new connection to Postgres. `sslmode` in the URL: without TLS (`disable`, the default), with TLS unverified (`no-verify`), or, with any other mode, with a certificate that is verified.',
  }),
  databasePoolSize: withDefault({
    name: 'PRESIGND_DATABASE_POOL_SIZE',
    type: integer(2, 200),
    default: '10',
    doc: 'Connections to Postgres that an instance, and each of its workers, opens at the most: half for looking keys up, half for everything else.',
  }),
  autoMigrate: withDefault({
    name: 'PRESIGND_AUTO_MIGRATE',
    type: boolean,
    default: 'true',
    doc: 'Bring the schema of the store up to date at the start. If `false`, `presignd migrate` does it, and the service does not start on an old schema.',
  }),
  redisUrl: optional({
    name: 'REDIS_URL',
    type: connection('redis', 'rediss'),
    doc: 'A Redis that instances share as a cache of API keys. Optional: without it, every instance caches by itself.',
  }),
  keyPeppers: withDefault({
    name: 'PRESIGND_KEY_PEPPERS',
    type: secretList,
    default: '',
    doc: 'Secrets of at least 32 characters that tag API keys, the first for new keys and all for checking. Without any, one is made once and kept in the store.',
  }),
  bootstrapKey: optional({
    name: 'PRESIGND_BOOTSTRAP_KEY',
    type: secret,
    doc: 'An API key, made by `presignd keys mint`, that becomes the administrator of an empty store. Without it, `presignd serve` makes one and prints it once.',
  }),
  keyMaxAgeMs: withDefault({
    name: 'PRESIGND_KEY_MAX_AGE',
    type: duration('1s', '1h'),
    default: '60s',
    doc: 'The longest that a cached API key is used without asking the store again.',
  }),
  keyStaleIfErrorMs: withDefault({
    name: 'PRESIGND_KEY_STALE_IF_ERROR',
    type: duration('0s', '24h'),
    default: '5m',
    doc: 'How long a known API key keeps working while the store cannot be reached.',
  }),
  authFailuresPerSecond: withDefault({
    name: 'PRESIGND_AUTH_FAILURES_PER_SECOND',
    type: integer(1, 1_000_000),
    default: '20',
    doc: 'Failed authentications allowed per client address and second (per /64 for IPv6). Valid keys are not counted.',
  }),
  authFailureBurst: withDefault({
    name: 'PRESIGND_AUTH_FAILURE_BURST',
    type: integer(1, 1_000_000),
    default: '100',
    doc: 'Failed authentications that a client address may make at once before the rate applies.',
  }),
  trustedProxies: withDefault({
    name: 'PRESIGND_TRUSTED_PROXIES',
    type: addressRanges,
    default: '',
    doc: 'Addresses and ranges of proxies, such as `10.0.0.0/8`, whose `X-Forwarded-For` is believed. Empty: the peer is the client.',
  }),
  ratePlans: withDefault({
    name: 'PRESIGND_RATE_PLANS',
    type: ratePlans,
    default: 'free=10/1m,pro=100/1m,unlimited',
    doc: 'Named rate limits for API keys: calls per window, or a name alone for no limit.',
  }),
  defaultRatePlan: withDefault({
    name: 'PRESIGND_DEFAULT_RATE_PLAN',
    type: text,
    default: 'unlimited',
    doc: 'The plan of keys that name none.',
  }),
  ...OVERLOAD_SETTINGS,
  corsOrigins: withDefault({
    name: 'PRESIGND_CORS_ORIGINS',
    type: list,
    default: '',
    doc: 'Origins whose browsers may call this service, such as `https://app.example.com`, or `*`. Empty turns CORS off.',
  }),
  logLevel: withDefault({
    name: 'PRESIGND_LOG_LEVEL',
    type: choice('debug', 'info', 'warn', 'error', 'silent'),
    default: 'info',
    doc: 'The least severe log lines that are written.',
  }),
  logFormat: withDefault({
    name: 'PRESIGND_LOG_FORMAT',
    type: choice('auto', 'json', 'pretty'),
    default: 'auto',
    doc: '`json`, `pretty` for people, or `auto`: pretty on a terminal.',
  }),
  shutdownDelayMs: withDefault({
    name: 'PRESIGND_SHUTDOWN_DELAY',
    type: duration('0s', '5m'),
    default: '0s',
    doc: 'How long to go on serving after a stop signal, with readiness already off, so that load balancers notice.',
  }),
  shutdownGraceMs: withDefault({
    name: 'PRESIGND_SHUTDOWN_GRACE',
    type: duration('0s', '10m'),
    default: '10s',
    doc: 'How long running calls may take to finish after that. What is left is cut.',
  }),
  ...TELEMETRY_SETTINGS,
} as const satisfies Record<string, SettingRow<unknown>>;

export type Settings = {
  readonly [K in keyof typeof SETTINGS]: ReturnType<(typeof SETTINGS)[K]['read']>;
};
