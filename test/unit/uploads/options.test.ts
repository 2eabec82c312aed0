import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { KeyPolicy } from '../../../src/keys/api-key.ts';
import { CHECKSUMS } from '../../../src/uploads/checksum-headers.ts';
import { decidePut } from '../../../src/uploads/decide.ts';
import { OPTION_LIMITS } from '../../../src/uploads/option-limits.ts';
import { STORAGE_CLASSES } from '../../../src/uploads/storage-headers.ts';
import type { ChecksumAlgorithm, PutPlan, UploadOptions } from '../../../src/uploads/upload.ts';
import type { UploadPolicy } from '../../../src/uploads/upload-policy.ts';
import { placeWith, uploadOptions } from '../../support/upload-option-cases.ts';

const REQUEST = { filename: 'a.txt', contentType: 'text/plain', sizeBytes: 42 };
const CONTEXT = { nowMs: 0, uuid: '019b7c01-0400-7000-8000-000000000000' };

function decide(
  options: UploadOptions,
  policy: Partial<UploadPolicy> = {},
  keyPolicy: KeyPolicy | null = null,
) {
  const principal = { keyId: 'key_1', owner: 'acme', scopes: [], policy: keyPolicy, rateLimit: null };
  return decidePut({ ...REQUEST, options }, placeWith(policy), principal, CONTEXT);
}

/** What is signed beside length and type. */
function signedFor(options: UploadOptions, policy?: Partial<UploadPolicy>): Record<string, string> {
  const plan = decide(options, policy);
  if (plan instanceof Fault) throw new Error(JSON.stringify(plan.fields));
  const { 'content-length': length, 'content-type': type, ...others } = plan.headers;
  expect([length, type]).toEqual(['42', 'text/plain']);
  return others;
}

/** What is wrong, by field. */
function problemsOf(options: UploadOptions, policy?: Partial<UploadPolicy>): Record<string, string> {
  const decision = decide(options, policy);
  if (!(decision instanceof Fault)) return {};
  expect(decision.reason).toBe('INVALID_REQUEST');
  return Object.fromEntries(decision.fields.map(({ field, message }) => [field, message]));
}

function planOf(decision: PutPlan | Fault): PutPlan {
  if (decision instanceof Fault) throw decision;
  return decision;
}

describe('every option', () => {
  /** A header line that a value could end would let a caller sign headers of its own choice. */
  it('becomes headers that no value can split', () => {
    fc.assert(
      fc.property(uploadOptions, (options) => {
        for (const [name, value] of Object.entries(planOf(decide(options)).headers)) {
          expect(name).toMatch(/^[a-z0-9!#$%&'*+.^_`|~-]+$/);
          expect(value).toMatch(/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/);
        }
      }),
    );
  });

  it('is judged with all others, and blamed in the order of the contract', () => {
    const wrong = {
      checksum: {},
      overwrite: 'sometimes',
      expiresInSeconds: 0,
      cacheControl: 'a\nb',
      contentLanguage: ' de',
      contentEncoding: 'aws-chunked',
      contentDisposition: 'form-data',
      metadata: { 'a b': 'x' },
      tags: { 'a\n': 'x' },
      encryption: { type: 'rot13' },
      storageClass: 'COLD',
      acl: 'public',
    };
    expect(Object.keys(problemsOf(wrong))).toEqual([
      'checksum',
      'overwrite',
      'expiresIn',
      'cacheControl',
      'contentLanguage',
      'contentEncoding',
      'contentDisposition',
      'metadata["a b"]',
      'tags["a\\n"]',
      'encryption.type',
      'storageClass',
      'acl',
    ]);
  });
});

describe('checksums', () => {
  const of = (bytes: number) => Buffer.alloc(bytes, 0xfb).toString('base64');

  it.each(Object.entries(CHECKSUMS))('of %s are signed as they are, and only in full length', (name, row) => {
    const checksum = (value: string) =>
      name === 'md5' ? { md5: value } : { kept: { algorithm: name as ChecksumAlgorithm, value } };
    expect(signedFor({ checksum: checksum(of(row.bytes)) })).toEqual({ [row.header]: of(row.bytes) });
    for (const value of [
      '',
      of(row.bytes - 1),
      of(row.bytes + 1),
      `${of(row.bytes)}\n`,
      of(row.bytes).replace('+', '-'),
    ]) {
      expect(problemsOf({ checksum: checksum(value) })).toEqual({
        [`checksum.${name}`]: `must be the base64 of ${row.bytes} bytes`,
      });
    }
  });

  it('must not be promised and left out', () => {
    expect(problemsOf({ checksum: {} })).toEqual({
      checksum: 'must hold one of sha256, sha1, crc32, crc32c, crc64nvme, md5',
    });
  });
});

describe('overwrite', () => {
  it('never makes the upload one-shot; allow is the default', () => {
    expect(signedFor({ overwrite: 'never' })).toEqual({ 'if-none-match': '*' });
    expect(signedFor({ overwrite: 'allow' })).toEqual({});
  });

  it('cannot be had against the policy of the key', () => {
    const decision = decide({ overwrite: 'allow' }, {}, { allowOverwrite: false });
    expect(decision).toMatchObject({
      reason: 'POLICY_REFUSED',
      publicMessage: "The API key's policy allows only uploads that never overwrite (allow_overwrite)",
      fields: [{ field: 'overwrite' }],
    });
    expect(
      planOf(decide({ overwrite: 'never' }, {}, { allowOverwrite: false })).headers['if-none-match'],
    ).toBe('*');
    expect(
      planOf(decide({ overwrite: 'allow' }, {}, { allowOverwrite: true })).headers['if-none-match'],
    ).toBeUndefined();
  });
});

describe('expiresIn', () => {
  it('shortens and lengthens the life of the URL, up to the limit of the server', () => {
    const life = (seconds: number) =>
      planOf(decide({ expiresInSeconds: seconds }, { maxTtlSeconds: 3600 })).ttlSeconds;
    expect([life(1), life(60), life(3600)]).toEqual([1, 60, 3600]);
    expect(problemsOf({ expiresInSeconds: 3601 }, { maxTtlSeconds: 3600 })).toEqual({
      expiresIn:
        'must be an integer from 1 to 3600, the longest life in seconds that this server gives a URL',
    });
    for (const seconds of [0, -1, 1.5, Number.NaN]) {
      expect(Object.keys(problemsOf({ expiresInSeconds: seconds }))).toEqual(['expiresIn']);
    }
  });

  it('is shortened to what the policy of the key allows, as the usual life is', () => {
    const life = (maxTtlSeconds: number) =>
      planOf(decide({ expiresInSeconds: 1800 }, {}, { maxTtlSeconds })).ttlSeconds;
    expect([life(60), life(1000), life(7200)]).toEqual([60, 1000, 1800]);
  });
});

describe('content headers', () => {
  it('are signed as they are', () => {
    expect(
      signedFor({
        cacheControl: 'max-age=60,  public',
        contentLanguage: 'de, en',
        contentEncoding: 'gzip, br',
      }),
    ).toEqual({
      'cache-control': 'max-age=60,  public',
      'content-language': 'de, en',
      'content-encoding': 'gzip, br',
    });
  });

  it.each(['aws-chunked', 'AWS-Chunked', 'gzip, aws-chunked', 'aws-chunked,gzip'])(
    'refuse the coding %s, which S3 would take off again',
    (contentEncoding) => {
      expect(problemsOf({ contentEncoding })['contentEncoding']).toContain('must not name aws-chunked');
    },
  );

  it.each(['gzip,', 'g zip', '"gzip"'])('refuse %j, which is no coding', (contentEncoding) => {
    expect(Object.keys(problemsOf({ contentEncoding }))).toEqual(['contentEncoding']);
  });
});

describe('metadata', () => {
  it('gets its prefix, names in lower case, and values beyond ASCII as encoded words', () => {
    expect(signedFor({ metadata: { Who: 'ann', ort: 'Köln', space: ' x ' } })).toEqual({
      'x-amz-meta-who': 'ann',
      'x-amz-meta-ort': '=?UTF-8?B?S8O2bG4=?=',
      'x-amz-meta-space': '=?UTF-8?B?IHgg?=',
    });
  });

  it('comes back whole from encoded words of at most 75 characters', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 150 }), (text) => {
        fc.pre(!/\p{Cc}/u.test(text) && !/^[\x21-\x7e]([\x20-\x7e]*[\x21-\x7e])?$/.test(text));
        const words = (signedFor({ metadata: { a: text } })['x-amz-meta-a'] ?? '').split(' ');
        for (const word of words) expect(word).toMatch(/^(?=.{1,75}$)=\?UTF-8\?B\?[A-Za-z0-9+/=]+\?=$/);
        const decoded = words.map((word) => Buffer.from(word.slice(10, -2), 'base64').toString());
        expect(decoded.join('')).toBe(text);
      }),
    );
  });

  it('may have 2048 bytes as it is sent, and the refusal says how many it has', () => {
    expect(OPTION_LIMITS.metadataBytes).toBe(2048);
    expect(problemsOf({ metadata: { name: 'x'.repeat(2044) } })).toEqual({});
    expect(problemsOf({ metadata: { name: 'x'.repeat(2000), b: 'x'.repeat(44) } })).toEqual({
      metadata: 'must have at most 2048 bytes, names and values as they are sent, and has 2049',
    });
    // 600 characters are 1800 bytes in UTF-8, and base64 in frames makes more of them.
    expect(problemsOf({ metadata: { a: '日'.repeat(600) } })['metadata']).toMatch(/and has 2\d{3}$/);
  });

  it.each<[string, Record<string, string>, RegExp]>([
    ['a space in a name', { 'a b': 'x' }, /must have a name of/],
    ['a colon in a name', { 'a:b': 'x' }, /must have a name of/],
    ['a letter beyond ASCII in a name', { ä: 'x' }, /must have a name of/],
    ['a name that brings the prefix', { 'X-Amz-Meta-a': 'x' }, /must be named without x-amz-meta-/],
    ['an empty value', { a: '' }, /must not be empty/],
    ['a line break in a value', { a: 'x\r\nx-amz-acl: public-read' }, /must not contain control/],
    ['half a character', { a: '\ud800' }, /must be valid Unicode/],
  ])('refuses %s', (_, metadata, message) => {
    const problems = problemsOf({ metadata });
    expect(Object.keys(problems)).toEqual([`metadata[${JSON.stringify(Object.keys(metadata)[0])}]`]);
    expect(Object.values(problems)[0]).toMatch(message);
  });

  it('refuses one name in two cases, of which one would be lost', () => {
    expect(problemsOf({ metadata: { a: 'x', A: 'y' } })).toEqual({
      'metadata["A"]': 'is there in another case too',
    });
  });
});

describe('tags', () => {
  it('are encoded like a query', () => {
    expect(signedFor({ tags: { 'team name': 'a+b=c', 日: '' } })).toEqual({
      'x-amz-tagging': 'team%20name=a%2Bb%3Dc&%E6%97%A5=',
    });
  });

  it('keep the limits of S3', () => {
    const ten = Object.fromEntries(Array.from({ length: 10 }, (_, index) => [`k${index}`, 'v']));
    expect(problemsOf({ tags: ten })).toEqual({});
    expect(problemsOf({ tags: { ...ten, more: 'v' } })).toEqual({ tags: 'must be at most 10, and are 11' });
    expect(problemsOf({ tags: { ['k'.repeat(128)]: 'v'.repeat(256) } })).toEqual({});
    for (const tags of [
      { ['k'.repeat(129)]: 'v' },
      { k: 'v'.repeat(257) },
      { '': 'v' },
      { 'a&b': 'v' },
      { k: 'a;b' },
      { 'AWS:k': 'v' },
    ]) {
      expect(Object.keys(problemsOf({ tags }))).toEqual([`tags[${JSON.stringify(Object.keys(tags)[0])}]`]);
    }
  });

  it('leave room for the rest of what S3 takes of headers', () => {
    const tags = Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`${i}`, '日'.repeat(256)]));
    expect(problemsOf({ tags })['tags']).toMatch(/at most 7168 bytes.*come to 23\d{3}$/);
  });
});

describe('storage', () => {
  it('is encrypted with keys of S3 or of KMS', () => {
    const header = 'x-amz-server-side-encryption';
    expect(signedFor({ encryption: { type: 's3' } })).toEqual({ [header]: 'AES256' });
    expect(signedFor({ encryption: { type: 'kms' } })).toEqual({ [header]: 'aws:kms' });
    expect(signedFor({ encryption: { type: 'kms', kmsKeyId: 'alias/k' } })).toEqual({
      [header]: 'aws:kms',
      [`${header}-aws-kms-key-id`]: 'alias/k',
    });
  });

  it('is not encrypted with keys of customers, and the refusal says why', () => {
    expect(problemsOf({ encryption: { type: 'customer' } })['encryption.type']).toContain('SSE-C');
    expect(problemsOf({ encryption: { type: 's3', kmsKeyId: 'k' } })).toEqual({
      'encryption.kmsKeyId': 'goes only with the type kms',
    });
    expect(Object.keys(problemsOf({ encryption: { type: 'kms', kmsKeyId: 'k\nx' } }))).toEqual([
      'encryption.kmsKeyId',
    ]);
  });

  it('takes the classes of S3 and no others', () => {
    for (const storageClass of STORAGE_CLASSES) {
      expect(signedFor({ storageClass })).toEqual({ 'x-amz-storage-class': storageClass });
    }
    for (const storageClass of ['', 'standard', 'OUTPOSTS', 'EXPRESS_ONEZONE']) {
      expect(problemsOf({ storageClass })['storageClass']).toContain('must be one of STANDARD, ');
    }
  });

  /** An ACL can make an object public: nobody but the operator decides that. */
  it('has only the ACLs that the operator allows, which are none at first', () => {
    expect(signedFor({ acl: 'public-read' }, { allowedAcls: ['public-read'] })).toEqual({
      'x-amz-acl': 'public-read',
    });
    expect(problemsOf({ acl: 'private' }, { allowedAcls: ['public-read'] })).toEqual({
      acl: 'must be one of those that this server allows: public-read',
    });
    expect(problemsOf({ acl: 'private' }, { allowedAcls: [] })).toEqual({
      acl: 'must be left out: this server allows no ACL',
    });
  });
});
