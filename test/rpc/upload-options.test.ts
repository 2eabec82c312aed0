import { createSecretKey } from 'node:crypto';
import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { BadRequestSchema } from '../../gen/google/rpc/error_details_pb.js';
import type { CreateS3UploadRequestSchema } from '../../gen/upload/v1/upload_service_pb.js';
import { createSealer } from '../../src/seal/create-sealer.ts';
import { createUploads } from '../../src/uploads/uploads.ts';
import { TOKENS } from '../support/test-doors.ts';
import { fakeDestination, forgetful } from '../support/upload-fixture.ts';
import { placeWith } from '../support/upload-option-cases.ts';
import { createUploadClient } from './in-memory.ts';

type UploadInit = MessageInitShape<typeof CreateS3UploadRequestSchema>;

const VALID = { filename: 'a.txt', contentType: 'text/plain', size: 42n };
const SHA256 = '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=';

/** Decides for real, and answers what would be signed. */
const { presigner, storage } = fakeDestination({
  presignPut: ({ headers, ttlSeconds }) => ({
    url: 'https://s3.example/',
    headers,
    expiresAtMs: ttlSeconds * 1000,
  }),
});
const place = placeWith({ maxTtlSeconds: 3600, activeContent: 'attachment' });
const uploads = createUploads({
  destinations: new Map([['default', { ...place, presigner, storage }]]),
  budget: { take: async () => true },
  memory: forgetful,
  sealer: createSealer([createSecretKey(Buffer.alloc(32, 1))], 'upload-id'),
  uploadTtlMs: 3_600_000,
  random: (count) => new Uint8Array(count),
  wallClockMs: () => 0,
  sleep: async () => {},
});

async function answerTo(options: UploadInit) {
  const headers = { authorization: `Bearer ${TOKENS.good}` };
  const answer = await createUploadClient(uploads).client.createS3Upload(
    { ...VALID, ...options },
    { headers },
  );
  const { 'content-length': _, 'content-type': __, ...signed } = answer.headers;
  return { signed, seconds: Number(answer.expiresAt?.seconds) };
}

async function refusalOf(options: UploadInit) {
  const error = await answerTo(options).catch((reason: unknown) => reason);
  if (!(error instanceof ConnectError)) throw new Error('the call succeeded');
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  return {
    code: error.code,
    fields: Object.fromEntries(violations.map(({ field, description }) => [field, description])),
  };
}

describe('an option of the contract', () => {
  it.each<[string, UploadInit, Record<string, string>]>([
    [
      'checksum',
      { checksum: { algorithm: { case: 'sha256', value: SHA256 } } },
      { 'x-amz-checksum-sha256': SHA256 },
    ],
    [
      'checksum.md5',
      { checksum: { md5: '1B2M2Y8AsgTpgAmY7PhCfg==' } },
      { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' },
    ],
    ['overwrite', { overwrite: 'never' }, { 'if-none-match': '*' }],
    ['cacheControl', { cacheControl: 'no-cache' }, { 'cache-control': 'no-cache' }],
    ['contentLanguage', { contentLanguage: 'de' }, { 'content-language': 'de' }],
    ['contentEncoding', { contentEncoding: 'gzip' }, { 'content-encoding': 'gzip' }],
    [
      'contentDisposition',
      { contentDisposition: 'inline' },
      { 'content-disposition': 'inline; filename="a.txt"' },
    ],
    ['metadata', { metadata: { Who: 'ann' } }, { 'x-amz-meta-who': 'ann' }],
    ['tags', { tags: { a: 'b' } }, { 'x-amz-tagging': 'a=b' }],
    [
      'encryption',
      { encryption: { type: 'kms', kmsKeyId: 'k' } },
      { 'x-amz-server-side-encryption': 'aws:kms', 'x-amz-server-side-encryption-aws-kms-key-id': 'k' },
    ],
    ['storageClass', { storageClass: 'STANDARD_IA' }, { 'x-amz-storage-class': 'STANDARD_IA' }],
    ['acl', { acl: 'private' }, { 'x-amz-acl': 'private' }],
    ['none', { metadata: {}, tags: {} }, {}],
  ])('%s is signed, and the answer lists it', async (_name, options, headers) => {
    expect(await answerTo(options)).toEqual({ signed: headers, seconds: 900 });
  });

  it('expiresIn is the life of the URL', async () => {
    expect(await answerTo({ expiresIn: 60 })).toEqual({ signed: {}, seconds: 60 });
  });
});

describe('refuses, naming the field and its rule:', () => {
  const HEADER = 'must be a legal HTTP header value: visible ASCII characters, with spaces only between them';

  it.each<[string, UploadInit, Record<string, string>]>([
    [
      'an empty checksum',
      { checksum: {} },
      { checksum: 'must hold one of sha256, sha1, crc32, crc32c, crc64nvme, md5' },
    ],
    [
      'a short checksum',
      { checksum: { algorithm: { case: 'crc32', value: 'AAAA' } } },
      { 'checksum.crc32': 'must be the base64 of 4 bytes' },
    ],
    ['another overwrite', { overwrite: 'maybe' }, { overwrite: 'must be one of allow, never' }],
    ['an empty overwrite', { overwrite: '' }, { overwrite: 'must be one of allow, never' }],
    [
      'a life beyond the server’s limit',
      { expiresIn: 3601 },
      {
        expiresIn:
          'must be an integer from 1 to 3600, the longest life in seconds that this server gives a URL',
      },
    ],
    ['a header that is none', { cacheControl: 'a\r\nx: y' }, { cacheControl: HEADER }],
    ['an empty header', { contentLanguage: '' }, { contentLanguage: 'must not be empty' }],
    [
      'another disposition',
      { contentDisposition: 'form-data' },
      { contentDisposition: 'must be one of inline, attachment' },
    ],
    [
      'a name of metadata that is none',
      { metadata: { 'a b': 'x' } },
      { 'metadata["a b"]': "must have a name of letters, digits and !#$%&'*+-.^_`|~" },
    ],
    [
      'another encryption',
      { encryption: { type: 'rot13' } },
      { 'encryption.type': 'must be one of s3, kms, customer' },
    ],
    [
      'a KMS key that is none',
      { encryption: { type: 'kms', kmsKeyId: 'a b' } },
      { 'encryption.kmsKeyId': 'must consist of visible ASCII characters' },
    ],
    [
      'an ACL that is not allowed',
      { acl: 'public-read-write' },
      { acl: 'must be one of those that this server allows: private, public-read' },
    ],
  ])('%s', async (_name, options, fields) => {
    expect(await refusalOf(options)).toEqual({ code: Code.InvalidArgument, fields });
  });

  it.each<[string, UploadInit, string]>([
    ['a life of no seconds', { expiresIn: 0 }, 'expiresIn'],
    ['a life beyond what S3 signs', { expiresIn: 604_801 }, 'expiresIn'],
    ['an empty value of metadata', { metadata: { a: '' } }, 'metadata["a"]'],
    ['a tag with a key too long', { tags: { ['k'.repeat(129)]: '' } }, `tags["${'k'.repeat(129)}"]`],
    ['eleven tags', { tags: Object.fromEntries([...'abcdefghijk'].map((key) => [key, ''])) }, 'tags'],
    ['a key of a customer', { encryption: { type: 'customer' } }, 'encryption.type'],
    ['a class that S3 does not have', { storageClass: 'COLD' }, 'storageClass'],
  ])('%s', async (_name, options, field) => {
    const { code, fields } = await refusalOf(options);
    expect([code, Object.keys(fields)]).toEqual([Code.InvalidArgument, [field]]);
  });

  it('a page that is to be shown, which is not the request’s fault but the server’s choice', async () => {
    const { code, fields } = await refusalOf({ contentType: 'text/html', contentDisposition: 'inline' });
    expect([code, Object.keys(fields)]).toEqual([Code.PermissionDenied, ['contentDisposition']]);
  });
});
