// Uploads from plan to object, against an S3 in memory.
import { createSecretKey } from 'node:crypto';
import { beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { Principal, UploadTokenGrant } from '../../../src/keys/api-key.ts';
import { createSealer } from '../../../src/seal/create-sealer.ts';
import { parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';
import type { PlanRequest } from '../../../src/uploads/plan.ts';
import type { ByteQuota, StoredChecksum, TokenUse } from '../../../src/uploads/ports.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import { createUploads, type Uploads } from '../../../src/uploads/uploads.ts';
import {
  ACME,
  createFakeMemory,
  FILE,
  fakeDestination,
  storedObject,
  storedPart,
} from '../../support/upload-fixture.ts';

const MIB = 1_048_576;
const DAY_MS = 86_400_000;
const TOKEN: UploadTokenGrant = {
  id: 'tok_1',
  actions: ['create'],
  expiresAtMs: Date.UTC(2030, 0, 1),
  maxFiles: 3,
  maxTotalBytes: 100,
  policy: null,
  origin: null,
};

let nowMs: number;
let destination: ReturnType<typeof fakeDestination>;
let memory: ReturnType<typeof createFakeMemory>;
let counted: number[];
let spent: TokenUse[];
let quota: ByteQuota;
let uploads: Uploads;

beforeEach(() => {
  nowMs = Date.UTC(2026, 0, 2);
  destination = fakeDestination();
  memory = createFakeMemory();
  counted = [];
  spent = [];
  quota = { take: (_principal, sizeBytes) => void counted.push(sizeBytes) };
  let made = 0;
  uploads = createUploads({
    destinations: new Map([
      ['default', destination],
      ['other', { ...fakeDestination(), name: 'other' }],
    ]),
    quota: { take: (...call) => quota.take(...call) },
    budget: {
      take: async (use) => {
        spent.push(use);
        return spent.length <= use.maxFiles;
      },
    },
    memory,
    sealer: createSealer([createSecretKey(Buffer.alloc(32, 1))], 'test'),
    uploadTtlMs: 7 * DAY_MS,
    random: (count) => {
      made += 1;
      return new Uint8Array(count).fill(made);
    },
    wallClockMs: () => nowMs,
    sleep: async () => {},
  });
});

const multipart = (sizeBytes = 12 * MIB): PlanRequest => ({
  ...FILE,
  sizeBytes,
  kind: 'multipart',
  partSizeBytes: 5 * MIB,
});

async function reasonOf(call: Promise<unknown>): Promise<unknown[]> {
  const error = await call.catch((reason: unknown) => reason);
  if (!(error instanceof Fault)) throw new Error(`no fault: ${JSON.stringify(error)}`);
  return [error.reason, ...error.fields.map(({ field }) => field)];
}

function storeParts(...sizes: number[]): void {
  const upload = destination.storage.uploads.get('s3-upload-1');
  upload?.parts.push(...sizes.map((bytes, index) => storedPart(index + 1, bytes)));
}

describe('an upload in parts', () => {
  it('is planned, signed, sent, completed and looked at', async () => {
    const created = await uploads.create(multipart(), ACME);
    expect(created).toMatchObject({
      destination: 'default',
      uploadExpiresAtMs: nowMs + 7 * DAY_MS,
      plan: { kind: 'multipart', partSizeBytes: 5 * MIB, partCount: 3 },
    });
    const { plan, uploadId, objectKey } = created;
    expect(
      plan.kind === 'multipart' && plan.parts.map(({ headers, offsetBytes }) => [headers, offsetBytes]),
    ).toEqual([
      [{ 'content-length': `${5 * MIB}` }, 0],
      [{ 'content-length': `${5 * MIB}` }, 5 * MIB],
      [{ 'content-length': `${2 * MIB}` }, 10 * MIB],
    ]);
    expect(await uploads.status(uploadId, ACME)).toMatchObject({ state: 'uploading', receivedBytes: 0 });
    storeParts(5 * MIB, 5 * MIB);
    expect(await uploads.listParts(uploadId, ACME)).toMatchObject({
      missing: [{ first: 3, last: 3 }],
      parts: [{ partNumber: 1 }, { partNumber: 2 }],
    });
    expect(await reasonOf(uploads.complete(uploadId, [], ACME))).toEqual(['UPLOAD_INCOMPLETE']);
    destination.storage.uploads.get('s3-upload-1')?.parts.push(storedPart(3, 2 * MIB));
    const done = await uploads.complete(uploadId, [{ partNumber: 1, etag: '"etag-1"' }], ACME);
    expect(done).toMatchObject({ objectKey, object: { sizeBytes: 12 * MIB } });
    expect(await uploads.complete(uploadId, [], ACME)).toEqual(done);
    expect(await uploads.status(uploadId, ACME)).toMatchObject({
      state: 'complete',
      receivedBytes: 12 * MIB,
    });
    expect(await reasonOf(uploads.abort(uploadId, ACME))).toEqual(['UPLOAD_COMPLETED']);
    expect(destination.storage.completions).toHaveLength(1);
  });

  it('is not completed with ETags or parts that S3 does not have', async () => {
    const { uploadId } = await uploads.create(multipart(), ACME);
    storeParts(5 * MIB, 5 * MIB, 2 * MIB);
    expect(await reasonOf(uploads.complete(uploadId, [{ partNumber: 2, etag: 'other' }], ACME))).toEqual([
      'UPLOAD_MISMATCH',
      'parts[0].etag',
    ]);
    expect(await reasonOf(uploads.complete(uploadId, [{ partNumber: 4, etag: '' }], ACME))).toEqual([
      'UPLOAD_MISMATCH',
      'parts[0].partNumber',
    ]);
    expect(destination.storage.completions).toEqual([]);
  });

  it('is gone after it was aborted, as often as it is', async () => {
    const { uploadId } = await uploads.create(multipart(), ACME);
    await uploads.abort(uploadId, ACME);
    await uploads.abort(uploadId, ACME);
    expect(await uploads.status(uploadId, ACME)).toMatchObject({ state: 'gone' });
    expect(await reasonOf(uploads.complete(uploadId, [], ACME))).toEqual(['UPLOAD_NOT_FOUND']);
    expect(await reasonOf(uploads.listParts(uploadId, ACME))).toEqual(['UPLOAD_NOT_FOUND']);
  });

  it('completes over no object where it may not, and answers its own object again', async () => {
    const options = { overwrite: 'never' };
    const { uploadId, objectKey } = await uploads.create({ ...multipart(), options }, ACME);
    storeParts(5 * MIB, 5 * MIB, 2 * MIB);
    destination.storage.objects.set(objectKey, storedObject(1));
    expect(await reasonOf(uploads.complete(uploadId, [], ACME))).toEqual(['OBJECT_EXISTS']);
    destination.storage.objects.set(objectKey, storedObject(12 * MIB));
    expect(await uploads.complete(uploadId, [], ACME)).toMatchObject({ object: { sizeBytes: 12 * MIB } });
  });

  it.each<[Parameters<Uploads['signParts']>[1], string]>([
    [{ ranges: [], parts: [] }, 'parts'],
    [{ ranges: [{ first: 0, last: 1 }], parts: [] }, 'ranges[0]'],
    [{ ranges: [{ first: 2, last: 1 }], parts: [] }, 'ranges[0]'],
    [{ ranges: [{ first: 1, last: 4 }], parts: [] }, 'ranges[0]'],
    [{ ranges: [{ first: 1.5, last: 2 }], parts: [] }, 'ranges[0]'],
    [{ ranges: [], parts: [{ partNumber: 4 }] }, 'parts[0].partNumber'],
    [{ ranges: [], parts: [{ partNumber: 1, checksum: 'AAAAAA==' }] }, 'parts[0].checksum'],
    [{ ranges: [], parts: [{ partNumber: 1, md5: 'AAAAAA==' }] }, 'parts[0].md5'],
  ])('signs no parts for %j, and %s is blamed', async (request, field) => {
    const { uploadId } = await uploads.create(multipart(), ACME);
    expect(await reasonOf(uploads.signParts(uploadId, request, ACME))).toEqual(['INVALID_REQUEST', field]);
  });

  it('signs at most 1000 parts in one call, each once and in order', async () => {
    const { uploadId } = await uploads.create(multipart(10_000 * 5 * MIB), ACME);
    const sign = (...ranges: [number, number][]) =>
      uploads.signParts(
        uploadId,
        { ranges: ranges.map(([first, last]) => ({ first, last })), parts: [] },
        ACME,
      );
    const parts = await sign([9_001, 10_000], [9_500, 9_600]);
    expect(parts.map(({ partNumber }) => partNumber)).toEqual(
      Array.from({ length: 1_000 }, (_, index) => 9_001 + index),
    );
    expect(await reasonOf(sign([1, 1_001]))).toEqual(['INVALID_REQUEST', 'ranges[0]']);
    expect(await reasonOf(sign([1, 1_000], [1_001, 1_001]))).toEqual(['INVALID_REQUEST', 'parts']);
  });

  it('signs no part without the checksum that the object’s is made of', async () => {
    const created = await uploads.create({ ...multipart(), partChecksum: 'crc32' }, ACME);
    expect(created.plan).toMatchObject({ parts: [] });
    const sign = (parts: { partNumber: number; checksum?: string }[]) =>
      uploads.signParts(created.uploadId, { ranges: [], parts }, ACME);
    expect(await sign([{ partNumber: 1, checksum: 'DUoRhQ==' }])).toMatchObject([
      { headers: { 'x-amz-checksum-crc32': 'DUoRhQ==' } },
    ]);
    expect(await reasonOf(sign([{ partNumber: 1 }]))).toEqual(['INVALID_REQUEST', 'parts']);
    expect(await reasonOf(sign([{ partNumber: 1, checksum: 'DUoRhQ=' }]))).toEqual([
      'INVALID_REQUEST',
      'parts[0].checksum',
    ]);
  });
});

describe('an upload id', () => {
  it('is of no use to another owner, nor changed, nor after its life', async () => {
    const { uploadId } = await uploads.create(multipart(), ACME);
    expect(await reasonOf(uploads.status(uploadId, { ...ACME, owner: 'other' }))).toEqual([
      'UPLOAD_NOT_FOUND',
    ]);
    expect(await reasonOf(uploads.status(`${uploadId}A`, ACME))).toEqual(['UPLOAD_NOT_FOUND']);
    expect(await reasonOf(uploads.status('', ACME))).toEqual(['UPLOAD_NOT_FOUND']);
    nowMs += 7 * DAY_MS;
    expect(await reasonOf(uploads.status(uploadId, ACME))).toEqual(['UPLOAD_EXPIRED']);
    expect(await reasonOf(uploads.signParts(uploadId, { ranges: [], parts: [] }, ACME))).toEqual([
      'UPLOAD_EXPIRED',
    ]);
  });

  it('is not found by a key whose policy has another prefix or another destination', async () => {
    const { uploadId } = await uploads.create(FILE, {
      ...ACME,
      policy: { objectKeyPrefix: 'a/' },
    });
    const found = (policy: Principal['policy']) => uploads.status(uploadId, { ...ACME, policy });
    expect(await found({ objectKeyPrefix: 'a/' })).toMatchObject({ state: 'pending' });
    expect(await reasonOf(found({ objectKeyPrefix: 'b/' }))).toEqual(['UPLOAD_NOT_FOUND']);
    expect(await reasonOf(found({ destinations: ['other'] }))).toEqual(['UPLOAD_NOT_FOUND']);
  });

  it.each(['{uuid}/{name}', '{owner}/{uuid}', 'x/{owner}/{uuid}'])(
    'is found by the key that made it, under the template %s in a folder',
    async (text) => {
      const template = parseObjectKeyTemplate(text, 'folder/');
      Object.assign(destination, { policy: { ...destination.policy, template } });
      const restricted = { ...ACME, policy: { objectKeyPrefix: 'a/' } };
      const { uploadId } = await uploads.create(FILE, restricted);
      expect(await uploads.status(uploadId, restricted)).toMatchObject({ state: 'pending' });
      const other = { ...ACME, policy: { objectKeyPrefix: 'b/' } };
      expect(await reasonOf(uploads.status(uploadId, other))).toEqual(['UPLOAD_NOT_FOUND']);
    },
  );

  it('signs no part that outlives it', async () => {
    const { uploadId, uploadExpiresAtMs } = await uploads.create(multipart(), ACME);
    nowMs = uploadExpiresAtMs - 5_000;
    const [part] = await uploads.signParts(uploadId, { ranges: [{ first: 1, last: 1 }], parts: [] }, ACME);
    expect(part?.expiresAtMs).toBe(uploadExpiresAtMs);
  });
});

describe('a PUT or a form, once it is sent', () => {
  it('has no parts, and is complete only when the object is there as declared', async () => {
    const { uploadId, objectKey } = await uploads.create(FILE, ACME);
    expect(await reasonOf(uploads.listParts(uploadId, ACME))).toEqual(['UPLOAD_KIND']);
    expect(await reasonOf(uploads.complete(uploadId, [], ACME))).toEqual(['UPLOAD_INCOMPLETE']);
    expect(await uploads.status(uploadId, ACME)).toMatchObject({ state: 'pending', sizeBytes: 42 });
    destination.storage.objects.set(objectKey, storedObject(42));
    expect(await uploads.complete(uploadId, [], ACME)).toMatchObject({ object: { sizeBytes: 42 } });
  });

  it.each<[object, string]>([
    [{ sizeBytes: 41 }, 'size'],
    [{ contentType: 'text/html' }, 'contentType'],
    [{ checksum: undefined }, 'checksum.crc32'],
    [{ checksum: { algorithm: 'crc32', value: 'AAAAAA==', type: 'full_object' } }, 'checksum.crc32'],
    [{ checksum: { algorithm: 'sha256', value: 'DUoRhQ==', type: 'full_object' } }, 'checksum.crc32'],
  ])('is mismatched when S3 has %j', async (change, field) => {
    const options = { checksum: { kept: { algorithm: 'crc32', value: 'DUoRhQ==' } } } as const;
    const { uploadId, objectKey } = await uploads.create({ ...FILE, options }, ACME);
    const checksum: StoredChecksum = { algorithm: 'crc32', value: 'DUoRhQ==', type: 'full_object' };
    destination.storage.objects.set(objectKey, { ...storedObject(42), checksum });
    expect(await uploads.complete(uploadId, [], ACME)).toMatchObject({ object: { checksum } });
    destination.storage.objects.set(objectKey, { ...storedObject(42), checksum, ...change });
    expect(await reasonOf(uploads.complete(uploadId, [], ACME))).toEqual(['UPLOAD_MISMATCH', field]);
    expect(await uploads.status(uploadId, ACME)).toMatchObject({ state: 'mismatched' });
  });

  it('may be of any size and type within a form’s', async () => {
    const form = { ...FILE, contentType: 'image/*', sizeBytes: undefined, minSizeBytes: 1, maxSizeBytes: 9 };
    const { uploadId, objectKey } = await uploads.create(form, ACME);
    const becomes = (sizeBytes: number, contentType: string) => {
      destination.storage.objects.set(objectKey, { ...storedObject(sizeBytes), contentType });
      return uploads.complete(uploadId, [], ACME);
    };
    expect(await becomes(9, 'image/png')).toMatchObject({ object: { sizeBytes: 9 } });
    expect(await reasonOf(becomes(10, 'image/png'))).toEqual(['UPLOAD_MISMATCH', 'size']);
    expect(await reasonOf(becomes(0, 'text/html'))).toEqual(['UPLOAD_MISMATCH', 'size', 'contentType']);
  });
});

describe('a creation with an Idempotency-Key', () => {
  it('makes the same object key and upload id again, and is counted once', async () => {
    const first = await uploads.create(multipart(), ACME, 'k');
    nowMs += DAY_MS;
    const again = await uploads.create(multipart(), ACME, 'k');
    expect([again.uploadId, again.objectKey]).toEqual([first.uploadId, first.objectKey]);
    expect(counted).toEqual([12 * MIB]);
    expect(destination.storage.uploads.size).toBe(1);
    const put = await uploads.issuePut(FILE, ACME, 'k');
    expect(await uploads.issuePut(FILE, ACME, 'k')).toMatchObject({ fileKey: put.fileKey });
    expect(counted).toEqual([12 * MIB, 42]);
  });

  it('makes one upload for calls at the same moment', async () => {
    const all = await Promise.all(Array.from({ length: 20 }, () => uploads.create(multipart(), ACME, 'k')));
    expect(new Set(all.map(({ uploadId }) => uploadId)).size).toBe(1);
    expect(destination.storage.uploads.size).toBe(1);
    expect(counted).toEqual([12 * MIB]);
  });

  it('is refused for another request, and free for another key or another token', async () => {
    const first = await uploads.create(FILE, ACME, 'k');
    expect(await reasonOf(uploads.create({ ...FILE, sizeBytes: 43 }, ACME, 'k'))).toEqual([
      'IDEMPOTENCY_MISMATCH',
    ]);
    for (const principal of [
      { ...ACME, keyId: 'key_2' },
      { ...ACME, uploadToken: TOKEN },
      { ...ACME, uploadToken: { ...TOKEN, id: 'tok_2' } },
    ]) {
      expect((await uploads.create(FILE, principal, 'k')).objectKey).not.toBe(first.objectKey);
    }
  });

  it('is counted when it is sent again after it was refused: nothing gets past a quota by repeating', async () => {
    const { take } = quota;
    quota = { take: () => Promise.reject(new Fault('QUOTA_EXCEEDED')) };
    for (const _ of [1, 2, 3])
      expect(await reasonOf(uploads.create(FILE, ACME, 'k'))).toEqual(['QUOTA_EXCEEDED']);
    quota = { take };
    await uploads.create(FILE, ACME, 'k');
    expect(counted).toEqual([42]);
  });

  it('gives up with a conflict when the first call never ends', async () => {
    await uploads.create(FILE, ACME, 'k');
    for (const [name, value] of memory.values)
      memory.values.set(name, JSON.stringify({ ...JSON.parse(value), state: 'pending' }));
    expect(await reasonOf(uploads.create(FILE, ACME, 'k'))).toEqual(['UPLOAD_CONFLICT']);
  });
});

describe('an upload by token', () => {
  it('is counted against the token first, and then against its key', async () => {
    const principal = { ...ACME, uploadToken: TOKEN };
    for (const _ of [1, 2, 3]) await uploads.create(FILE, principal);
    expect(await reasonOf(uploads.create(FILE, principal))).toEqual(['UPLOAD_TOKEN_SPENT']);
    expect(counted).toEqual([42, 42, 42]);
    const ttlMs = TOKEN.expiresAtMs - nowMs;
    expect(spent[0]).toEqual({ tokenId: 'tok_1', files: 1, bytes: 42, maxFiles: 3, maxBytes: 100, ttlMs });
  });

  it('of a single PUT is counted alike', async () => {
    await uploads.issuePut(FILE, { ...ACME, uploadToken: TOKEN });
    expect([spent.length, counted]).toEqual([1, [42]]);
  });
});

describe('a destination', () => {
  it('is found by name only, and an unknown one is refused with those that are', async () => {
    expect(await uploads.create({ ...FILE, destination: 'other' }, ACME)).toMatchObject({
      destination: 'other',
    });
    const error = await uploads
      .create({ ...FILE, destination: 'bucket-1' }, ACME)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({
      reason: 'INVALID_REQUEST',
      fields: [{ field: 'destination', message: 'must be one of default, other' }],
    });
  });
});

describe('a download', () => {
  const OWN = 'acme/2026/01/02/u/a.png' as ObjectKey;

  it('reads what an upload id names', async () => {
    const { uploadId, objectKey } = await uploads.create(FILE, ACME);
    expect(await uploads.createDownload({ uploadId }, ACME)).toMatchObject({ objectKey });
  });

  it('takes one name of the object, and not both', async () => {
    const { uploadId } = await uploads.create(FILE, ACME);
    for (const request of [{}, { uploadId, fileKey: OWN }, { uploadId, destination: 'other' }])
      expect(await reasonOf(uploads.createDownload(request, ACME))).toEqual(['INVALID_REQUEST', 'uploadId']);
  });

  it('by key is refused where keys do not tell whose they are', async () => {
    expect(await reasonOf(uploads.createDownload({ fileKey: OWN }, ACME))).toEqual(['OBJECT_FORBIDDEN']);
  });
});
