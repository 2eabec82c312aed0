import { describe, expect, it } from 'vitest';
import { createObjectStorage } from '../../src/s3/object-storage.ts';
import type { MultipartCompletion, ObjectStorage } from '../../src/uploads/ports.ts';
import { errorAnswer, type FAKE_KEYS, KEY, openFakeS3, openFakeTcp, storageAt } from '../support/fake-s3.ts';
import { faultOf } from '../support/faults.ts';
import { gather } from '../support/gather.ts';

const COMPLETION: MultipartCompletion = {
  objectKey: KEY,
  s3UploadId: 'upload',
  parts: [{ partNumber: 1, sizeBytes: 1, etag: 'a', checksum: undefined }],
  checksum: undefined,
  expectedChecksum: undefined,
  oneShot: false,
};

/** Everything that a storage can be asked. */
const QUESTIONS: Readonly<Record<string, (storage: ObjectStorage) => Promise<unknown>>> = {
  createMultipartUpload: (storage) =>
    storage.createMultipartUpload({
      objectKey: KEY,
      sizeBytes: 1,
      ttlSeconds: 60,
      headers: { 'content-type': 'a/b' },
      partSizeBytes: 1,
      partCount: 1,
      checksum: undefined,
    }),
  listParts: (storage) => storage.listParts(KEY, 'upload'),
  completeMultipartUpload: (storage) => storage.completeMultipartUpload(COMPLETION),
  abortMultipartUpload: (storage) => storage.abortMultipartUpload(KEY, 'upload'),
  headObject: (storage) => storage.headObject(KEY),
  listMultipartUploads: (storage) => gather(storage.listMultipartUploads('')),
};

/** Each of them, while S3 is in a state in which none can be answered. */
async function expectUnavailable(storage: ObjectStorage): Promise<void> {
  const reasons = await Promise.all(
    Object.entries(QUESTIONS).map(async ([name, ask]) => {
      const { reason, retryAfterMs } = await faultOf(() => ask(storage));
      return [name, reason, retryAfterMs];
    }),
  );
  expect(reasons).toEqual(Object.keys(QUESTIONS).map((name) => [name, 'STORAGE_UNAVAILABLE', 1_000]));
}

/** So little that tests of silence take no longer than they must. */
const IMPATIENT = { timeoutMs: 500 };

describe('an S3 that fails', () => {
  it('is unavailable while it is down', async () => {
    await expectUnavailable(storageAt('http://127.0.0.1:9'));
  });

  it('is unavailable while its name is not known', async () => {
    await expectUnavailable(storageAt('http://s3.invalid', IMPATIENT));
  });

  it.each([
    [503, 'SlowDown'],
    [503, 'ServiceUnavailable'],
    [500, 'InternalError'],
    [429, 'TooManyRequests'],
  ])('is unavailable while it answers %s %s', async (status, code) => {
    await expectUnavailable(storageAt(await openFakeS3(errorAnswer(status, code))));
  });

  it('is unavailable while it takes connections and answers nothing', async () => {
    await expectUnavailable(storageAt(await openFakeTcp(() => {}), IMPATIENT));
  });

  it('answers within the limits that hold by themselves', async () => {
    const fault = await faultOf(async () => storageAt(await openFakeTcp(() => {})).headObject(KEY));
    expect(fault.reason).toBe('STORAGE_UNAVAILABLE');
  });

  it('is unavailable while it stops in the middle of its answers', async () => {
    const endpoint = await openFakeS3((_, response) => {
      response.writeHead(500, { 'content-type': 'application/xml', 'content-length': 1_000 });
      response.write('<Error>');
    });
    const { headObject: _, ...withBody } = QUESTIONS;
    const storage = storageAt(endpoint, IMPATIENT);
    for (const ask of Object.values(withBody)) {
      expect((await faultOf(() => ask(storage))).reason).toBe('STORAGE_UNAVAILABLE');
    }
  });

  it('is unavailable while a success never comes to its end, as that of a completion that takes too long', async () => {
    const endpoint = await openFakeS3((_, response) => {
      response.writeHead(200, { 'content-type': 'application/xml' });
      const timer = setInterval(() => response.write(' '), 20);
      response.on('close', () => clearInterval(timer));
    });
    const storage = storageAt(endpoint, IMPATIENT);
    const fault = await faultOf(() => storage.completeMultipartUpload(COMPLETION));
    expect(fault.reason).toBe('STORAGE_UNAVAILABLE');
  });

  it('is unavailable while connections are reset', async () => {
    await expectUnavailable(
      storageAt(await openFakeTcp((socket) => socket.once('data', () => socket.resetAndDestroy()))),
    );
  });

  it.each([
    ['no HTTP', 'hello, who is there?\r\n\r\n'],
    ['bytes', '\0\u0001\u0002\u0003'],
  ])('is unavailable while it answers %s', async (_, garbage) => {
    const endpoint = await openFakeTcp((socket) => socket.once('data', () => socket.end(garbage)));
    await expectUnavailable(storageAt(endpoint, IMPATIENT));
  });

  it('is unavailable while something else answers in its place', async () => {
    const endpoint = await openFakeS3((_, response) => {
      response.writeHead(200, { 'content-type': 'text/html' });
      response.end('<html><body>Sign in to this network</body>');
    });
    const storage = storageAt(endpoint);
    for (const name of [
      'createMultipartUpload',
      'completeMultipartUpload',
      'listParts',
      'listMultipartUploads',
    ]) {
      expect([name, (await faultOf(() => QUESTIONS[name]?.(storage))).reason]).toEqual([
        name,
        'STORAGE_UNAVAILABLE',
      ]);
    }
  });

  it('is asked so much at a time while it hangs, and no more is gathered', async () => {
    let connections = 0;
    const endpoint = await openFakeTcp(() => {
      connections += 1;
    });
    const storage = storageAt(endpoint, { timeoutMs: 2_000 });
    const questions = Array.from({ length: 600 }, () => faultOf(() => storage.headObject(KEY)));
    const reasons = (await Promise.all(questions)).map(({ reason }) => reason);
    expect(new Set(reasons)).toEqual(new Set(['STORAGE_UNAVAILABLE']));
    // The others waited for a second, or not even that.
    expect(connections).toBe(256);
  });

  it('is asked again once it is back', async () => {
    let isDown = true;
    const endpoint = await openFakeS3((request, response) => {
      errorAnswer(isDown ? 503 : 404, isDown ? 'SlowDown' : 'NoSuchUpload')(request, response);
    });
    const storage = storageAt(endpoint);
    expect((await faultOf(() => storage.listParts(KEY, 'upload'))).reason).toBe('STORAGE_UNAVAILABLE');
    isDown = false;
    expect(await storage.listParts(KEY, 'upload')).toBeUndefined();
  });

  it('is tried a second time before anyone is told', async () => {
    let requests = 0;
    const endpoint = await openFakeS3((request, response) => {
      requests += 1;
      errorAnswer(requests === 1 ? 503 : 404, requests === 1 ? 'SlowDown' : 'NoSuchUpload')(
        request,
        response,
      );
    });
    expect(await storageAt(endpoint).listParts(KEY, 'upload')).toBeUndefined();
    expect(requests).toBe(2);
  });

  it('is not waited for when credentials never come', async () => {
    const endpoint = await openFakeS3(errorAnswer(404, 'NoSuchUpload'));
    const never = new Promise<typeof FAKE_KEYS>(() => {});
    const storage = createObjectStorage({
      bucket: 'uploads',
      region: 'us-east-1',
      endpoint,
      forcePathStyle: true,
      credentials: () => never,
      ...IMPATIENT,
    });
    expect((await faultOf(() => storage.listParts(KEY, 'upload'))).reason).toBe('STORAGE_UNAVAILABLE');
    storage.close();
  });
});
