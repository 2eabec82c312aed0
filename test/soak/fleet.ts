// Two services of one fleet at addresses that survive restarts, with everything they talk to behind proxies.
import { startMinio } from '../support/minio-server.ts';
import { makePostgresPlace, urlWith } from '../support/postgres-place.ts';
import { startPostgres } from '../support/postgres-server.ts';
import type { Program } from '../support/program.ts';
import { type RedisServer, startRedis } from '../support/redis-server.ts';
import { environmentFor, openSandbox, type Sandbox } from '../support/sandbox.ts';
import { freePort } from '../support/server-start.ts';
import { openProxy, startToxiproxy, type ToxicProxy } from '../support/toxiproxy-server.ts';

export interface SoakNode {
  readonly name: string;
  readonly url: string;
  readonly toPostgres: ToxicProxy;
  /** Undefined while it is down. */
  program: Program | undefined;
  /** Whether a load balancer would send it new calls. */
  isInRotation: boolean;
  start(): Promise<void>;
  /** Whether its process is there. */
  isRunning(): boolean;
}

export interface SoakFleet extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly nodes: readonly SoakNode[];
  readonly redis: RedisServer;
  readonly toS3: ToxicProxy;
}

const SIZE = 2;
const STARTS_MAX = 5;

export async function openSoakFleet(): Promise<SoakFleet> {
  await using opening = new AsyncDisposableStack();
  const stopping = async <T extends { stop(): Promise<void> }>(server: Promise<T>) =>
    opening.adopt(await server, ({ stop }) => stop());
  const redis = await stopping(startRedis());
  const postgres = await stopping(startPostgres());
  const minio = await stopping(startMinio());
  const toxiproxy = await stopping(startToxiproxy());
  const place = opening.adopt(await makePostgresPlace(postgres.url), ({ remove }) => remove());
  const toS3 = await openProxy(toxiproxy.url, minio);
  const access = { ...minio.access, endpoint: `http://${toS3.host}:${toS3.port}` };
  const direct = { DATABASE_URL: place.url, REDIS_URL: redis.url };
  const sandbox = opening.use(
    await openSandbox({ ...environmentFor(access, access.publicBucket), ...direct }, 'presignd-soak-'),
  );
  const nodes: SoakNode[] = [];
  for (let n = 1; n <= SIZE; n++) {
    const toRedis = await openProxy(toxiproxy.url, redis);
    const toPostgres = await openProxy(toxiproxy.url, postgres);
    const port = await freePort();
    const env = {
      PORT: String(port),
      DATABASE_URL: urlWith(place.url, { address: toPostgres }),
      REDIS_URL: urlWith(redis.url, { address: toRedis }),
    };
    nodes.push({
      name: `instance ${n}`,
      url: `http://127.0.0.1:${port}`,
      toPostgres,
      program: undefined,
      isInRotation: false,
      async start() {
        this.program = await started(() => sandbox.start('serve', env));
        this.isInRotation = true;
      },
      isRunning() {
        try {
          return this.program !== undefined && process.kill(this.program.pid, 0);
        } catch {
          return false;
        }
      },
    });
  }
  const open = opening.move();
  return { sandbox, nodes, redis, toS3, [Symbol.asyncDispose]: () => open.disposeAsync() };
}

/** As an orchestrator has it: a service that cannot reach its store ends, and is started again. */
async function started(start: () => Promise<Program>): Promise<Program> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await start();
    } catch (error) {
      if (attempt === STARTS_MAX) throw error;
    }
  }
}
