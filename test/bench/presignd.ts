import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { type ChildServer, repositoryPath, startChildServer } from './child-server.ts';
import { BUCKET, CREDENTIALS, REGION } from './example.ts';

const run = promisify(execFile);

export const PRESIGND = repositoryPath('bin/presignd.js');

/** The service as in production: keys in a SQLite file, a bucket at AWS, every request logged as JSON. */
export function startPresignd(databaseUrl: string, workers = 1): Promise<ChildServer> {
  return startChildServer({
    arguments: () => [PRESIGND, 'serve', '--workers', String(workers)],
    environment: (port) => ({
      HOST: '127.0.0.1',
      PORT: String(port),
      DATABASE_URL: databaseUrl,
      PRESIGND_BUCKET: BUCKET,
      PRESIGND_REGION: REGION,
      AWS_ACCESS_KEY_ID: CREDENTIALS.accessKeyId,
      AWS_SECRET_ACCESS_KEY: CREDENTIALS.secretAccessKey,
    }),
    isReady,
  });
}

export async function isReady(port: number): Promise<boolean> {
  return (await fetch(`http://127.0.0.1:${port}/readyz`)).ok;
}

/** Makes an API key in the store, as an operator would, and answers it. */
export async function createApiKey(databaseUrl: string): Promise<string> {
  const env = { PATH: process.env['PATH'], DATABASE_URL: databaseUrl };
  const { stdout } = await run(process.execPath, [PRESIGND, 'keys', 'create', '--name', 'bench'], { env });
  return stdout.trim();
}
