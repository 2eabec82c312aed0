import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { MinioAccess } from './minio-server.ts';
import type { Program } from './program.ts';
import { type Environment, environmentFor, openSandbox, type Sandbox } from './sandbox.ts';

/** A running service, and a key for it. */
export interface Service extends AsyncDisposable {
  readonly sandbox: Sandbox;
  readonly program: Program;
  readonly url: string;
  readonly token: string;
}

/** `presignd serve` in front of MinIO's public bucket, with Redis where there is one. */
export async function openServiceOnMinio(
  minio: MinioAccess,
  redisUrl: string | undefined,
  env: Environment = {},
): Promise<Service> {
  return openService({
    ...environmentFor(minio, minio.publicBucket),
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    ...env,
  });
}

/** `presignd serve` with a fresh key. */
export async function openService(env: Environment): Promise<Service> {
  const sandbox = await openSandbox(env);
  try {
    const { token } = await sandbox.createKey();
    return serviceFrom(sandbox, await sandbox.start('serve'), token);
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

/** `presignd dev` with its own S3 and the key that it made. */
export async function openDevService(env: Environment = {}): Promise<Service> {
  const sandbox = await openSandbox(env);
  try {
    const program = await sandbox.start('dev');
    return serviceFrom(sandbox, program, await devKey(sandbox, program));
  } catch (error) {
    await sandbox[Symbol.asyncDispose]();
    throw error;
  }
}

/** The key that `presignd dev` has made or kept. */
export async function devKey(sandbox: Sandbox, program: Program): Promise<string> {
  await program.untilPrinted('Ctrl-C stops it.');
  return (await readFile(join(sandbox.folder, '.presignd/dev-api-key'), 'utf8')).trim();
}

function serviceFrom(sandbox: Sandbox, program: Program, token: string): Service {
  return {
    sandbox,
    program,
    url: program.url,
    token,
    [Symbol.asyncDispose]: () => sandbox[Symbol.asyncDispose](),
  };
}
