import {
  type CompletedPart,
  HeadObjectCommand,
  PutObjectCommand,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { completeUpload, createUpload, FIRST, LAST } from './multipart-steps.ts';
import { expectedAnswer, type S3Subject } from './subject.ts';

/** Checksums of objects that were uploaded in parts. */
export function describeMultipartChecksums(subjectOf: () => S3Subject): void {
  describe('checksums of multipart uploads', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    it.each(['SHA256', 'CRC32'] as const)(
      'keeps a composite %s of parts that bring theirs',
      async (algorithm) => {
        const upload = await createUpload(s3, { ChecksumAlgorithm: algorithm });
        const bare = await send('PUT', await s3.presignPart({ ...upload, PartNumber: 1 }), { body: 'bare' });
        expect(bare.outcome).toBe(expectedAnswer(subject, 'a part without the upload’s checksum'));
        const parts: CompletedPart[] = [];
        for (const [index, Body] of [FIRST, LAST].entries()) {
          const PartNumber = index + 1;
          const answer = await s3.client.send(
            new UploadPartCommand({ ...upload, PartNumber, Body, ChecksumAlgorithm: algorithm }),
          );
          const checksum = answer[`Checksum${algorithm}`];
          parts.push({ PartNumber, ETag: answer.ETag, [`Checksum${algorithm}`]: checksum });
        }
        const done = await completeUpload(s3, upload, parts);
        expect(done[`Checksum${algorithm}`]).toMatch(/^[A-Za-z0-9+/]+=*-2$/);
        const head = await s3.client.send(
          new HeadObjectCommand({ Bucket: subject.bucket, Key: upload.Key, ChecksumMode: 'ENABLED' }),
        );
        expect(head[`Checksum${algorithm}`]).toBe(done[`Checksum${algorithm}`]);
      },
    );

    it.each(['CRC64NVME', 'CRC32C'] as const)(
      'combines the %s of the parts into that of the object',
      async (algorithm) => {
        const options = { ChecksumAlgorithm: algorithm, ChecksumType: 'FULL_OBJECT' } as const;
        const upload = await createUpload(s3, options);
        const parts: CompletedPart[] = [];
        for (const [index, Body] of [FIRST, LAST].entries()) {
          const input = { ...upload, PartNumber: index + 1, Body, ChecksumAlgorithm: algorithm };
          const answer = await s3.client.send(new UploadPartCommand(input));
          const checksum = { [`Checksum${algorithm}`]: answer[`Checksum${algorithm}`] };
          parts.push({ PartNumber: index + 1, ETag: answer.ETag, ...checksum });
        }
        const done = await completeUpload(s3, upload, parts, { ChecksumType: 'FULL_OBJECT' });
        const whole = s3.newKey();
        await s3.client.send(
          new PutObjectCommand({
            Bucket: subject.bucket,
            Key: whole,
            Body: Buffer.concat([FIRST, LAST]),
            ChecksumAlgorithm: algorithm,
          }),
        );
        const head = await s3.client.send(
          new HeadObjectCommand({ Bucket: subject.bucket, Key: whole, ChecksumMode: 'ENABLED' }),
        );
        expect(head[`Checksum${algorithm}`]).toBeDefined();
        expect(done[`Checksum${algorithm}`]).toBe(head[`Checksum${algorithm}`]);
      },
    );
  });
}
