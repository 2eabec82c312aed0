import { Client } from 'pg';
import { TEST_IMAGES } from './images.ts';
import { type ServerSpec, startServer, type TestServer } from './test-server.ts';

export interface PostgresServer extends TestServer {
  /** The administrator's URL of the database `postgres`. */
  readonly url: string;
}

const USER = 'presignd-test';
const PASSWORD = 'presignd-test-secret';
const INITDB = `initdb -D data -U ${USER} -E UTF8 -A scram-sha-256`;
const SETTINGS = ['-c', 'max_connections=300'];

/** A Postgres of its own for a test. What it has committed survives `kill` and `restart`. */
export async function startPostgres(
  options: Pick<ServerSpec, 'containerTmpFs'> = {},
): Promise<PostgresServer> {
  const server = await startServer({
    ...options,
    name: 'Postgres',
    image: TEST_IMAGES.postgres,
    containerPort: 5432,
    containerCommand: ['postgres', ...SETTINGS],
    environment: { POSTGRES_USER: USER, POSTGRES_PASSWORD: PASSWORD, POSTGRES_DB: 'postgres' },
    program: 'postgres',
    avoidsRoot: true,
    prepareProgram: ['sh', '-c', `printf ${PASSWORD} >password && ${INITDB} --pwfile=password`],
    programArguments: (port, folder) =>
      ['-D', `${folder}/data`, '-p', String(port), '-k', folder, '-h', '127.0.0.1'].concat(SETTINGS),
    answers: async (host, port) => {
      await withPostgres(urlOf(host, port), (client) => client.query('SELECT 1'));
      return true;
    },
  });
  return { ...server, url: urlOf(server.host, server.port) };
}

/** Runs `work` on a connection of its own. */
export async function withPostgres<T>(url: string, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url, connectionTimeoutMillis: 5_000, query_timeout: 30_000 });
  client.on('error', () => {});
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

function urlOf(host: string, port: number): string {
  return `postgres://${USER}:${PASSWORD}@${host}:${port}/postgres`;
}
