import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll } from 'vitest';
import { type LocalS3, openLocalS3 } from '../../src/local-s3/server.ts';
import { ALLOWED_ORIGIN } from './s3/subject.ts';
import { describeS3 } from './s3.suite.ts';

const NO_ENCRYPTION = 'it has no keys to encrypt with, and does not pretend to';

const SUBJECT = {
  accessKeyId: 'LOCALKEY',
  secretAccessKey: 'local-secret',
  region: 'eu-central-1',
  bucket: 'private-bucket',
  publicBucket: 'public-bucket',
  differences: {
    'encryption by S3': { answers: '501 NotImplemented', because: NO_ENCRYPTION },
    'encryption with KMS': { answers: '501 NotImplemented', because: NO_ENCRYPTION },
  },
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
    buckets: [SUBJECT.bucket, SUBJECT.publicBucket],
    publicReadBuckets: [SUBJECT.publicBucket],
    cors: [{ origins: [ALLOWED_ORIGIN], methods: ['GET', 'HEAD', 'PUT', 'POST'] }],
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

describeS3('the development endpoint', () => ({ ...SUBJECT, endpoint: server.url }));
