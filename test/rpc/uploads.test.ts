import { create, type DescMessage, type DescMethodUnary, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { echoUploads } from '../support/echo-uploads.ts';
import { ORIGIN, TOKENS, testUploadTokens } from '../support/test-doors.ts';
import { createUploadClient } from './in-memory.ts';

const { method } = UploadService;
const EXPIRES_AT = timestampFromMs(Date.UTC(2030, 0, 31, 12));
const FILE = { filename: 'a.txt', contentType: 'text/plain', size: 42n };
const PART_BYTES = 16 * 1024 * 1024;

const doors = createUploadClient();
const call = <I extends DescMessage, O extends DescMessage>(
  called: DescMethodUnary<I, O>,
  init: MessageInitShape<I>,
  token: string = TOKENS.good,
  headers: Record<string, string> = {},
) => doors.call(called, init, token, headers);

describe('a plan', () => {
  it('of a PUT says what the uploads room decided, under the names of the contract', async () => {
    const request = { ...FILE, destination: 'media', cacheControl: 'no-cache' };
    const headers = { 'idempotency-key': 'k' };
    expect(await call(method.createUpload, request, TOKENS.good, headers)).toEqual(
      create(method.createUpload.output, {
        uploadId: 'id-of-a.txt-k',
        kind: 'put',
        fileKey: 'uploads/acme/1/a.txt',
        publicUrl: 'https://cdn.example/a.txt',
        destination: 'media',
        uploadExpiresAt: { seconds: EXPIRES_AT.seconds + 1n, nanos: 500_000_000 },
        plan: {
          case: 'put',
          value: {
            url: 'https://bucket.example/?X-Amz-Signature=00',
            method: 'PUT',
            headers: {
              'content-type': 'text/plain',
              'content-length': '42',
              asked: '{"options":{"cacheControl":"no-cache"}}',
            },
            expiresAt: EXPIRES_AT,
          },
        },
      }),
    );
  });

  it('of a form says within which sizes and types the client chooses', async () => {
    const request = {
      ...FILE,
      size: undefined,
      kind: 'form',
      contentType: 'image/*',
      minSize: 1n,
      maxSize: 9n,
    };
    expect(await call(method.createUpload, request)).toMatchObject({
      kind: 'form',
      plan: {
        case: 'form',
        value: { contentTypePrefix: 'image/', minSize: 1n, maxSize: 9n, expiresAt: EXPIRES_AT },
      },
    });
  });

  it('of parts says how many there are, beyond 2^32 bytes too', async () => {
    const request = { ...FILE, kind: 'multipart', size: 53_687_091_200_000n, partSize: 5_368_709_120n };
    expect(await call(method.createUpload, { ...request, signParts: 1 })).toMatchObject({
      kind: 'multipart',
      plan: {
        case: 'multipart',
        value: { partSize: 5_368_709_120n, partCount: 10_000, parts: [{ partNumber: 1, offset: 0n }] },
      },
    });
  });

  it.each([
    [{ ...FILE, size: 53_687_091_200_001n }, 'size'],
    [{ ...FILE, kind: 'tus' }, 'kind'],
    [{ ...FILE, partSize: 5_242_879n }, 'partSize'],
    [{ ...FILE, signParts: 1_001 }, 'signParts'],
    [{ ...FILE, partChecksum: 'md5' }, 'partChecksum'],
    [{ ...FILE, maxSize: -1n }, 'maxSize'],
  ])('is refused for a request that breaks a rule: %o', async (request, field) => {
    await expect(call(method.createUpload, request)).rejects.toMatchObject({
      code: Code.InvalidArgument,
      rawMessage: expect.stringMatching(new RegExp(`^${field}: `)),
    });
  });
});

describe('the life of an upload', () => {
  it('has its parts signed, by ranges and one by one', async () => {
    const asked = {
      uploadId: 'id',
      ranges: [{ first: 9_999, last: 10_000 }],
      parts: [{ partNumber: 3, checksum: 'AAAA', md5: 'BBBB' }],
      expiresIn: 60,
    };
    const { parts } = await call(method.signParts, asked);
    expect(parts).toMatchObject([
      { partNumber: 9_999, size: BigInt(PART_BYTES), offset: 9_998n * BigInt(PART_BYTES) },
      { partNumber: 10_000 },
      {
        partNumber: 3,
        url: 'https://bucket.example/?partNumber=3',
        headers: { 'x-checksum': 'AAAA', 'content-md5': 'BBBB' },
        expiresAt: { seconds: EXPIRES_AT.seconds + 60n },
      },
    ]);
  });

  it('has its parts listed', async () => {
    expect(await call(method.listParts, { uploadId: 'id' })).toMatchObject({
      parts: [
        { partNumber: 1, size: BigInt(PART_BYTES), etag: 'e1', checksum: 'AAAA' },
        { partNumber: 2, etag: 'e2', checksum: '' },
      ],
      missing: [{ first: 3, last: 10_000 }],
      partSize: BigInt(PART_BYTES),
      partCount: 10_000,
    });
  });

  it('ends with the object as S3 has it', async () => {
    const parts = [{ partNumber: 1, etag: '"e1"' }, { partNumber: 2 }];
    expect(await call(method.completeUpload, { uploadId: 'id', parts })).toMatchObject({
      fileKey: 'uploads/acme/1/id',
      publicUrl: 'https://cdn.example/id',
      etag: '1:"e1",2:',
      versionId: 'v1',
      size: 6n * 2n ** 40n,
      contentType: 'text/plain',
      checksum: { algorithm: 'sha256', value: 'AAAA-2', type: 'composite' },
    });
  });

  it('can be looked at, with the object once there is one', async () => {
    const complete = await call(method.getUpload, { uploadId: 'id' });
    expect(complete).toMatchObject({
      state: 'complete',
      kind: 'put',
      destination: 'default',
      received: 6n * 2n ** 40n,
      uploadExpiresAt: EXPIRES_AT,
      object: { etag: 'e' },
    });
    expect(await call(method.getUpload, { uploadId: 'pending' })).toMatchObject({
      state: 'pending',
      received: 0n,
    });
    expect((await call(method.getUpload, { uploadId: 'pending' })).object).toBeUndefined();
  });

  it('can be ended', async () => {
    expect(await call(method.abortUpload, { uploadId: 'id' })).toEqual(create(method.abortUpload.output));
    await expect(call(method.abortUpload, { uploadId: 'unknown' })).rejects.toMatchObject({
      code: Code.NotFound,
    });
  });
});

it('a download is asked for by either name, with what S3 is to answer', async () => {
  const asked = {
    fileKey: 'a/b',
    contentDisposition: 'attachment',
    filename: 'b',
    contentType: 'c/d',
    expiresIn: 9,
  };
  const { url, fileKey, expiresAt } = await call(method.createDownload, asked);
  expect([fileKey, expiresAt]).toEqual(['a/b', EXPIRES_AT]);
  expect(JSON.parse(new URL(url).searchParams.get('asked') ?? '')).toEqual({
    contentDisposition: 'attachment',
    filename: 'b',
    contentType: 'c/d',
    expiresInSeconds: 9,
  });
});

it('CreateS3Upload hands on the destination and the idempotency key', async () => {
  const headers = { 'idempotency-key': 'k' };
  const request = { ...FILE, destination: 'media' };
  expect((await call(method.createS3Upload, request, TOKENS.good, headers)).headers).toMatchObject({
    'x-destination': 'media',
    'x-idempotency-key': 'k',
  });
});

describe('an upload token', () => {
  it('is made as asked for, and opens', async () => {
    const asked = {
      actions: ['create'],
      expiresIn: 60,
      maxFiles: 3,
      maxTotalSize: 5n,
      origin: ORIGIN,
      policy: {
        contentTypes: ['image/*'],
        maxSize: 4n,
        maxExpiry: 30,
        keyPrefix: 'users/42',
        allowOverwrite: false,
      },
    };
    const { token, tokenId, expiresAt } = await call(method.createUploadToken, asked);
    expect(testUploadTokens.open(token)?.grant).toEqual({
      id: tokenId,
      actions: ['create'],
      expiresAtMs: Number(expiresAt?.seconds) * 1_000,
      maxFiles: 3,
      maxTotalBytes: 5,
      origin: ORIGIN,
      policy: {
        contentTypes: ['image/*'],
        maxSizeBytes: 4,
        maxTtlSeconds: 30,
        objectKeyPrefix: 'users/42/',
        allowOverwrite: false,
      },
    });
  });

  it.each([
    [{ maxTotalSize: 2n ** 60n }, 'maxTotalSize'],
    [{ policy: { maxSize: 2n ** 60n } }, 'policy.maxSize'],
    [{ policy: { keyPrefix: '../' } }, 'policy.keyPrefix'],
    [{ origin: 'nowhere' }, 'origin'],
    [{ expiresIn: 3_601 }, 'expiresIn'],
    [{ actions: ['delete'] }, 'actions[0]'],
  ])('is not made where a rule is broken: %o', async (asked, field) => {
    const error = await call(method.createUploadToken, asked).catch((reason: unknown) => reason);
    expect(error).toMatchObject({ code: Code.InvalidArgument });
    expect(String(error)).toContain(`${field}: `);
  });

  const CALLS = {
    createUpload: () => call(method.createUpload, FILE, TOKENS.uploadToken),
    createS3Upload: () => call(method.createS3Upload, FILE, TOKENS.uploadToken),
    batchCreateUploads: () => call(method.batchCreateUploads, { uploads: [FILE] }, TOKENS.uploadToken),
    signParts: () => call(method.signParts, { uploadId: 'a' }, TOKENS.uploadToken),
    listParts: () => call(method.listParts, { uploadId: 'a' }, TOKENS.uploadToken),
    completeUpload: () => call(method.completeUpload, { uploadId: 'a' }, TOKENS.uploadToken),
    abortUpload: () => call(method.abortUpload, { uploadId: 'a' }, TOKENS.uploadToken),
    getUpload: () => call(method.getUpload, { uploadId: 'a' }, TOKENS.uploadToken),
  };

  it.each(Object.entries(CALLS))('will do for %s', async (_name, attempt) => {
    await expect(attempt()).resolves.toBeDefined();
    expect(doors.record).toMatchObject({ code: 'ok', uploadTokenId: 'upl_1' });
  });

  it.each([
    ['to make another', () => call(method.createUploadToken, {}, TOKENS.uploadToken)],
    ['to read an object', () => call(method.createDownload, { fileKey: 'a' }, TOKENS.uploadToken)],
    [
      'to read objects',
      () => call(method.batchCreateDownloads, { downloads: [{ fileKey: 'a' }] }, TOKENS.uploadToken),
    ],
    [
      'for what it does not allow',
      () => call(method.signParts, { uploadId: 'a' }, TOKENS.uploadTokenToCreate),
    ],
    [
      'to complete, if only to create',
      () => call(method.completeUpload, { uploadId: 'a' }, TOKENS.uploadTokenToCreate),
    ],
  ])('will not do %s', async (_name, attempt) => {
    await expect(attempt()).rejects.toMatchObject({ code: Code.PermissionDenied });
    expect(doors.record.reason).toBe('UPLOAD_TOKEN_SCOPE');
  });

  it('will not do where its key lacks the scope', async () => {
    await expect(call(method.createUpload, FILE, TOKENS.uploadTokenWithoutScope)).rejects.toMatchObject({
      code: Code.PermissionDenied,
    });
    expect(doors.record.reason).toBe('SCOPE_MISSING');
  });

  it('with an origin is taken from there only', async () => {
    await expect(
      call(method.createUpload, FILE, TOKENS.uploadTokenOfOrigin, { origin: ORIGIN }),
    ).resolves.toBeDefined();
    await expect(call(method.createUpload, FILE, TOKENS.uploadTokenOfOrigin)).rejects.toMatchObject({
      code: Code.Unauthenticated,
    });
  });
});

it('a key without the scope of reading gets no download', async () => {
  const { call: narrow } = createUploadClient(echoUploads);
  await expect(narrow(method.createDownload, { fileKey: 'a' }, TOKENS.withoutScope)).resolves.toBeDefined();
  await expect(narrow(method.createUpload, FILE, TOKENS.withoutScope)).rejects.toMatchObject({
    code: Code.PermissionDenied,
  });
});
