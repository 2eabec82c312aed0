import { createHash } from 'node:crypto';
import { UploadPartCommand, type UploadPartCommandInput } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createObjectStorage, type S3ObjectStorage } from '../../src/s3/object-storage.ts';
import { checksumName } from '../../src/s3/storage-checksums.ts';
import type { MultipartChecksum, MultipartPlan } from '../../src/uploads/plan.ts';
import type { MultipartCompletion, StoredPart } from '../../src/uploads/ports.ts';
import type { ObjectKey } from '../../src/uploads/upload.ts';
import { faultOf } from '../support/faults.ts';
import { gather } from '../support/gather.ts';
import { accessTo, type S3Access } from './s3/client.ts';
import { FIRST, LAST } from './s3/multipart-steps.ts';
import type { S3Subject } from './s3/subject.ts';

const WHOLE = Buffer.concat([FIRST, LAST]);

/** Servers that differ from AWS in what only the janitor needs say so. */
export interface StorageDifferences {
  /** What uploads in parts are listed by, where not all of them are: any prefix, or the whole key. */
  readonly listsBy: 'prefix' | 'key';
}

/** What every implementation of the port keeps to. */
export function describeObjectStorage(
  name: string,
  subjectOf: () => S3Subject,
  { listsBy }: StorageDifferences,
): void {
  describe(`object storage: ${name}`, () => {
    let subject: S3Subject;
    let s3: S3Access;
    let storage: S3ObjectStorage;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
      storage = storageOf(subject);
    });
    afterAll(() => {
      s3.destroy();
      storage.close();
    });

    const newKey = () => s3.newKey() as ObjectKey;

    /** An upload that was begun, with its parts in S3. */
    async function uploaded(
      checksum?: MultipartChecksum,
      bodies: readonly Buffer[] = [FIRST, LAST],
      objectKey = newKey(),
    ): Promise<MultipartCompletion> {
      const s3UploadId = await storage.createMultipartUpload(planFor(objectKey, checksum));
      for (const [index, Body] of bodies.entries()) {
        const input: UploadPartCommandInput = {
          Bucket: subject.bucket,
          Key: objectKey,
          UploadId: s3UploadId,
          PartNumber: index + 1,
          Body,
          ...(checksum && { ChecksumAlgorithm: checksumName(checksum.algorithm) }),
        };
        await s3.client.send(new UploadPartCommand(input));
      }
      const parts = (await storage.listParts(objectKey, s3UploadId)) ?? [];
      return { objectKey, s3UploadId, parts, checksum, expectedChecksum: undefined, oneShot: false };
    }

    it('makes an object of the parts, with the headers of the plan', async () => {
      const upload = await uploaded();
      expect(upload.parts).toEqual([part(1, FIRST), part(2, LAST)]);
      expect(await storage.headObject(upload.objectKey)).toBeUndefined();
      expect(await storage.completeMultipartUpload(upload)).toEqual({ outcome: 'completed' });
      expect(await storage.headObject(upload.objectKey)).toMatchObject({
        sizeBytes: WHOLE.length,
        contentType: 'video/x-test',
        etag: expect.stringMatching(/^[0-9a-f]{32}-2$/),
        versionId: undefined,
      });
      const read = await s3.get(upload.objectKey);
      expect(read.body.equals(WHOLE)).toBe(true);
      expect(read.headers).toMatchObject({ 'x-amz-meta-who': 'ann', 'cache-control': 'no-store' });
    });

    it('keeps a composite sha256, of the checksums that the parts brought', async () => {
      const upload = await uploaded({ algorithm: 'sha256', type: 'composite' });
      expect(upload.parts.map(({ checksum }) => checksum)).toEqual([FIRST, LAST].map(sha256));
      expect(await storage.completeMultipartUpload(upload)).toEqual({ outcome: 'completed' });
      const value = `${sha256(Buffer.concat([FIRST, LAST].map((bytes) => Buffer.from(sha256(bytes), 'base64'))))}-2`;
      expect((await storage.headObject(upload.objectKey))?.checksum).toEqual({
        algorithm: 'sha256',
        value,
        type: 'composite',
      });
    });

    it('refuses a composite checksum of other parts', async () => {
      const upload = await uploaded({ algorithm: 'sha256', type: 'composite' });
      const parts = upload.parts.map((known) => ({ ...known, checksum: sha256(WHOLE) }));
      expect(await storage.completeMultipartUpload({ ...upload, parts })).toMatchObject({
        outcome: 'refused',
      });
      expect(await storage.headObject(upload.objectKey)).toBeUndefined();
    });

    it('has S3 compare a crc64nvme of the whole object', async () => {
      const checksum = { algorithm: 'crc64nvme', type: 'full_object' } as const;
      const known = await uploaded(checksum);
      await storage.completeMultipartUpload(known);
      const kept = (await storage.headObject(known.objectKey))?.checksum;
      expect(kept).toMatchObject(checksum);

      const upload = await uploaded(checksum);
      const wrong = { ...upload, expectedChecksum: 'AAAAAAAAAAA=' };
      expect(await storage.completeMultipartUpload(wrong)).toMatchObject({ outcome: 'refused' });
      expect(await storage.headObject(upload.objectKey)).toBeUndefined();
      const right = { ...upload, expectedChecksum: kept?.value };
      expect(await storage.completeMultipartUpload(right)).toEqual({ outcome: 'completed' });
      expect((await storage.headObject(upload.objectKey))?.checksum).toEqual(kept);
    });

    it('overwrites no object where it must not', async () => {
      const upload = await uploaded();
      await s3.put(upload.objectKey, 'here before');
      expect(await storage.completeMultipartUpload({ ...upload, oneShot: true })).toEqual({
        outcome: 'exists',
      });
      expect((await s3.get(upload.objectKey)).body.toString()).toBe('here before');
      const fresh = await uploaded();
      expect(await storage.completeMultipartUpload({ ...fresh, oneShot: true })).toEqual({
        outcome: 'completed',
      });
    });

    it('refuses parts that are too small, of another ETag, or not there, and says why', async () => {
      const small = await uploaded(undefined, [LAST, LAST]);
      expect(await storage.completeMultipartUpload(small)).toEqual({
        outcome: 'refused',
        why: expect.stringContaining('EntityTooSmall'),
      });
      const upload = await uploaded();
      const [first, last] = [part(1, FIRST), part(2, LAST)];
      for (const parts of [
        [first, { ...last, etag: '0'.repeat(32) }],
        [first, { ...last, partNumber: 3 }],
      ]) {
        expect(await storage.completeMultipartUpload({ ...upload, parts })).toEqual({
          outcome: 'refused',
          why: expect.stringContaining('InvalidPart'),
        });
      }
      expect(await storage.completeMultipartUpload(upload)).toEqual({ outcome: 'completed' });
    });

    it('says of uploads that were completed, aborted or never begun that they are absent', async () => {
      const completed = await uploaded(undefined, [LAST]);
      await storage.completeMultipartUpload(completed);
      const aborted = await uploaded(undefined, [LAST]);
      await storage.abortMultipartUpload(aborted.objectKey, aborted.s3UploadId);
      const unknown = { ...aborted, objectKey: newKey(), s3UploadId: 'f'.repeat(44) };
      for (const upload of [completed, aborted, unknown]) {
        expect(await storage.listParts(upload.objectKey, upload.s3UploadId)).toBeUndefined();
      }
      for (const upload of [aborted, unknown]) {
        expect(await storage.completeMultipartUpload(upload)).toEqual({ outcome: 'absent' });
        await storage.abortMultipartUpload(upload.objectKey, upload.s3UploadId);
      }
    });

    it('lists what was begun and not ended', async () => {
      const fromMs = Date.now() - 60_000;
      const objectKey = newKey();
      const prefix = listsBy === 'prefix' ? objectKey.slice(0, -3) : objectKey;
      const uploads = [
        await uploaded(undefined, [], objectKey),
        await uploaded(undefined, [LAST], objectKey),
      ];
      await uploaded(undefined, []);
      const listed = await gather(storage.listMultipartUploads(prefix));
      const idsOf = (found: typeof listed) => found.map(({ s3UploadId }) => s3UploadId);
      expect(listed.map((upload) => upload.objectKey)).toEqual([objectKey, objectKey]);
      expect(idsOf(listed).sort()).toEqual(uploads.map(({ s3UploadId }) => s3UploadId).sort());
      for (const { initiatedAtMs } of listed) expect(initiatedAtMs).toBeGreaterThan(fromMs);
      const all = await gather(storage.listMultipartUploads(''));
      expect(idsOf(all)).toEqual(expect.arrayContaining(idsOf(listed)));
      for (const upload of uploads) await storage.abortMultipartUpload(objectKey, upload.s3UploadId);
      expect(await gather(storage.listMultipartUploads(prefix))).toEqual([]);
    });

    it.each([
      ['another bucket', { bucket: 'no-such-bucket' }],
      ['an unknown access key', { accessKeyId: 'NOBODYSKEY' }],
      ['another secret', { secretAccessKey: 'another-secret' }],
    ])('says that it is refused with %s', async (_, changes) => {
      const refused = storageOf({ ...subject, ...changes });
      try {
        const key = newKey();
        for (const call of [
          () => refused.createMultipartUpload(planFor(key)),
          () => gather(refused.listMultipartUploads(key)),
        ]) {
          expect((await faultOf(call)).reason).toBe('STORAGE_REFUSED');
        }
      } finally {
        refused.close();
      }
    });
  });
}

function storageOf(subject: S3Subject): S3ObjectStorage {
  const { accessKeyId, secretAccessKey, bucket, region, endpoint } = subject;
  return createObjectStorage({
    bucket,
    region,
    endpoint,
    forcePathStyle: true,
    credentials: async () => ({ accessKeyId, secretAccessKey }),
  });
}

function planFor(objectKey: ObjectKey, checksum?: MultipartChecksum): MultipartPlan {
  return {
    objectKey,
    sizeBytes: WHOLE.length,
    ttlSeconds: 60,
    headers: { 'content-type': 'video/x-test', 'cache-control': 'no-store', 'x-amz-meta-who': 'ann' },
    partSizeBytes: FIRST.length,
    partCount: 2,
    checksum,
  };
}

function part(partNumber: number, body: Buffer): StoredPart {
  const etag = createHash('md5').update(body).digest('hex');
  return { partNumber, sizeBytes: body.length, etag, checksum: undefined };
}

function sha256(bytes: Buffer): string {
  return createHash('sha256').update(bytes).digest('base64');
}
