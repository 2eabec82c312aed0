import { createHash } from 'node:crypto';
import { Readable } from 'node:stream';
import { crc32 } from 'node:zlib';
import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access, sdkOutcome } from './client.ts';
import { send } from './http.ts';
import { putWithSignedHeaders } from './signed-put.ts';
import { expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

const BODY = 'hello world';
/** Checksums of BODY, computed with other implementations than the one under test. */
const CHECKSUMS: Readonly<Record<string, string>> = {
  crc32: base64OfCrc32(BODY),
  crc32c: 'yZRlqg==',
  crc64nvme: 'jSnVw/bqjr4=',
  sha1: createHash('sha1').update(BODY).digest('base64'),
  sha256: createHash('sha256').update(BODY).digest('base64'),
};

/** How the bytes of an upload are held against what was said of them. */
export function describeIntegrity(subjectOf: () => S3Subject): void {
  describe('integrity of uploads', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    async function refuses(request: S3Request, signed: Record<string, string>, body = BODY): Promise<void> {
      const { outcome } = await putWithSignedHeaders(s3, signed, { body });
      expect(outcome).toBe(expectedAnswer(subject, request));
    }

    it('verifies Content-MD5', async () => {
      const md5 = (text: string): string => createHash('md5').update(text).digest('base64');
      expect((await putWithSignedHeaders(s3, { 'content-md5': md5(BODY) }, { body: BODY })).outcome).toBe(
        '200',
      );
      await refuses('a Content-MD5 of other bytes', { 'content-md5': md5('other') });
      await refuses('a Content-MD5 that is none', { 'content-md5': 'bm9uZQ==' });
    });

    for (const [algorithm, value] of Object.entries(CHECKSUMS)) {
      it(`verifies and keeps a signed ${algorithm}`, async () => {
        const name = `x-amz-checksum-${algorithm}`;
        const { outcome, key } = await putWithSignedHeaders(s3, { [name]: value }, { body: BODY });
        expect(outcome).toBe('200');
        const head = await send('HEAD', await presignHeadWithChecksum(s3, key), {
          headers: { 'x-amz-checksum-mode': 'ENABLED' },
        });
        expect(head.headers[name]).toBe(value);
        await refuses('a checksum of other bytes', { [name]: value }, 'hello_world');
        await refuses('a checksum that is none', { [name]: 'bm9uZQ=' });
      });
    }

    it('refuses two checksums', () =>
      refuses('two checksums', {
        'x-amz-checksum-sha256': CHECKSUMS['sha256'] ?? '',
        'x-amz-checksum-crc32': CHECKSUMS['crc32'] ?? '',
      }));

    it('verifies the hash of the payload that a header signature covers', async () => {
      const key = s3.newKey();
      const liar = accessTo(subject);
      liar.client.middlewareStack.add(
        (next) => (args) => {
          const { request } = args as { request: { body: unknown } };
          request.body = 'HELLO world';
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'changeBodyAfterSigning' },
      );
      const command = new PutObjectCommand({ Bucket: subject.bucket, Key: key, Body: BODY });
      expect(await sdkOutcome(liar.client.send(command))).toBe(
        expectedAnswer(subject, 'a payload hash of other bytes'),
      );
      expect((await s3.get(key)).status).toBe(404);
      liar.destroy();
    });

    it('stores what the SDK streams with a trailing checksum, without the framing', async () => {
      for (const ChecksumAlgorithm of ['CRC32', 'CRC32C', 'SHA256', 'SHA1', 'CRC64NVME'] as const) {
        const Key = s3.newKey();
        const pieces = ['x'.repeat(100_000), 'y'.repeat(7), 'z'.repeat(100_000)];
        const streaming = accessTo(subject, { requestChecksumCalculation: 'WHEN_SUPPORTED' });
        await streaming.client.send(
          new PutObjectCommand({
            Bucket: subject.bucket,
            Key,
            Body: Readable.from(pieces.map((piece) => Buffer.from(piece))),
            ContentLength: 200_007,
            ChecksumAlgorithm,
          }),
        );
        streaming.destroy();
        const read = await s3.get(Key);
        expect(read.body.toString()).toBe(pieces.join(''));
        expect(read.headers['content-encoding'] ?? '').not.toContain('aws-chunked');
        const head = await s3.client.send(
          new HeadObjectCommand({ Bucket: subject.bucket, Key, ChecksumMode: 'ENABLED' }),
        );
        expect(head[`Checksum${ChecksumAlgorithm}`]).toBeDefined();
      }
    });

    it('refuses streamed content that is not what the trailing checksum says', async () => {
      const Key = s3.newKey();
      const streaming = accessTo(subject, { requestChecksumCalculation: 'WHEN_SUPPORTED' });
      streaming.client.middlewareStack.add(
        (next) => async (args) => {
          const { request } = args as { request: { body: unknown } };
          if (!(request.body instanceof Readable)) throw new Error('the SDK does not stream');
          const framed = Buffer.concat(await request.body.toArray()).toString();
          expect(framed).toContain('x-amz-checksum-crc32:');
          request.body = Readable.from([Buffer.from(framed.replace(BODY, 'hello_world'))]);
          return next(args);
        },
        { step: 'finalizeRequest', priority: 'low', name: 'changeContent' },
      );
      const command = new PutObjectCommand({
        Bucket: subject.bucket,
        Key,
        Body: Readable.from([Buffer.from(BODY)]),
        ContentLength: BODY.length,
      });
      expect(await sdkOutcome(streaming.client.send(command))).toBe(
        expectedAnswer(subject, 'a trailing checksum of other bytes'),
      );
      expect((await s3.get(Key)).status).toBe(404);
      streaming.destroy();
    });
  });
}

async function presignHeadWithChecksum(s3: S3Access, Key: string): Promise<string> {
  const command = new HeadObjectCommand({ Bucket: s3.bucket, Key, ChecksumMode: 'ENABLED' });
  return s3.presign(command, { unhoistableHeaders: new Set(['x-amz-checksum-mode']) });
}

function base64OfCrc32(text: string): string {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(crc32(text));
  return bytes.toString('base64');
}
