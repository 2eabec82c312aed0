import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type LocalS3, openLocalS3 } from '../../src/local-s3/server.ts';
import { describeObjectStorage } from './object-storage.suite.ts';

const SUBJECT = {
  accessKeyId: 'LOCALKEY',
  secretAccessKey: 'local-secret',
  region: 'eu-central-1',
  bucket: 'private-bucket',
  publicBucket: 'public-bucket',
  differences: {},
} as const;

let root: string;
let server: LocalS3;

beforeAll(async () => {
  root = await mkdtemp(path.join(tmpdir(), 'presignd-s3-'));
  server = await openLocalS3({
    root,
    port: 0,
    region: SUBJECT.region,
    credentials: { [SUBJECT.accessKeyId]: SUBJECT.secretAccessKey },
    buckets: [SUBJECT.bucket],
    publicReadBuckets: [],
    cors: [],
    wallClockMs: Date.now,
    nodeEnv: 'test',
    onInternalError: (error) => {
      throw error;
    },
  });
});

afterAll(async () => {
  await server?.close();
  await rm(root, { recursive: true, force: true });
});

describeObjectStorage('the development endpoint', () => ({ ...SUBJECT, endpoint: server.url }), {
  listsBy: 'prefix',
});
