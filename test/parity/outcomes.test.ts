import { isMessage, type Message, type MessageInitShape, toJson } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type CreateS3UploadRequestSchema,
  CreateS3UploadResponseSchema,
  UploadService,
} from '../../gen/upload/v1/upload_service_pb.js';
import { createTestDoors, SECRET_CAUSE, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';
import { createClients, type ProtocolClient } from './clients.ts';
import { type Expected, expectOutcome } from './expected.ts';

type UploadInit = MessageInitShape<typeof CreateS3UploadRequestSchema>;

const VALID: UploadInit = { filename: 'John Doe', contentType: 'example_string', size: 42n };

const UNAUTHENTICATED: Expected = { code: 'unauthenticated', reason: 'UNAUTHENTICATED' };

const CASES: readonly [name: string, init: UploadInit, token: string | undefined, expected: Expected][] = [
  ['a valid request', VALID, TOKENS.good, { code: 'ok' }],
  ['a file of no bytes', { ...VALID, size: 0n }, TOKENS.good, { code: 'ok' }],
  ['a name in several scripts', { ...VALID, filename: 'ä 猫 🐈/../x' }, TOKENS.good, { code: 'ok' }],
  [
    'several wrong fields, in field order',
    { filename: '', contentType: ' x', size: 5368709121n },
    TOKENS.good,
    {
      code: 'invalid_argument',
      reason: 'INVALID_REQUEST',
      fields: [
        { field: 'filename', message: 'is required' },
        {
          field: 'contentType',
          message:
            'must be a legal HTTP header value: visible ASCII characters, with spaces only between them',
        },
        { field: 'size', message: 'must be at most 5368709120' },
      ],
    },
  ],
  [
    'every option of an upload',
    {
      ...VALID,
      checksum: { algorithm: { case: 'crc32', value: 'DUoRhQ==' }, md5: '1B2M2Y8AsgTpgAmY7PhCfg==' },
      overwrite: 'never',
      expiresIn: 60,
      cacheControl: 'no-cache',
      contentLanguage: 'de',
      contentEncoding: 'gzip',
      contentDisposition: 'attachment',
      metadata: { who: 'ann', ort: 'Köln' },
      tags: { a: 'b' },
      encryption: { type: 'kms', kmsKeyId: 'k' },
      storageClass: 'STANDARD_IA',
      acl: 'private',
    },
    TOKENS.good,
    { code: 'ok' },
  ],
  [
    'options that break their rules, at any depth',
    {
      ...VALID,
      overwrite: 'maybe',
      cacheControl: ' ',
      contentDisposition: 'form-data',
      metadata: { a: '' },
      encryption: { type: 'rot13', kmsKeyId: 'ä' },
    },
    TOKENS.good,
    {
      code: 'invalid_argument',
      reason: 'INVALID_REQUEST',
      fields: [
        { field: 'overwrite', message: 'must be one of allow, never' },
        {
          field: 'cacheControl',
          message:
            'must be a legal HTTP header value: visible ASCII characters, with spaces only between them',
        },
        { field: 'contentDisposition', message: 'must be one of inline, attachment' },
        { field: 'metadata["a"]', message: 'must be at least 1 characters' },
        { field: 'encryption.type', message: 'must be one of s3, kms, customer' },
        { field: 'encryption.kmsKeyId', message: 'must consist of visible ASCII characters' },
      ],
    },
  ],
  ['a missing key', VALID, undefined, UNAUTHENTICATED],
  ['a malformed key', VALID, TOKENS.malformed, UNAUTHENTICATED],
  ['an unknown key', VALID, TOKENS.unknown, UNAUTHENTICATED],
  ['a revoked key', VALID, TOKENS.revoked, UNAUTHENTICATED],
  ['an expired key', VALID, TOKENS.expired, UNAUTHENTICATED],
  ['a disabled key', VALID, TOKENS.disabled, UNAUTHENTICATED],
  ['a wrong request without a key', { filename: '' }, undefined, UNAUTHENTICATED],
  ['a missing scope', VALID, TOKENS.withoutScope, { code: 'permission_denied', reason: 'SCOPE_MISSING' }],
  [
    'too many failures',
    VALID,
    TOKENS.limited,
    { code: 'resource_exhausted', reason: 'RATE_LIMITED', retryAfterMs: 2_500 },
  ],
  [
    'an unreachable key store',
    VALID,
    TOKENS.storeDown,
    { code: 'unavailable', reason: 'STORE_UNAVAILABLE', retryAfterMs: 1_000, hasRequestId: true },
  ],
  [
    'no signing credentials',
    { ...VALID, filename: 'unavailable' },
    TOKENS.good,
    { code: 'unavailable', reason: 'SIGNING_UNAVAILABLE', retryAfterMs: 1_000, hasRequestId: true },
  ],
  [
    'a defect in the implementation',
    { ...VALID, filename: 'internal' },
    TOKENS.good,
    { code: 'internal', reason: 'INTERNAL', hasRequestId: true },
  ],
  [
    'a defect in the verifier',
    VALID,
    TOKENS.storeBroken,
    { code: 'internal', reason: 'INTERNAL', hasRequestId: true },
  ],
];

const doors = createTestDoors();
let stop: () => void;
let clients: readonly ProtocolClient[] = [];

beforeAll(async () => {
  const listeners = await startListeners(doors.listener);
  stop = listeners.stop;
  clients = createClients(listeners.http1Url, listeners.http2Url);
});

afterAll(() => {
  for (const client of clients) client.close();
  stop();
});

describe('every protocol gives the same answer to', () => {
  it.each(CASES)('%s', async (_name, init, token, expected) => {
    const outcomes = await Promise.all(
      clients.map(async (client) => {
        const outcome = await client.call(UploadService.method.createS3Upload, init, { token });
        return [client.name, outcome] as const;
      }),
    );
    expect(outcomes.length).toBe(13);
    const [[, first] = []] = outcomes;
    for (const [name, outcome] of outcomes) {
      expectOutcome(outcome, expected, name);
      expect(uploadJson(outcome.answer), name).toEqual(uploadJson(first?.answer));
      expect(JSON.stringify({ ...outcome, answer: undefined }), name).not.toContain(SECRET_CAUSE);
    }
  });
});

function uploadJson(answer: Message | undefined) {
  return isMessage(answer, CreateS3UploadResponseSchema) && toJson(CreateS3UploadResponseSchema, answer);
}
