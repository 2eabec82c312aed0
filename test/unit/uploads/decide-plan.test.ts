import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { KeyPolicy, Principal } from '../../../src/keys/api-key.ts';
import { type DecidedPlan, decidePlan } from '../../../src/uploads/decide-plan.ts';
import type { PlanRequest } from '../../../src/uploads/plan.ts';
import { PROVIDER_CAPABILITIES, type Provider } from '../../../src/uploads/providers.ts';
import type { UploadPolicy } from '../../../src/uploads/upload-policy.ts';
import { ACME } from '../../support/upload-fixture.ts';
import { placeWith } from '../../support/upload-option-cases.ts';

const MIB = 1_048_576;
const GIB = 1_024 * MIB;
const CONTEXT = { nowMs: 0, uuid: '019b7c01-0400-7000-8000-000000000000' };
const REQUEST: PlanRequest = { filename: 'a.bin', contentType: 'application/x-test', sizeBytes: 42 };
const CRC32 = { kept: { algorithm: 'crc32', value: 'DUoRhQ==' } } as const;
const SHA256 = {
  kept: { algorithm: 'sha256', value: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' },
} as const;

interface Circumstances {
  readonly provider?: Provider;
  readonly policy?: Partial<UploadPolicy>;
  readonly keyPolicy?: KeyPolicy | null;
  readonly token?: KeyPolicy;
}

function decide(change: Partial<PlanRequest>, circumstances: Circumstances = {}): DecidedPlan | Fault {
  const { provider = 'aws', policy, keyPolicy = null, token } = circumstances;
  const place = { ...placeWith(policy), provider: PROVIDER_CAPABILITIES[provider] };
  const principal: Principal = {
    ...ACME,
    policy: keyPolicy,
    uploadToken: token && {
      id: 't',
      actions: ['create'],
      expiresAtMs: 1,
      maxFiles: 1,
      maxTotalBytes: null,
      policy: token,
      origin: null,
    },
  };
  return decidePlan({ ...REQUEST, ...change }, place, principal, CONTEXT);
}

function planned(change: Partial<PlanRequest>, circumstances?: Circumstances): DecidedPlan {
  const decided = decide(change, circumstances);
  if (decided instanceof Fault) throw new Error(`${decided.reason} ${JSON.stringify(decided.fields)}`);
  return decided;
}

function refusal(change: Partial<PlanRequest>, circumstances?: Circumstances) {
  const decided = decide(change, circumstances);
  return decided instanceof Fault
    ? [decided.reason, ...decided.fields.map(({ field }) => field)]
    : decided.kind;
}

describe('the kind of an upload', () => {
  it.each<[Partial<PlanRequest>, Provider, string]>([
    [{ sizeBytes: 0 }, 'aws', 'put'],
    [{ sizeBytes: 100 * MIB - 1 }, 'aws', 'put'],
    [{ sizeBytes: 100 * MIB }, 'aws', 'multipart'],
    [{ sizeBytes: 100 * MIB, kind: 'put' }, 'aws', 'put'],
    [{ sizeBytes: 1, kind: 'multipart' }, 'aws', 'multipart'],
    [{ sizeBytes: 1, partChecksum: 'sha256' }, 'aws', 'multipart'],
    [{ sizeBytes: 1, partSizeBytes: 5 * MIB }, 'aws', 'multipart'],
    [{ sizeBytes: 1, kind: 'form' }, 'aws', 'form'],
    [{ sizeBytes: undefined, maxSizeBytes: 10 }, 'aws', 'form'],
    // What only a single PUT can keep is kept as long as the file fits into one.
    [{ sizeBytes: 5 * GIB, options: { checksum: SHA256 } }, 'aws', 'put'],
    [{ sizeBytes: 5 * GIB, options: { checksum: CRC32 } }, 'aws', 'multipart'],
    [{ sizeBytes: 5 * GIB, options: { overwrite: 'never' } }, 'aws', 'multipart'],
    [{ sizeBytes: 4 * GIB, options: { checksum: CRC32 } }, 'r2', 'put'],
    [{ sizeBytes: 4 * GIB, options: { overwrite: 'never' } }, 'r2', 'put'],
    [{ sizeBytes: 4 * GIB, options: { overwrite: 'never' } }, 'gcs', 'put'],
  ])('of %j on %s is %s', (request, provider, kind) => {
    expect(planned(request, { provider }).kind).toBe(kind);
  });

  it('is multipart from the provider’s own limit of a single PUT on', () => {
    const { singlePutMaxBytes } = PROVIDER_CAPABILITIES.r2;
    expect(planned({ sizeBytes: singlePutMaxBytes, kind: 'put' }, { provider: 'r2' }).kind).toBe('put');
    expect(refusal({ sizeBytes: singlePutMaxBytes + 1, kind: 'put' }, { provider: 'r2' })).toEqual([
      'INVALID_REQUEST',
      'size',
    ]);
    expect(planned({ sizeBytes: singlePutMaxBytes + 1 }, { provider: 'r2' }).kind).toBe('multipart');
  });

  it.each<[Partial<PlanRequest>, readonly string[]]>([
    [{ sizeBytes: undefined }, ['size']],
    [{ sizeBytes: undefined, kind: 'put' }, ['size']],
    [{ sizeBytes: undefined, kind: 'multipart', maxSizeBytes: 1 }, ['size']],
    [{ maxSizeBytes: 1 }, ['maxSize']],
    [{ sizeBytes: undefined, minSizeBytes: 1 }, ['size', 'minSize']],
    [{ sizeBytes: undefined, minSizeBytes: 2, maxSizeBytes: 1 }, ['minSize']],
    [{ contentType: 'image/*' }, ['contentType']],
    [{ contentType: 'image/*', kind: 'multipart' }, ['contentType']],
    [{ kind: 'put', partChecksum: 'sha256' }, ['partChecksum']],
    [{ kind: 'form', partSizeBytes: 5 * MIB, signParts: 1 }, ['partSize', 'signParts']],
    [{ kind: 'copy' }, ['kind', ...[]]],
    [{ kind: 'multipart', sizeBytes: 0 }, ['size']],
    [{ kind: 'multipart', options: { checksum: SHA256 } }, ['checksum.sha256']],
    [{ kind: 'multipart', options: { checksum: { md5: 'XrY7u+Ae7tCTyyK7j1rNww==' } } }, ['checksum.md5']],
    [{ kind: 'multipart', partChecksum: 'sha256', options: { checksum: CRC32 } }, ['partChecksum']],
    [{ kind: 'multipart', partChecksum: 'crc64nvme' }, ['partChecksum']],
  ])('is refused for %j, and %j is blamed', (request, fields) => {
    expect(refusal(request)).toEqual(['INVALID_REQUEST', ...fields]);
  });
});

describe('a form', () => {
  it('holds the browser to exact fields, and to a size that may be a range', () => {
    const { plan, tracked } = planned({
      sizeBytes: undefined,
      minSizeBytes: 1,
      maxSizeBytes: 10,
      options: {
        cacheControl: 'max-age=60',
        metadata: { who: 'Ann' },
        tags: { 'a b': 'c+d', e: '' },
        acl: 'private',
        checksum: CRC32,
      },
    });
    expect(plan).toMatchObject({
      fields: {
        success_action_status: '201',
        'Content-Type': 'application/x-test',
        'Cache-Control': 'max-age=60',
        'x-amz-meta-who': 'Ann',
        'x-amz-checksum-crc32': 'DUoRhQ==',
        acl: 'private',
        tagging:
          '<Tagging><TagSet><Tag><Key>a b</Key><Value>c+d</Value></Tag><Tag><Key>e</Key><Value></Value></Tag></TagSet></Tagging>',
      },
      contentTypePrefix: undefined,
      minSizeBytes: 1,
      maxSizeBytes: 10,
    });
    expect(tracked).toMatchObject({ kind: 'form', minSizeBytes: 1, maxSizeBytes: 10, oneShot: false });
  });

  it('takes exactly the declared size where there is one', () => {
    expect(planned({ kind: 'form', sizeBytes: 7 }).plan).toMatchObject({ minSizeBytes: 7, maxSizeBytes: 7 });
  });

  it('lets the browser choose within a family of types, always as an attachment', () => {
    const { plan, tracked } = planned(
      { kind: 'form', contentType: 'Image/*', filename: 'x.png' },
      { policy: { activeContent: 'attachment' } },
    );
    expect(plan).toMatchObject({
      contentTypePrefix: 'image/',
      fields: { 'Content-Disposition': 'attachment; filename="x.png"' },
    });
    expect(Object.keys(plan).includes('Content-Type')).toBe(false);
    expect(tracked).toMatchObject({ contentType: 'image/', contentTypeIsPrefix: true });
    expect(refusal({ kind: 'form', contentType: 'image/*' }, { policy: { activeContent: 'deny' } })).toEqual([
      'CONTENT_REFUSED',
      'contentType',
    ]);
  });

  it('is judged by the most that it takes, not by the least', () => {
    const keyPolicy = { maxSizeBytes: 9 };
    const range = { sizeBytes: undefined, minSizeBytes: 1 };
    expect(refusal({ ...range, maxSizeBytes: 10 }, { keyPolicy })).toEqual(['POLICY_REFUSED', 'size']);
    expect(planned({ ...range, maxSizeBytes: 9 }, { keyPolicy }).kind).toBe('form');
  });

  it.each<[Partial<PlanRequest>, Circumstances, string]>([
    [{}, { provider: 'r2' }, 'kind'],
    [{}, { provider: 'b2' }, 'kind'],
    [{ options: { overwrite: 'never' } }, {}, 'overwrite'],
    [{}, { keyPolicy: { allowOverwrite: false } }, 'overwrite'],
    [{ options: { contentLanguage: 'de' } }, {}, 'contentLanguage'],
    [{ options: { checksum: { md5: 'XrY7u+Ae7tCTyyK7j1rNww==' } } }, {}, 'checksum.md5'],
  ])('is refused for %j under %j, saying why', (request, circumstances, field) => {
    const decided = decide({ kind: 'form', ...request }, circumstances);
    expect(decided).toBeInstanceOf(Fault);
    expect(decided).toMatchObject({ reason: 'DESTINATION_CANNOT', fields: [{ field }] });
  });
});

describe('a multipart upload', () => {
  it('keeps with the object what a PUT would, and leaves the bytes’ proofs to its parts', () => {
    const { plan, tracked } = planned({
      kind: 'multipart',
      sizeBytes: 40 * MIB,
      options: { checksum: CRC32, overwrite: 'never', tags: { a: 'b' }, cacheControl: 'no-store' },
    });
    expect(plan).toMatchObject({
      headers: { 'content-type': 'application/x-test', 'x-amz-tagging': 'a=b', 'cache-control': 'no-store' },
      partSizeBytes: 16 * MIB,
      partCount: 3,
      checksum: { algorithm: 'crc32', type: 'full_object' },
      oneShot: true,
    });
    expect(Object.keys('headers' in plan ? plan.headers : {}).sort()).toEqual([
      'cache-control',
      'content-type',
      'x-amz-tagging',
    ]);
    expect(tracked).toMatchObject({ checksum: CRC32.kept, oneShot: true, maxSizeBytes: 40 * MIB });
  });

  it('has a composite of the checksums of its parts where these are wished for', () => {
    expect(planned({ partChecksum: 'sha256' }).plan).toMatchObject({
      checksum: { algorithm: 'sha256', type: 'composite' },
    });
  });

  it('goes up to the provider’s largest object, and not beyond', () => {
    const { objectMaxBytes } = PROVIDER_CAPABILITIES.aws;
    expect(planned({ sizeBytes: objectMaxBytes }).plan).toMatchObject({ partCount: 10_000 });
    expect(refusal({ sizeBytes: objectMaxBytes + 1 })).toEqual(['INVALID_REQUEST', 'size']);
  });
});

describe('an upload under a token', () => {
  it('is under the policies of both, the token and its key', () => {
    expect(refusal({}, { keyPolicy: { maxSizeBytes: 41 }, token: { maxSizeBytes: 100 } })).toEqual([
      'POLICY_REFUSED',
      'size',
    ]);
    expect(refusal({}, { keyPolicy: { maxSizeBytes: 100 }, token: { maxSizeBytes: 41 } })).toEqual([
      'POLICY_REFUSED',
      'size',
    ]);
    expect(planned({}, { token: { allowOverwrite: false } }).plan).toMatchObject({
      headers: { 'if-none-match': '*' },
    });
    expect(
      planned({}, { token: { maxTtlSeconds: 5 }, keyPolicy: { maxTtlSeconds: 60 } }).plan.ttlSeconds,
    ).toBe(5);
  });

  it('has the token’s prefix, which the key’s must hold', () => {
    const prefix = (objectKeyPrefix: string) => ({ objectKeyPrefix });
    const { tracked } = planned({}, { keyPolicy: prefix('a/'), token: prefix('a/b/') });
    expect(tracked.objectKey).toMatch(/^a\/b\//);
    expect(refusal({}, { keyPolicy: prefix('c/'), token: prefix('a/b/') })).toEqual(['POLICY_REFUSED']);
  });
});
