import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { onTestFinished } from 'vitest';
import { type LocalS3, type LocalS3Options, openLocalS3 } from '../../../src/local-s3/server.ts';
import { accessTo, type S3Access } from '../../contract/s3/client.ts';
import { BUCKET, CREDENTIALS, localS3Options, PUBLIC_BUCKET } from './local-s3-options.ts';

/** A folder that goes when the test does. */
export async function temporaryRoot(): Promise<string> {
  const root = await mkdtemp(path.join(tmpdir(), 'presignd-s3-'));
  onTestFinished(() => rm(root, { recursive: true, force: true }));
  return root;
}

export interface RunningS3 {
  readonly server: LocalS3;
  readonly s3: S3Access;
  stop(): Promise<void>;
}

/** An endpoint that stops when the test does, and a client for it. */
export async function startLocalS3(root: string, changes: Partial<LocalS3Options> = {}): Promise<RunningS3> {
  const server = await openLocalS3(localS3Options(root, changes));
  const s3 = clientOf(server.url);
  let stopped: Promise<void> | undefined;
  const stop = (): Promise<void> => {
    s3.destroy();
    stopped ??= server.close();
    return stopped;
  };
  onTestFinished(stop);
  return { server, s3, stop };
}

export function clientOf(endpoint: string): S3Access {
  return accessTo({
    endpoint,
    region: 'us-east-1',
    ...CREDENTIALS,
    bucket: BUCKET,
    publicBucket: PUBLIC_BUCKET,
    differences: {},
  });
}
