// Options of uploads, as a policy without restrictions takes them, and the same as members of the SDK's PutObject.
import type { PutObjectCommandInput } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { Fault } from '../../src/fault/fault.ts';
import { type DecisionPlace, decidePut } from '../../src/uploads/decide.ts';
import { parseObjectKeyTemplate } from '../../src/uploads/object-key-template.ts';
import { PROVIDER_CAPABILITIES } from '../../src/uploads/providers.ts';
import { STORAGE_CLASSES } from '../../src/uploads/storage-headers.ts';
import type { PutPlan, UploadOptions, UploadRequest } from '../../src/uploads/upload.ts';
import type { UploadPolicy } from '../../src/uploads/upload-policy.ts';

export const FREE_POLICY: UploadPolicy = {
  ttlSeconds: 900,
  maxTtlSeconds: 604_800,
  template: parseObjectKeyTemplate('{uuid}/{name}'),
  activeContent: 'allow',
  allowedAcls: ['private', 'public-read'],
  allowedOverrides: ['contentType', 'contentDisposition'],
};

/** A destination on AWS with that policy, or with another one. */
export function placeWith(policy: Partial<UploadPolicy> = {}): DecisionPlace {
  return { name: 'default', provider: PROVIDER_CAPABILITIES.aws, policy: { ...FREE_POLICY, ...policy } };
}

const UUID = '019b7c01-0400-7000-8000-000000000000';
const NOBODY = { keyId: 'key_1', owner: 'acme', scopes: [], policy: null, rateLimit: null };

/** The plan for a request that nothing is wrong with. */
export function planFor(request: UploadRequest): PutPlan {
  const plan = decidePut(request, placeWith(), NOBODY, { nowMs: 0, uuid: UUID });
  if (plan instanceof Fault) throw new Error(`refused: ${JSON.stringify([plan.publicMessage, plan.fields])}`);
  return plan;
}

const base64 = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString('base64'));

const headerValue = fc.stringMatching(/^[\x21-\x7e](?:[\x20-\x7e]{0,60}[\x21-\x7e])?$/);
const text = fc
  .oneof(headerValue, fc.string({ unit: 'grapheme', minLength: 1, maxLength: 30 }))
  .filter((value) => !/\p{Cc}/u.test(value));
const tagText = (minLength: number) =>
  fc.string({ unit: fc.constantFrom(...'aZ0 +-=._:/@é日'), minLength, maxLength: 12 });

const kept = fc.oneof(
  fc.record({ algorithm: fc.constant('sha256' as const), value: base64(32) }),
  fc.record({ algorithm: fc.constant('sha1' as const), value: base64(20) }),
  fc.record({ algorithm: fc.constant('crc32' as const), value: base64(4) }),
  fc.record({ algorithm: fc.constant('crc32c' as const), value: base64(4) }),
  fc.record({ algorithm: fc.constant('crc64nvme' as const), value: base64(8) }),
);

/** Any combination of options. */
export const uploadOptions: fc.Arbitrary<UploadOptions> = fc.record(
  {
    checksum: fc.oneof(
      fc.record({ kept }),
      fc.record({ md5: base64(16) }),
      fc.record({ kept, md5: base64(16) }),
    ),
    overwrite: fc.constantFrom('allow', 'never'),
    expiresInSeconds: fc.integer({ min: 1, max: 604_800 }),
    cacheControl: headerValue,
    contentLanguage: headerValue,
    contentEncoding: fc.constantFrom('gzip', 'br', 'gzip, br', 'identity'),
    contentDisposition: fc.constantFrom('inline', 'attachment'),
    metadata: fc.dictionary(fc.stringMatching(/^[a-z0-9!#$%&'*+.^_`|~-]{1,12}$/), text, {
      minKeys: 1,
      maxKeys: 4,
    }),
    tags: fc.dictionary(tagText(1), tagText(0), { minKeys: 1, maxKeys: 10 }),
    encryption: fc.oneof(
      fc.constant({ type: 's3' }),
      fc.constant({ type: 'kms' }),
      fc.record({
        type: fc.constant('kms'),
        kmsKeyId: fc.constantFrom('my-key', 'arn:aws:kms:eu-central-1:1:key/a-b'),
      }),
    ),
    storageClass: fc.constantFrom(...STORAGE_CLASSES),
    acl: fc.constantFrom('private', 'public-read'),
  },
  { requiredKeys: [] },
);

/** The options as the SDK is asked for them. Texts that it takes encoded come from the plan. */
export function sdkInputOf(options: UploadOptions, { headers }: PutPlan): Partial<PutObjectCommandInput> {
  const { checksum, encryption, metadata } = options;
  const digest = checksum?.kept && {
    [`Checksum${checksum.kept.algorithm.toUpperCase()}`]: checksum.kept.value,
  };
  const members = {
    ...digest,
    ContentMD5: checksum?.md5,
    IfNoneMatch: options.overwrite === 'never' ? '*' : undefined,
    CacheControl: options.cacheControl,
    ContentLanguage: options.contentLanguage,
    ContentEncoding: options.contentEncoding,
    ContentDisposition: headers['content-disposition'],
    Metadata:
      metadata &&
      Object.fromEntries(Object.keys(metadata).map((name) => [name, headers[`x-amz-meta-${name}`] ?? ''])),
    Tagging: headers['x-amz-tagging'],
    ServerSideEncryption:
      encryption && (encryption.type === 's3' ? ('AES256' as const) : ('aws:kms' as const)),
    SSEKMSKeyId: encryption?.kmsKeyId,
    StorageClass: STORAGE_CLASSES.find((known) => known === options.storageClass),
    ACL: options.acl === 'private' || options.acl === 'public-read' ? options.acl : undefined,
  };
  return Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined));
}
