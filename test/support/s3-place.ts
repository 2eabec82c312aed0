// An S3 of its own, with credentials of its own, for tests that need more than one.
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openLocalS3 } from '../../src/local-s3/server.ts';

export interface S3Place extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string;
  readonly credentials: S3Keys;
  /** Anyone may read it. */
  readonly bucket: string;
}

export interface S3Keys {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
}

/** A development S3 with one bucket in a folder that goes when it is disposed of. */
export async function openS3Place(
  credentials: S3Keys,
  bucket: string,
  wallClockMs = Date.now,
): Promise<S3Place> {
  await using opening = new AsyncDisposableStack();
  const root = await mkdtemp(join(tmpdir(), 'presignd-s3-place-'));
  opening.defer(() => rm(root, { recursive: true, force: true }));
  const server = await openLocalS3({
    root,
    port: 0,
    region: 'us-east-1',
    credentials: { [credentials.accessKeyId]: credentials.secretAccessKey },
    buckets: [bucket],
    publicReadBuckets: [bucket],
    cors: [],
    wallClockMs,
    nodeEnv: 'test',
  });
  opening.defer(() => server.close());
  const open = opening.move();
  return { url: server.url, credentials, bucket, [Symbol.asyncDispose]: () => open.disposeAsync() };
}
