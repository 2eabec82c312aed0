import type { MessageInitShape } from '@bufbuild/protobuf';
import { Code, ConnectError } from '@connectrpc/connect';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  BadRequestSchema,
  ErrorInfoSchema,
  RequestInfoSchema,
  RetryInfoSchema,
} from '../../gen/google/rpc/error_details_pb.js';
import type { CreateS3UploadRequestSchema } from '../../gen/upload/v1/upload_service_pb.js';
import { SECRET_CAUSE, TOKENS } from '../support/test-doors.ts';
import { createUploadClient } from './in-memory.ts';

type UploadInit = MessageInitShape<typeof CreateS3UploadRequestSchema>;

const VALID = { filename: 'John Doe', contentType: 'example_string', size: 42n };
const ILLEGAL_TYPE =
  'must be a legal HTTP header value: visible ASCII characters, with spaces only between them';

function call(init: UploadInit, token: string | undefined = TOKENS.good) {
  const headers = { authorization: `Bearer ${token}` };
  return createUploadClient().client.createS3Upload(init, { headers });
}

async function errorOf(promise: Promise<unknown>): Promise<ConnectError> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (error instanceof ConnectError) return error;
  throw new Error('the call succeeded');
}

async function fieldsOf(init: UploadInit): Promise<Record<string, string>> {
  const error = await errorOf(call(init));
  expect(error.code).toBe(Code.InvalidArgument);
  const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
  return Object.fromEntries(violations.map(({ field, description }) => [field, description]));
}

describe('accepts', () => {
  it.each<[string, UploadInit]>([
    ['the example of the contract', VALID],
    ['a name of one character', { ...VALID, filename: 'x' }],
    ['a name of 1024 characters beyond the BMP', { ...VALID, filename: '🐈'.repeat(1024) }],
    ['a name that looks like a path', { ...VALID, filename: '../../etc/passwd' }],
    ['a type of one character', { ...VALID, contentType: '!' }],
    ['a type of 255 characters', { ...VALID, contentType: `a${' '.repeat(253)}b` }],
    ['a file of no bytes', { ...VALID, size: 0n }],
    ['the largest file of a single PUT', { ...VALID, size: 5_368_709_120n }],
  ])('%s', async (_name, init) => {
    expect((await call(init)).method).toBe('PUT');
  });
});

describe('refuses, naming the field and its rule:', () => {
  it.each<[string, UploadInit, Record<string, string>]>([
    ['no name', { ...VALID, filename: '' }, { filename: 'is required' }],
    [
      'a name that is too long',
      { ...VALID, filename: 'x'.repeat(1025) },
      { filename: 'must be at most 1024 characters' },
    ],
    [
      'a control character',
      { ...VALID, filename: 'a\nb' },
      { filename: 'must not contain control characters' },
    ],
    ['DEL', { ...VALID, filename: 'a\x7f' }, { filename: 'must not contain control characters' }],
    [
      'a C1 control character',
      { ...VALID, filename: '\x9f' },
      { filename: 'must not contain control characters' },
    ],
    ['no type', { ...VALID, contentType: '' }, { contentType: 'is required' }],
    [
      'a type that is too long',
      { ...VALID, contentType: 'x'.repeat(256) },
      { contentType: 'must be at most 255 characters' },
    ],
    ['a leading space', { ...VALID, contentType: ' a' }, { contentType: ILLEGAL_TYPE }],
    ['a trailing space', { ...VALID, contentType: 'a ' }, { contentType: ILLEGAL_TYPE }],
    [
      'a line break in the type',
      { ...VALID, contentType: 'a\r\nx-amz-acl: public-read' },
      { contentType: ILLEGAL_TYPE },
    ],
    ['a type beyond ASCII', { ...VALID, contentType: 'ä' }, { contentType: ILLEGAL_TYPE }],
    ['no size', { filename: 'a', contentType: 'b' }, { size: 'is required' }],
    ['a negative size', { ...VALID, size: -1n }, { size: 'must be at least 0' }],
    [
      'a file too large for a single PUT',
      { ...VALID, size: 5_368_709_121n },
      { size: 'must be at most 5368709120' },
    ],
    ['the largest int64', { ...VALID, size: 2n ** 63n - 1n }, { size: 'must be at most 5368709120' }],
  ])('%s', async (_name, init, fields) => {
    expect(await fieldsOf(init)).toEqual(fields);
  });

  it('all wrong fields at once, in field order, one violation each', async () => {
    const error = await errorOf(call({ filename: `${'x'.repeat(2000)}\n`, contentType: '', size: -5n }));
    expect(error.rawMessage).toBe(
      'filename: must be at most 1024 characters; contentType: is required; size: must be at least 0',
    );
  });

  it('exactly the names that hold a control character', async () => {
    const { client } = createUploadClient();
    await fc.assert(
      fc.asyncProperty(fc.string({ unit: 'binary', minLength: 1, maxLength: 20 }), async (filename) => {
        const headers = { authorization: `Bearer ${TOKENS.good}` };
        const accepted = await client.createS3Upload({ ...VALID, filename }, { headers }).then(
          () => true,
          () => false,
        );
        expect(accepted).toBe(!/\p{Cc}/u.test(filename));
      }),
      { numRuns: 200 },
    );
  });
});

describe('a caller that may not', () => {
  /** A difference would tell whoever tries keys which of them exist. */
  it('gets one and the same answer for every cause', async () => {
    const { good: _good, withoutScope: _scope, limited: _limited, ...others } = TOKENS;
    const answers = await Promise.all(
      [others.unknown, others.revoked, others.expired, others.disabled, others.malformed, undefined].map(
        async (token) => {
          const error = await errorOf(
            token === undefined
              ? createUploadClient().client.createS3Upload(VALID)
              : createUploadClient().client.createS3Upload(VALID, {
                  headers: { authorization: `Bearer ${token}` },
                }),
          );
          expect(error.code).toBe(Code.Unauthenticated);
          return JSON.stringify([error.rawMessage, error.findDetails(ErrorInfoSchema), [...error.metadata]]);
        },
      ),
    );
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('UNAUTHENTICATED');
  });

  it('is told the scope that is missing, before its request is judged', async () => {
    const error = await errorOf(call({ filename: '' }, TOKENS.withoutScope));
    expect(error.code).toBe(Code.PermissionDenied);
    expect(error.rawMessage).toContain('uploads:create');
  });

  it('is told when to come back', async () => {
    const error = await errorOf(call(VALID, TOKENS.limited));
    expect(error.code).toBe(Code.ResourceExhausted);
    expect(error.metadata.get('retry-after')).toBe('3');
    expect(error.findDetails(RetryInfoSchema)).toMatchObject([
      { retryDelay: { seconds: 2n, nanos: 500_000_000 } },
    ]);
  });
});

describe('a failure of the server', () => {
  it.each([
    ['internal', { ...VALID, filename: 'internal' }, TOKENS.good, Code.Internal],
    ['internal', VALID, TOKENS.storeBroken, Code.Internal],
    ['unavailable', { ...VALID, filename: 'unavailable' }, TOKENS.good, Code.Unavailable],
    ['unavailable', VALID, TOKENS.storeDown, Code.Unavailable],
  ])('is %s, names the request and leaks nothing', async (_name, init, token, code) => {
    const { client, record } = createUploadClient();
    const error = await errorOf(
      client.createS3Upload(init, { headers: { authorization: `Bearer ${token}` } }),
    );
    expect(error.code).toBe(code);
    expect(error.findDetails(RequestInfoSchema)).toMatchObject([{ requestId: record.requestId }]);
    expect(error.rawMessage).not.toContain(SECRET_CAUSE);
    expect(JSON.stringify(error.details)).not.toContain(
      Buffer.from(SECRET_CAUSE).toString('base64').slice(4, 20),
    );
    expect(record.cause).toMatchObject({ message: SECRET_CAUSE });
  });
});

describe('an answer', () => {
  it('holds what the uploads room decided, under the names of the contract', async () => {
    const asked: unknown[] = [];
    const { client, record } = createUploadClient({
      issuePut: (request, principal) => {
        asked.push(request, principal.owner);
        return {
          uploadUrl: 'https://u',
          publicUrl: 'https://p',
          fileKey: 'k' as never,
          method: 'PUT',
          headers: { 'content-type': 'x' },
          expiresAtMs: 1_500,
        };
      },
    });
    const answer = await client.createS3Upload(VALID, { headers: { authorization: 'Bearer good' } });
    expect(asked).toEqual([{ filename: 'John Doe', contentType: 'example_string', sizeBytes: 42 }, 'acme']);
    expect(answer).toMatchObject({
      uploadUrl: 'https://u',
      publicUrl: 'https://p',
      fileKey: 'k',
      method: 'PUT',
      headers: { 'content-type': 'x' },
      expiresAt: { seconds: 1n, nanos: 500_000_000 },
    });
    expect(record).toMatchObject({ code: 'ok', keyId: 'key_1', owner: 'acme' });
  });
});
