// The global setup of every project whose tests talk to real servers. The projects of one run share one of each:
// the first project starts them and the last one to end stops them.
import type { TestProject } from 'vitest/node';
import { type MinioAccess, type MinioServer, startMinio } from './minio-server.ts';
import { type PostgresServer, startPostgres } from './postgres-server.ts';
import { type RedisServer, startRedis } from './redis-server.ts';
import { ServerUnavailableError, type TestServer } from './test-server.ts';
import { startToxiproxy, type ToxiproxyServer } from './toxiproxy-server.ts';

export { startMinio } from './minio-server.ts';
export { startRedis } from './redis-server.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** A Redis that test files share: each uses keys of its own and never flushes it. */
    readonly redisUrl: string | undefined;
    /** A MinIO that test files share. */
    readonly minio: MinioAccess | undefined;
    /** The administrator's URL of a Postgres that test files share: each makes databases and roles of its own. */
    readonly postgresUrl: string | undefined;
    /** The API of a Toxiproxy that test files share: each makes proxies of its own. */
    readonly toxiproxyUrl: string | undefined;
  }
}

interface SharedServers {
  readonly redis: RedisServer | undefined;
  readonly minio: MinioServer | undefined;
  readonly postgres: PostgresServer | undefined;
  readonly toxiproxy: ToxiproxyServer | undefined;
  readonly missing: Readonly<Record<string, string>>;
}

interface Sharing {
  users: number;
  servers: Promise<SharedServers> | undefined;
}

// Every project loads this module anew, so what they share cannot live in a variable of the module.
const SHARING = Symbol.for('presignd.test.shared-servers');
const processWide = globalThis as typeof globalThis & { [SHARING]?: Sharing };

export async function setup(project: TestProject): Promise<() => Promise<void>> {
  processWide[SHARING] ??= { users: 0, servers: undefined };
  const sharing = processWide[SHARING];
  sharing.servers ??= startShared();
  const { redis, minio, postgres, toxiproxy, missing } = await sharing.servers;
  sharing.users += 1;
  project.provide('redisUrl', redis?.url);
  project.provide('minio', minio?.access);
  project.provide('postgresUrl', postgres?.url);
  project.provide('toxiproxyUrl', toxiproxy?.url);
  project.provide('missingServices', missing);
  return async () => {
    sharing.users -= 1;
    if (sharing.users > 0) return;
    sharing.servers = undefined;
    await stopAll([redis, minio, postgres, toxiproxy]);
  };
}

async function startShared(): Promise<SharedServers> {
  const missing: Record<string, string> = {};
  const unlessMissing = (service: string) => (error: unknown) => {
    if (!(error instanceof ServerUnavailableError)) throw error;
    missing[service] = error.message;
    return undefined;
  };
  const [redis, minio, postgres, toxiproxy] = await Promise.all([
    startRedis().catch(unlessMissing('redisUrl')),
    startMinio().catch(unlessMissing('minio')),
    startPostgres().catch(unlessMissing('postgresUrl')),
    startToxiproxy().catch(unlessMissing('toxiproxyUrl')),
  ]);
  const reasons = Object.values(missing);
  if (process.env['CI'] === 'true' && reasons.length > 0) {
    await stopAll([redis, minio, postgres, toxiproxy]);
    throw new Error(`With CI=true no suite may be skipped for want of a server. ${reasons.join('. ')}`);
  }
  return { redis, minio, postgres, toxiproxy, missing };
}

async function stopAll(servers: readonly (Pick<TestServer, 'stop'> | undefined)[]): Promise<void> {
  await Promise.all(servers.map((server) => server?.stop()));
}
