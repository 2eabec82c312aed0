import { createHash } from 'node:crypto';
import { GetObjectTaggingCommand, HeadObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3Presigner } from '../../../src/s3/presigner.ts';
import type { ObjectKey, PutHeaders, UploadOptions } from '../../../src/uploads/upload.ts';
import { planFor } from '../../support/upload-option-cases.ts';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { openNativePresigner } from './native-presigner.ts';
import { expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

const BODY = 'hello world';
const SAME_LENGTH = 'hello_world';
const FILENAME = 'Grüße "1".txt';
const DISPOSITION = 'attachment; filename="Gr__e _1_.txt"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe%20%221%22.txt';
const digest = (algorithm: string) => createHash(algorithm).update(BODY).digest('base64');

interface OptionCase {
  readonly options: UploadOptions;
  /** What HEAD shows of the stored object. */
  readonly shows?: Readonly<Record<string, string>>;
  readonly tags?: Readonly<Record<string, string>>;
  /** Where servers are known to differ in whether they take it. */
  readonly request?: S3Request;
  /** What another body of the same length is refused with. */
  readonly otherBody?: S3Request;
}

function checksumCase(
  algorithm: 'sha256' | 'sha1' | 'crc32' | 'crc32c' | 'crc64nvme',
  value: string,
): OptionCase {
  return {
    options: { checksum: { kept: { algorithm, value } } },
    shows: { [`x-amz-checksum-${algorithm}`]: value },
    otherBody: 'a checksum of other bytes',
  };
}

const CASES: Readonly<Record<string, OptionCase>> = {
  'a SHA-256': checksumCase('sha256', digest('sha256')),
  'a SHA-1': checksumCase('sha1', digest('sha1')),
  'a CRC-32': checksumCase('crc32', 'DUoRhQ=='),
  'a CRC-32C': checksumCase('crc32c', 'yZRlqg=='),
  'a CRC-64/NVME': checksumCase('crc64nvme', 'jSnVw/bqjr4='),
  'an MD5': { options: { checksum: { md5: digest('md5') } }, otherBody: 'a Content-MD5 of other bytes' },
  'an MD5 beside a SHA-256': {
    options: { checksum: { md5: digest('md5'), kept: { algorithm: 'sha256', value: digest('sha256') } } },
    shows: { 'x-amz-checksum-sha256': digest('sha256') },
    otherBody: 'a Content-MD5 of other bytes',
  },
  'a condition': { options: { overwrite: 'never' } },
  'headers of the content': {
    options: { cacheControl: 'max-age=60,  public', contentLanguage: 'de, en', contentEncoding: 'gzip' },
    shows: { 'content-language': 'de, en', 'content-encoding': 'gzip' },
  },
  'a disposition': {
    options: { contentDisposition: 'attachment' },
    shows: { 'content-disposition': DISPOSITION },
  },
  metadata: {
    options: { metadata: { Who: 'ann', ort: 'Köln', spaces: 'a  b' } },
    shows: { 'x-amz-meta-who': 'ann', 'x-amz-meta-ort': '=?UTF-8?B?S8O2bG4=?=' },
  },
  tags: {
    options: { tags: { 'team name': 'a+b = c/d', empty: '' } },
    tags: { 'team name': 'a+b = c/d', empty: '' },
  },
  'tags in every script': {
    options: { tags: { 日本: 'é' } },
    tags: { 日本: 'é' },
    request: 'tags in every script',
  },
  'encryption by S3': {
    options: { encryption: { type: 's3' } },
    shows: { 'x-amz-server-side-encryption': 'AES256' },
    request: 'encryption by S3',
  },
  'encryption with KMS': {
    options: { encryption: { type: 'kms', kmsKeyId: 'presignd-test-key' } },
    shows: { 'x-amz-server-side-encryption': 'aws:kms' },
    request: 'encryption with KMS',
  },
  'the reduced class': {
    options: { storageClass: 'REDUCED_REDUNDANCY' },
    shows: { 'x-amz-storage-class': 'REDUCED_REDUNDANCY' },
  },
  'the class STANDARD_IA': {
    options: { storageClass: 'STANDARD_IA' },
    shows: { 'x-amz-storage-class': 'STANDARD_IA' },
    request: 'the class STANDARD_IA',
  },
  'the class DEEP_ARCHIVE': {
    options: { storageClass: 'DEEP_ARCHIVE' },
    shows: { 'x-amz-storage-class': 'DEEP_ARCHIVE' },
    request: 'the class DEEP_ARCHIVE',
  },
  'an ACL that changes nothing': { options: { acl: 'private' }, request: 'an ACL that changes nothing' },
  'an ACL that makes public': { options: { acl: 'public-read' }, request: 'an ACL that makes public' },
};

/** What an upload that was signed for `name` would become if a client could change it. */
const CHANGES: Readonly<Record<string, string>> = {
  'content-disposition': 'inline',
  'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==',
  'x-amz-meta-who': 'bob',
  'x-amz-tagging': 'team%20name=other',
  'x-amz-server-side-encryption': 'aws:kms:dsse',
  'x-amz-storage-class': 'STANDARD',
  'x-amz-acl': 'public-read-write',
};

/** What an upload asked for holds: it is stored so as it was signed, and not at all in any other way. */
export function describeUploadOptions(subjectOf: () => S3Subject): void {
  describe('an upload that asks for', () => {
    let subject: S3Subject;
    let s3: S3Access;
    let presigner: S3Presigner;

    beforeAll(async () => {
      subject = subjectOf();
      s3 = accessTo(subject);
      presigner = await openNativePresigner(subject);
    });

    afterAll(() => {
      presigner.close();
      s3.destroy();
    });

    async function signed(options: UploadOptions) {
      const request = { filename: FILENAME, contentType: 'text/plain', sizeBytes: BODY.length, options };
      const objectKey = s3.newKey() as ObjectKey;
      const { url, headers } = await presigner.presignPut({ ...planFor(request), objectKey }, Date.now());
      const { 'content-length': _, 'content-type': __, ...asked } = headers as PutHeaders;
      return { url, headers, asked, objectKey };
    }

    async function isStored(key: string): Promise<boolean> {
      return (await send('HEAD', await s3.presignHead(key))).status === 200;
    }

    describe.each(Object.entries(CASES))('%s', (_name, { options, shows = {}, tags, request, otherBody }) => {
      const accepted = () => request === undefined || expectedAnswer(subject, request) === '200';

      it('is stored with it, and reads back with it', async () => {
        const { url, headers, objectKey } = await signed(options);
        const { outcome } = await send('PUT', url, { body: BODY, headers });
        expect(outcome).toBe(request === undefined ? '200' : expectedAnswer(subject, request));
        expect(await isStored(objectKey)).toBe(accepted());
        if (!accepted()) return;
        const command = new HeadObjectCommand({ Bucket: s3.bucket, Key: objectKey, ChecksumMode: 'ENABLED' });
        const head = await send('HEAD', await s3.presign(command, { unhoistableHeaders: new Set([MODE]) }), {
          headers: { [MODE]: 'ENABLED' },
        });
        expect(head.headers).toMatchObject(shows);
        if (tags === undefined) return;
        const place = { Bucket: s3.bucket, Key: objectKey };
        const { TagSet = [] } = await s3.client.send(new GetObjectTaggingCommand(place));
        expect(Object.fromEntries(TagSet.map(({ Key, Value }) => [Key, Value]))).toEqual(tags);
      });

      /** What is signed is the server's word: whoever holds the URL must not be able to take a part of it back. */
      it('is not stored with any of its headers left out or changed', async () => {
        for (const name of Object.keys((await signed(options)).asked)) {
          const { url, headers, objectKey } = await signed(options);
          const { [name]: value = '', ...others } = headers;
          const leftOut = await send('PUT', url, { body: BODY, headers: others });
          expect([name, leftOut.outcome]).toEqual([
            name,
            expectedAnswer(subject, 'a signed header left out'),
          ]);
          const changed = { ...headers, [name]: CHANGES[name] ?? `${value}x` };
          const answer = await send('PUT', url, { body: BODY, headers: changed });
          expect([name, answer.outcome]).toEqual([name, expectedAnswer(subject, 'a signed header changed')]);
          expect(await isStored(objectKey)).toBe(false);
        }
      });

      if (otherBody !== undefined) {
        it('is not stored with other bytes of the same length', async () => {
          const { url, headers, objectKey } = await signed(options);
          const { outcome } = await send('PUT', url, { body: SAME_LENGTH, headers });
          expect(outcome).toBe(expectedAnswer(subject, otherBody));
          expect(await isStored(objectKey)).toBe(false);
          expect((await send('PUT', url, { body: BODY, headers })).outcome).toBe('200');
        });
      }
    });

    it('metadata to the last byte that S3 takes is stored with it', async () => {
      const { url, headers, objectKey } = await signed({ metadata: { a: 'x'.repeat(2047) } });
      const { outcome } = await send('PUT', url, { body: BODY, headers });
      expect(outcome).toBe(expectedAnswer(subject, 'metadata of 2 KB'));
      expect(await isStored(objectKey)).toBe(outcome === '200');
    });

    /** What a client adds on its own was never decided by anybody. */
    it.each(Object.entries(ADDITIONS))(
      'anything is not stored with %s added',
      async (name, { request, value }) => {
        for (const options of [{}, { metadata: { who: 'ann' } }]) {
          const { url, headers, objectKey } = await signed(options);
          const answer = await send('PUT', url, { body: BODY, headers: { ...headers, [name]: value } });
          expect(answer.outcome).toBe(expectedAnswer(subject, request));
          // Where a server is known to accept the request, that it does is part of its contract.
          expect(await isStored(objectKey)).toBe(answer.status === 200);
        }
      },
    );

    it('nothing may still bring plain headers that were not signed: S3 keeps them', async () => {
      const { url, headers, objectKey } = await signed({});
      const added = { 'cache-control': 'no-store', 'content-disposition': 'inline; filename="b"' };
      expect((await send('PUT', url, { body: BODY, headers: { ...headers, ...added } })).outcome).toBe('200');
      expect((await send('HEAD', await s3.presignHead(objectKey))).headers).toMatchObject(added);
    });
  });
}

const MODE = 'x-amz-checksum-mode';
const ADDITIONS = {
  'x-amz-meta-added': { request: 'an unsigned x-amz-* header', value: 'later' },
  'x-amz-tagging': { request: 'unsigned tags', value: 'added=later' },
  'x-amz-acl': { request: 'an unsigned ACL', value: 'private' },
  'x-amz-storage-class': { request: 'an unsigned storage class', value: 'REDUCED_REDUNDANCY' },
  'x-amz-server-side-encryption': { request: 'unsigned encryption', value: 'AES256' },
} as const satisfies Readonly<Record<string, { readonly request: S3Request; readonly value: string }>>;
