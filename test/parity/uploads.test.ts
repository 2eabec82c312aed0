import {
  create,
  type DescMessage,
  type DescMethodUnary,
  type Message,
  type MessageInitShape,
  toJson,
} from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { createTestDoors, SECRET_CAUSE, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';
import { createClients, type ProtocolClient } from './clients.ts';
import { type Expected, expectOutcome } from './expected.ts';
import { restJsonOf } from './rest-json.ts';

const { method } = UploadService;
const FILE = { filename: 'a.txt', contentType: 'text/plain', size: 42n };
const NOT_FOUND: Expected = {
  code: 'not_found',
  reason: 'UPLOAD_NOT_FOUND',
  message: 'There is no such upload',
};
const FORBIDDEN: Expected = { code: 'permission_denied', reason: 'UPLOAD_TOKEN_SCOPE' };

interface Case {
  readonly method: DescMethodUnary;
  readonly init: Message;
  readonly token: string | undefined;
  readonly expected: Expected;
}

function calling<I extends DescMessage, O extends DescMessage>(
  called: DescMethodUnary<I, O>,
  init: MessageInitShape<I>,
  expected: Expected = { code: 'ok' },
  token: string | undefined = TOKENS.good,
): Case {
  return { method: called, init: create(called.input, init), token, expected };
}

/** As long as an upload id can be. */
const LONG_ID = `A-_z${'0'.repeat(1_020)}`;

const CASES: Readonly<Record<string, Case>> = {
  'the plan of a PUT': calling(method.createUpload, { ...FILE, metadata: { a: 'b' } }),
  'the plan of a form': calling(method.createUpload, {
    filename: 'a.png',
    contentType: 'image/*',
    kind: 'form',
    minSize: 0n,
    maxSize: 5n,
  }),
  'the plan of a multipart upload': calling(method.createUpload, {
    ...FILE,
    kind: 'multipart',
    size: 53_687_091_200_000n,
    partSize: 5_368_709_120n,
    partChecksum: 'sha256',
    signParts: 3,
  }),
  'the plan of a multipart upload without signed parts': calling(method.createUpload, {
    ...FILE,
    kind: 'multipart',
    signParts: 0,
  }),
  'parts to be signed': calling(method.signParts, {
    uploadId: LONG_ID,
    ranges: [{ first: 1, last: 1_000 }],
    parts: [{ partNumber: 2_000, checksum: 'AAAA', md5: 'BBBB' }],
  }),
  'the parts of an upload': calling(method.listParts, { uploadId: LONG_ID }),
  'a completion': calling(method.completeUpload, {
    uploadId: LONG_ID,
    parts: [{ partNumber: 1, etag: '"e"' }],
  }),
  'the state of an upload': calling(method.getUpload, { uploadId: LONG_ID }),
  'the state of an upload that has not begun': calling(method.getUpload, { uploadId: 'pending' }),
  'the end of an upload': calling(method.abortUpload, { uploadId: LONG_ID }),
  'a download': calling(method.createDownload, { fileKey: 'a/b', contentDisposition: 'inline' }),
  'several downloads': calling(method.batchCreateDownloads, {
    downloads: [{ fileKey: 'a' }, { uploadId: 'unknown' }],
  }),
  'several uploads, of which some are refused': calling(method.batchCreateUploads, {
    uploads: [
      FILE,
      { ...FILE, filename: '\n' },
      { ...FILE, filename: 'incomplete' },
      { ...FILE, kind: 'form' },
    ],
  }),
  'a plan with an upload token': calling(method.createUpload, FILE, { code: 'ok' }, TOKENS.uploadToken),

  'fields that break their rules': calling(
    method.createUpload,
    { ...FILE, filename: '', kind: 'tus', partSize: 1n },
    {
      code: 'invalid_argument',
      reason: 'INVALID_REQUEST',
      fields: [
        { field: 'filename', message: 'is required' },
        { field: 'kind', message: 'must be one of put, form, multipart' },
        { field: 'partSize', message: 'must be at least 5242880' },
      ],
    },
  ),
  'an upload id that is too long': calling(
    method.getUpload,
    { uploadId: `${LONG_ID}0` },
    {
      code: 'invalid_argument',
      reason: 'INVALID_REQUEST',
      fields: [{ field: 'uploadId', message: 'must be at most 1024 characters' }],
    },
  ),
  'an upload that is not there': calling(method.signParts, { uploadId: 'unknown' }, NOT_FOUND),
  'an upload that is not complete': calling(
    method.completeUpload,
    { uploadId: 'incomplete' },
    { code: 'failed_precondition', reason: 'UPLOAD_INCOMPLETE' },
  ),
  'a defect': calling(
    method.listParts,
    { uploadId: 'internal' },
    { code: 'internal', reason: 'INTERNAL', hasRequestId: true },
  ),
  'a missing key': {
    ...calling(method.createUpload, FILE, { code: 'unauthenticated', reason: 'UNAUTHENTICATED' }),
    token: undefined,
  },
  'an upload token that does not allow the call': calling(
    method.signParts,
    { uploadId: 'a' },
    FORBIDDEN,
    TOKENS.uploadTokenToCreate,
  ),
  'an upload token that asks for another': calling(
    method.createUploadToken,
    {},
    FORBIDDEN,
    TOKENS.uploadToken,
  ),
  'an upload token beyond its rules': calling(
    method.createUploadToken,
    { maxFiles: 0, origin: '' },
    {
      code: 'invalid_argument',
      reason: 'INVALID_REQUEST',
      fields: [
        { field: 'maxFiles', message: 'must be at least 1' },
        { field: 'origin', message: 'must not be empty' },
      ],
    },
  ),
};

const doors = createTestDoors();
let stop: () => void;
let clients: ProtocolClient[];

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
  it.each(Object.entries(CASES))('%s', async (_name, { method: called, init, token, expected }) => {
    const outcomes = await Promise.all(
      clients.map(async (client) => [client.name, await client.call(called, init, { token })] as const),
    );
    expect(outcomes.length).toBe(13);
    const [[, first] = []] = outcomes;
    for (const [name, outcome] of outcomes) {
      expectOutcome(outcome, expected, name);
      expect(jsonOf(called.output, outcome.answer), name).toEqual(jsonOf(called.output, first?.answer));
      expect(JSON.stringify(outcome.message), name).not.toContain(SECRET_CAUSE);
      if (outcome.rest !== undefined && outcome.answer !== undefined)
        expect(outcome.rest.json, name).toEqual(restJsonOf(called.output, outcome.answer));
    }
  });

  it('the making of an upload token, but for the token itself', async () => {
    for (const client of clients) {
      const outcome = await client.call(method.createUploadToken, { maxFiles: 2 }, { token: TOKENS.good });
      expectOutcome(outcome, { code: 'ok' }, client.name);
      expect(outcome.headers['cache-control'], client.name).toBe('no-store');
      expect(outcome.answer, client.name).toMatchObject({
        token: expect.stringMatching(/^pse_upl_1[\w-]+$/),
        tokenId: expect.stringMatching(/^upl_/),
      });
    }
  });
});

function jsonOf(schema: DescMessage, answer: Message | undefined) {
  // Each call has an id of its own, which its failing items name.
  return answer && JSON.stringify(toJson(schema, answer)).replaceAll(/req_[\w-]+/g, 'req_');
}
