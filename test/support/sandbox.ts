import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect } from 'vitest';
import { guard } from './guard.ts';
import type { MinioAccess } from './minio-server.ts';
import { type Program, runProgram, startProgram } from './program.ts';
import type { Finished } from './tool.ts';

export interface CreatedKey {
  readonly id: string;
  readonly token: string;
}

/** A working folder with a key store of its own, and an environment that holds nothing but what the test gives. */
export interface Sandbox extends AsyncDisposable {
  readonly folder: string;
  readonly env: Readonly<Record<string, string>>;
  /** Runs a command to its end. */
  run(args: readonly string[], env?: Environment): Promise<Finished>;
  /** Makes a key with the command line. `options` go behind `--name`. */
  createKey(options?: readonly string[], env?: Environment): Promise<CreatedKey>;
  revokeKey(id: string, env?: Environment): Promise<void>;
  /** Starts a service on a port of its own. It is stopped with the sandbox at the latest. */
  start(command?: 'serve' | 'dev', env?: Environment): Promise<Program>;
}

export type Environment = Readonly<Record<string, string>>;

/** Disposing stops what runs here, which must be in good order until then, and removes the folder. */
export async function openSandbox(env: Environment = {}, folderPrefix = 'presignd-e2e-'): Promise<Sandbox> {
  const folder = await mkdtemp(join(tmpdir(), folderPrefix));
  const forget = guard({ kind: 'folder', id: folder });
  const base = { PATH: process.env['PATH'] ?? '', HOME: folder, ...env };
  const programs: Program[] = [];
  const options = (more: Environment = {}) => ({ folder, env: { ...base, ...more } });

  async function runWell(args: readonly string[], more?: Environment): Promise<string> {
    const { code, stdout, stderr } = await runProgram(args, options(more));
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' });
    return stdout;
  }

  return {
    folder,
    env: base,
    run: (args, more) => runProgram(args, options(more)),
    createKey: async (args = [], more) => {
      const made = JSON.parse(await runWell(['keys', 'create', '--json', '--name', 'a test', ...args], more));
      return { id: made.id, token: made.api_key };
    },
    revokeKey: async (id, more) => {
      await runWell(['keys', 'revoke', id], more);
    },
    start: async (command = 'serve', more) => {
      const program = await startProgram(command, options({ HOST: '127.0.0.1', PORT: '0', ...more }));
      programs.push(program);
      return program;
    },
    [Symbol.asyncDispose]: async () => {
      const stopped = await Promise.allSettled(programs.map((program) => program[Symbol.asyncDispose]()));
      await rm(folder, { recursive: true, force: true, maxRetries: 5 });
      forget();
      const failed = stopped.find((outcome) => outcome.status === 'rejected');
      if (failed !== undefined) throw failed.reason;
    },
  };
}

/** Credentials and a destination that signing is content with; nothing listens there. */
export const UNREACHABLE_S3: Environment = {
  AWS_ACCESS_KEY_ID: 'presignd-nobody',
  AWS_SECRET_ACCESS_KEY: 'presignd-nobody-secret',
  PRESIGND_BUCKET: 'uploads',
  PRESIGND_REGION: 'us-east-1',
  PRESIGND_S3_ENDPOINT: 'http://127.0.0.1:9',
  PRESIGND_S3_FORCE_PATH_STYLE: 'true',
};

/** What a customer sets to have uploads go to a bucket on a MinIO. */
export function environmentFor(minio: MinioAccess, bucket: string): Environment {
  return {
    AWS_ACCESS_KEY_ID: minio.accessKeyId,
    AWS_SECRET_ACCESS_KEY: minio.secretAccessKey,
    PRESIGND_BUCKET: bucket,
    PRESIGND_REGION: minio.region,
    PRESIGND_S3_ENDPOINT: minio.endpoint,
    PRESIGND_S3_FORCE_PATH_STYLE: 'true',
  };
}
