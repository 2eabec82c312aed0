import type { LocalS3Options } from '../../../src/local-s3/server.ts';

export const BUCKET = 'private-bucket';
export const PUBLIC_BUCKET = 'public-bucket';
export const CREDENTIALS = { accessKeyId: 'LOCALKEY', secretAccessKey: 'local-secret' } as const;

export function localS3Options(root: string, changes: Partial<LocalS3Options> = {}): LocalS3Options {
  return {
    root,
    port: 0,
    region: 'us-east-1',
    credentials: { [CREDENTIALS.accessKeyId]: CREDENTIALS.secretAccessKey },
    buckets: [BUCKET, PUBLIC_BUCKET],
    publicReadBuckets: [PUBLIC_BUCKET],
    cors: [],
    wallClockMs: Date.now,
    nodeEnv: 'test',
    ...changes,
  };
}
