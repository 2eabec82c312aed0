import { describe, expect, it } from 'vitest';
import { refusedMultipartChecksum, refusedWishes } from '../../../src/uploads/provider-wishes.ts';
import { PROVIDER_CAPABILITIES, PROVIDERS, type Provider } from '../../../src/uploads/providers.ts';
import { STORAGE_CLASSES } from '../../../src/uploads/storage-headers.ts';
import type { ChecksumAlgorithm, UploadOptions } from '../../../src/uploads/upload.ts';

const ALGORITHMS = ['sha256', 'sha1', 'crc32', 'crc32c', 'crc64nvme'] as const;

const fieldsOf = (options: UploadOptions, provider: Provider) =>
  refusedWishes(options, PROVIDER_CAPABILITIES[provider]).map(({ field }) => field);
const keeping = (algorithm: ChecksumAlgorithm): UploadOptions => ({
  checksum: { kept: { algorithm, value: 'x' } },
});

/** Who cannot keep each wish: the table of the facts, written down once more from the other side. */
const REFUSALS: readonly (readonly [wish: string, UploadOptions, field: string, readonly Provider[]])[] = [
  ...ALGORITHMS.map(
    (algorithm) =>
      [
        algorithm,
        keeping(algorithm),
        `checksum.${algorithm}`,
        ['b2', 'gcs', 'wasabi', 'do-spaces'] as readonly Provider[],
      ] as const,
  ),
  ['no overwriting', { overwrite: 'never' }, 'overwrite', ['b2', 'wasabi', 'do-spaces']],
  ['tags', { tags: { team: 'blue' } }, 'tags', ['r2', 'b2', 'gcs', 'do-spaces']],
  ['an ACL', { acl: 'private' }, 'acl', ['r2', 'b2', 'gcs', 'minio']],
  ['SSE-S3', { encryption: { type: 's3' } }, 'encryption.type', ['r2', 'gcs', 'do-spaces']],
  [
    'SSE-KMS',
    { encryption: { type: 'kms', kmsKeyId: 'k' } },
    'encryption.type',
    ['r2', 'b2', 'gcs', 'wasabi', 'do-spaces'],
  ],
  [
    'a colder class',
    { storageClass: 'STANDARD_IA' },
    'storageClass',
    ['b2', 'gcs', 'minio', 'wasabi', 'do-spaces'],
  ],
  [
    'less redundancy',
    { storageClass: 'REDUCED_REDUNDANCY' },
    'storageClass',
    ['r2', 'b2', 'gcs', 'wasabi', 'do-spaces'],
  ],
  [
    'an archive',
    { storageClass: 'GLACIER' },
    'storageClass',
    ['r2', 'b2', 'gcs', 'minio', 'wasabi', 'do-spaces'],
  ],
];

describe.each(REFUSALS)('the wish for %s', (_wish, options, field, refusing) => {
  it.each(PROVIDERS)('is kept by %s or refused by its name', (provider) => {
    expect(fieldsOf(options, provider)).toEqual(refusing.includes(provider) ? [field] : []);
  });
});

describe('refusedWishes', () => {
  it.each(PROVIDERS)('refuses nothing on %s that any S3 keeps', (provider) => {
    const options: UploadOptions = {
      checksum: { md5: 'x' },
      overwrite: 'allow',
      expiresInSeconds: 60,
      cacheControl: 'no-store',
      contentLanguage: 'de',
      contentEncoding: 'gzip',
      contentDisposition: 'inline',
      metadata: { a: 'b' },
      tags: {},
      storageClass: 'STANDARD',
    };
    expect(refusedWishes(undefined, PROVIDER_CAPABILITIES[provider])).toEqual([]);
    expect(fieldsOf(options, provider)).toEqual([]);
  });

  it.each(['aws', 'generic'] as const)('refuses nothing on %s', (provider) => {
    for (const storageClass of STORAGE_CLASSES) expect(fieldsOf({ storageClass }, provider)).toEqual([]);
  });

  it('says of every wish that it cannot keep which it is and why', () => {
    const options: UploadOptions = {
      ...keeping('sha256'),
      overwrite: 'never',
      tags: { team: 'blue' },
      encryption: { type: 'kms' },
      storageClass: 'GLACIER',
      acl: 'public-read',
    };
    expect(refusedWishes(options, PROVIDER_CAPABILITIES.b2)).toEqual([
      {
        field: 'checksum.sha256',
        message:
          'must be left out: Backblaze B2 keeps no sha256, as it refuses their headers as unsupported; an MD5 it verifies',
      },
      {
        field: 'overwrite',
        message:
          'must not be never, whether the request or the policy of the key says so: Backblaze B2 has no upload that never overwrites, as it refuses conditions on PutObject as not implemented',
      },
      {
        field: 'tags',
        message: 'must be left out: Backblaze B2 keeps no tags, as it does not implement object tags',
      },
      {
        field: 'encryption.type',
        message:
          'must be left out: Backblaze B2 cannot encrypt with keys of AWS KMS, as it has keys of its own (type s3) only',
      },
      {
        field: 'storageClass',
        message:
          'must be left out: Backblaze B2 does not have the class GLACIER, as it has the class STANDARD only',
      },
      {
        field: 'acl',
        message: 'must be left out: Backblaze B2 keeps no ACLs of objects, as it has ACLs of buckets only',
      },
    ]);
  });

  it('refuses on Google what would put x-amz headers beside its own condition', () => {
    expect(fieldsOf({ overwrite: 'never', metadata: { a: 'b' }, storageClass: 'STANDARD' }, 'gcs')).toEqual([
      'metadata',
      'storageClass',
    ]);
    expect(fieldsOf({ overwrite: 'never', metadata: {}, cacheControl: 'no-store' }, 'gcs')).toEqual([]);
    expect(fieldsOf({ overwrite: 'never', metadata: { a: 'b' } }, 'aws')).toEqual([]);
  });
});

describe('refusedMultipartChecksum', () => {
  const refused = (algorithm: ChecksumAlgorithm, type: 'composite' | 'full_object', provider: Provider) =>
    refusedMultipartChecksum({ algorithm, type }, PROVIDER_CAPABILITIES[provider])?.field;

  it('knows that R2 reckons only CRC-64/NVME for whole objects', () => {
    expect(refused('crc64nvme', 'full_object', 'r2')).toBeUndefined();
    expect(refused('crc32', 'full_object', 'r2')).toBe('checksum.crc32');
    expect(refused('crc32c', 'full_object', 'r2')).toBe('checksum.crc32c');
    for (const algorithm of ['sha256', 'sha1', 'crc32', 'crc32c'] as const)
      expect(refused(algorithm, 'composite', 'r2')).toBeUndefined();
  });

  it.each(PROVIDERS)('keeps on %s what it keeps of single files, or names the field', (provider) => {
    const kept = PROVIDER_CAPABILITIES[provider].checksums.includes('sha256');
    expect(refused('sha256', 'composite', provider)).toBe(kept ? undefined : 'partChecksum');
    expect(refused('crc64nvme', 'full_object', provider)).toBe(kept ? undefined : 'checksum.crc64nvme');
  });
});
