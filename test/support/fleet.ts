// Several services on one Postgres and one Redis, each reached through proxies that a test can spoil.

import { makePostgresPlace, type PostgresPlace, urlWith } from './postgres-place.ts';
import type { Program } from './program.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { type Environment, openSandbox, type Sandbox, UNREACHABLE_S3 } from './sandbox.ts';
import { openProxy, type ToxicProxy } from './toxiproxy-server.ts';

export interface FleetNode {
  readonly program: Program;
  readonly url: string;
  /** This node's own ways to the servers. */
  readonly toRedis: ToxicProxy;
  readonly toPostgres: ToxicProxy;
}

export interface Fleet extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly redis: RedisServer;
  readonly place: PostgresPlace;
  /** An API key that may do everything, of the owner `default`. */
  readonly admin: string;
  readonly nodes: readonly FleetNode[];
  /** Makes a key past all proxies. */
  createKey(options?: readonly string[]): Promise<{ readonly id: string; readonly token: string }>;
}

const ALL_SCOPES = 'uploads:create,uploads:read,uploads:manage,keys:read,keys:write';

export interface FleetServers {
  readonly postgresUrl: string;
  /** The API of a Toxiproxy. */
  readonly toxiproxyUrl: string;
}

/** `size` services on a database of their own and on a Redis of their own. */
export async function openFleet(
  { postgresUrl, toxiproxyUrl }: FleetServers,
  size: number,
  env: Environment = {},
): Promise<Fleet> {
  await using opening = new AsyncDisposableStack();
  const redis = opening.adopt(await startRedis(), ({ stop }) => stop());
  const place = opening.adopt(await makePostgresPlace(postgresUrl), ({ remove }) => remove());
  const postgres = addressOf(postgresUrl);
  const direct = { DATABASE_URL: place.url, REDIS_URL: redis.url };
  const sandbox = opening.use(await openSandbox({ ...UNREACHABLE_S3, ...direct, ...env }));
  const { token: admin } = await sandbox.createKey(['--scopes', ALL_SCOPES]);
  const nodes: FleetNode[] = [];
  for (let node = 0; node < size; node++) {
    const toRedis = await openProxy(toxiproxyUrl, redis);
    const toPostgres = await openProxy(toxiproxyUrl, postgres);
    const program = await sandbox.start('serve', {
      DATABASE_URL: urlWith(place.url, { address: toPostgres }),
      REDIS_URL: urlWith(redis.url, { address: toRedis }),
    });
    nodes.push({ program, url: program.url, toRedis, toPostgres });
  }
  const open = opening.move();
  return {
    sandbox,
    redis,
    place,
    admin,
    nodes,
    createKey: (options) => sandbox.createKey(options),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function addressOf(url: string): { readonly host: string; readonly port: number } {
  const { hostname, port } = new URL(url);
  return { host: hostname, port: Number(port) };
}
