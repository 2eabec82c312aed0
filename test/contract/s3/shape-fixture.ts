// The uploads room on a real endpoint: our own presigner and our own storage client, and nothing in memory but its keys.
import { createHash, createSecretKey, randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { Fault } from '../../../src/fault/fault.ts';
import { createObjectStorage } from '../../../src/s3/object-storage.ts';
import { createSealer } from '../../../src/seal/create-sealer.ts';
import { PROVIDER_CAPABILITIES } from '../../../src/uploads/providers.ts';
import { createUploads, type Uploads } from '../../../src/uploads/uploads.ts';
import { ACME, forgetful } from '../../support/upload-fixture.ts';
import { placeWith } from '../../support/upload-option-cases.ts';
import { openNativePresigner } from './native-presigner.ts';
import type { S3Subject } from './subject.ts';

export interface ShapeRoom extends Disposable {
  readonly uploads: Uploads;
  /** The same room an hour ago: what it signs for less has expired. */
  readonly past: Uploads;
}

const HOUR_MS = 3_600_000;

export async function openShapeRoom(subject: S3Subject): Promise<ShapeRoom> {
  const { accessKeyId, secretAccessKey, bucket, region, endpoint } = subject;
  const presigner = await openNativePresigner(subject);
  const storage = createObjectStorage({
    bucket,
    region,
    endpoint,
    forcePathStyle: true,
    credentials: async () => ({ accessKeyId, secretAccessKey }),
  });
  const place = { ...placeWith(), provider: PROVIDER_CAPABILITIES.minio };
  const sealer = createSealer([createSecretKey(randomBytes(32))], 'shapes');
  const roomAt = (wallClockMs: () => number) =>
    createUploads({
      destinations: new Map([['default', { ...place, presigner, storage }]]),
      budget: { take: async () => true },
      memory: forgetful,
      sealer,
      uploadTtlMs: 24 * HOUR_MS,
      random: randomBytes,
      wallClockMs,
      sleep: async () => {},
    });
  return {
    uploads: roomAt(Date.now),
    past: roomAt(() => Date.now() - HOUR_MS),
    [Symbol.dispose]: () => {
      presigner.close();
      storage.close();
    },
  };
}

export { ACME };

export const MIB = 1_048_576;

/** Bytes that no compression and no accident makes twice. */
export function bytesOf(size: number, seed = 'presignd'): Buffer {
  const block = createHash('sha512').update(seed).digest();
  return Buffer.alloc(size, block);
}

export function crc32Of(bytes: Uint8Array): string {
  const value = Buffer.alloc(4);
  value.writeUInt32BE(crc32(bytes));
  return value.toString('base64');
}

export function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('base64');
}

/** Headers as a client that sends these bytes would have them. */
export function headersFor(headers: Readonly<Record<string, string>>, body: Uint8Array) {
  return { ...headers, 'content-length': String(body.length) };
}

/** The reason of a call that has to be refused. */
export async function reasonOf(call: Promise<unknown>): Promise<string> {
  const error = await call.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof Fault) return error.reason;
  throw new Error('the call was not refused with a fault', { cause: error });
}
