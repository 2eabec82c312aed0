import { createHash } from 'node:crypto';
import {
  AbortMultipartUploadCommand,
  type CompletedPart,
  ListMultipartUploadsCommand,
  ListObjectsV2Command,
  ListPartsCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access, sdkOutcome, withParameter } from './client.ts';
import { send } from './http.ts';
import { completeUpload, createUpload, FIRST, LAST, putPart } from './multipart-steps.ts';
import { expectedAnswer, type S3Subject } from './subject.ts';

/** Uploads in parts. */
export function describeMultipart(subjectOf: () => S3Subject): void {
  describe('multipart uploads', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    it('makes one object of the parts, with the composite ETag and the headers of the upload', async () => {
      const upload = await createUpload(s3, { ContentType: 'video/x-test', Metadata: { who: 'ann' } });
      const parts = [await putPart(s3, upload, 1, FIRST), await putPart(s3, upload, 7, LAST)];
      const listed = await s3.client.send(new ListPartsCommand(upload));
      expect(listed.Parts?.map(({ PartNumber, Size, ETag }) => [PartNumber, Size, ETag])).toEqual([
        [1, FIRST.length, parts[0]?.ETag],
        [7, LAST.length, parts[1]?.ETag],
      ]);
      const md5 = (bytes: Buffer): Buffer => createHash('md5').update(bytes).digest();
      const composite = `"${md5(Buffer.concat([md5(FIRST), md5(LAST)])).toString('hex')}-2"`;
      expect((await completeUpload(s3, upload, parts)).ETag).toBe(composite);
      const read = await s3.get(upload.Key);
      expect(read.body.equals(Buffer.concat([FIRST, LAST]))).toBe(true);
      expect(read.headers).toMatchObject({
        etag: composite,
        'content-type': 'video/x-test',
        'x-amz-meta-who': 'ann',
      });
      const across = await s3.get(upload.Key, { range: `bytes=${FIRST.length - 2}-${FIRST.length + 2}` });
      expect(across.body.toString()).toBe(FIRST.subarray(-2).toString() + LAST.subarray(0, 3).toString());
      expect(await sdkOutcome(s3.client.send(new ListPartsCommand(upload)))).toBe('404 NoSuchUpload');
    });

    it('takes the last version of a part that was sent again', async () => {
      const upload = await createUpload(s3);
      const old = await putPart(s3, upload, 1, 'old');
      const fresh = await putPart(s3, upload, 1, 'new');
      expect(await sdkOutcome(completeUpload(s3, upload, [old]))).toBe(
        expectedAnswer(subject, 'a part of another ETag'),
      );
      await completeUpload(s3, upload, [fresh]);
      expect((await s3.get(upload.Key)).body.toString()).toBe('new');
    });

    it('completes with some of the parts and forgets the others', async () => {
      const upload = await createUpload(s3);
      await putPart(s3, upload, 1, 'left out');
      await completeUpload(s3, upload, [await putPart(s3, upload, 2, 'taken')]);
      expect((await s3.get(upload.Key)).body.toString()).toBe('taken');
    });

    it('refuses parts that are small, wrong, missing or out of order, and the upload stays as it was', async () => {
      const upload = await createUpload(s3);
      const [small, first, last] = [
        await putPart(s3, upload, 1, 'small'),
        await putPart(s3, upload, 2, FIRST),
        await putPart(s3, upload, 3, LAST),
      ];
      const refused = (parts: CompletedPart[]) => sdkOutcome(completeUpload(s3, upload, parts));
      expect(await refused([small, last])).toBe(expectedAnswer(subject, 'a small part in the middle'));
      expect(await refused([{ ...first, ETag: `"${'0'.repeat(32)}"` }])).toBe(
        expectedAnswer(subject, 'a part of another ETag'),
      );
      expect(await refused([first, { PartNumber: 4, ETag: last.ETag }])).toBe(
        expectedAnswer(subject, 'a part never uploaded'),
      );
      expect(await refused([last, first])).toBe(expectedAnswer(subject, 'parts out of order'));
      expect(await refused([])).toBe(expectedAnswer(subject, 'a list of no parts'));
      expect((await s3.get(upload.Key)).status).toBe(404);
      await completeUpload(s3, upload, [first, last]);
      expect((await s3.get(upload.Key)).body.length).toBe(FIRST.length + LAST.length);
    });

    /** The URL of one part must not serve for another, for another upload, or for another length. */
    it('binds the URL of a part to its number, its upload and its length', async () => {
      const upload = await createUpload(s3);
      const url = await s3.presignPart({ ...upload, PartNumber: 1, ContentLength: 4 });
      const outcome = async (target: string, body = 'four') => (await send('PUT', target, { body })).outcome;
      expect(await outcome(withParameter(url, 'partNumber', '2'))).toBe('403 SignatureDoesNotMatch');
      expect(await outcome(withParameter(url, 'uploadId', 'other'))).toBe('403 SignatureDoesNotMatch');
      expect(await outcome(url, 'fivve')).toBe('403 SignatureDoesNotMatch');
      expect(await outcome(url)).toBe('200');
    });

    it('refuses parts of unknown uploads and of impossible numbers', async () => {
      const upload = await createUpload(s3);
      const outcome = async (input: { UploadId?: string; Key?: string; PartNumber: number }) =>
        (await send('PUT', await s3.presignPart({ ...upload, ...input }), { body: 'x' })).outcome;
      const unknown = expectedAnswer(subject, 'an unknown upload');
      expect(await outcome({ UploadId: 'f'.repeat(44), PartNumber: 1 })).toBe(unknown);
      expect(await outcome({ Key: s3.newKey(), PartNumber: 1 })).toBe(unknown);
      expect(await outcome({ PartNumber: 10_001 })).toBe(expectedAnswer(subject, 'a part number over 10000'));
    });

    it('forgets an aborted upload and its parts', async () => {
      const upload = await createUpload(s3);
      const part = await putPart(s3, upload, 1, 'x');
      await s3.client.send(new AbortMultipartUploadCommand(upload));
      const unknown = expectedAnswer(subject, 'an unknown upload');
      expect(
        (await send('PUT', await s3.presignPart({ ...upload, PartNumber: 1 }), { body: 'x' })).outcome,
      ).toBe(unknown);
      expect(await sdkOutcome(completeUpload(s3, upload, [part]))).toBe(unknown);
      expect(await sdkOutcome(s3.client.send(new AbortMultipartUploadCommand(upload)))).toBe(
        expectedAnswer(subject, 'an abort of an aborted upload'),
      );
    });

    it('lists open uploads by prefix, and not as objects', async () => {
      const upload = await createUpload(s3);
      const input = { Bucket: subject.bucket, Prefix: upload.Key };
      const listed = await s3.client.send(new ListMultipartUploadsCommand(input));
      expect(listed.Uploads?.map(({ Key, UploadId }) => [Key, UploadId])).toEqual([
        [upload.Key, upload.UploadId],
      ]);
      const objects = await s3.client.send(new ListObjectsV2Command(input));
      expect(objects.Contents ?? []).toEqual([]);
    });

    it('lists parts in pages', async () => {
      const upload = await createUpload(s3);
      for (const number of [1, 2, 3]) await putPart(s3, upload, number, `part ${number}`);
      const first = await s3.client.send(new ListPartsCommand({ ...upload, MaxParts: 2 }));
      expect([first.Parts?.length, first.IsTruncated]).toEqual([2, true]);
      const rest = await s3.client.send(
        new ListPartsCommand({ ...upload, PartNumberMarker: first.NextPartNumberMarker }),
      );
      expect([rest.Parts?.map(({ PartNumber }) => PartNumber), rest.IsTruncated]).toEqual([[3], false]);
    });

    it('refuses to complete over an object with If-None-Match: *, and completes once it is gone', async () => {
      const Key = s3.newKey();
      await s3.put(Key, 'first');
      const upload = await createUpload(s3, { Key });
      const parts = [await putPart(s3, upload, 1, 'second')];
      const attempt = () => completeUpload(s3, upload, parts, { IfNoneMatch: '*' });
      expect(await sdkOutcome(attempt())).toBe(expectedAnswer(subject, 'a key that exists'));
      expect((await s3.get(Key)).body.toString()).toBe('first');
      await send('DELETE', await s3.presignDelete(Key));
      await attempt();
      expect((await s3.get(Key)).body.toString()).toBe('second');
    });

    it('either takes a part or refuses it while the upload is being completed or aborted', async () => {
      for (const end of ['complete', 'abort'] as const) {
        const upload = await createUpload(s3);
        const kept = await putPart(s3, upload, 1, 'kept');
        const url = await s3.presignPart({ ...upload, PartNumber: 2 });
        const [racing] = await Promise.all([
          send('PUT', url, { body: Buffer.alloc(2 ** 16) }),
          end === 'complete'
            ? completeUpload(s3, upload, [kept])
            : s3.client.send(new AbortMultipartUploadCommand(upload)),
        ]);
        expect(['200', '404 NoSuchUpload']).toContain(racing.outcome);
        const read = await s3.get(upload.Key);
        expect(read.status === 200 ? read.body.toString() : read.outcome).toBe(
          end === 'complete' ? 'kept' : '404 NoSuchKey',
        );
        expect(await sdkOutcome(s3.client.send(new ListPartsCommand(upload)))).toBe('404 NoSuchUpload');
      }
    });
  });
}
