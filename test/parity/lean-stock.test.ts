// The lean path against its oracle: two servers, of which one leaves every call to connect's own handlers, answer the
// same request the same, and put the same on record.
import { type ClientHttp2Session, connect } from 'node:http2';
import { gzipSync } from 'node:zlib';
import { create, type DescMessage, type MessageInitShape, toBinary, toJsonString } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SignPartsRequestSchema } from '../../gen/upload/v1/part_pb.js';
import { BatchCreateUploadsRequestSchema } from '../../gen/upload/v1/upload_pb.js';
import { CreateS3UploadRequestSchema } from '../../gen/upload/v1/upload_service_pb.js';
import { CreateUploadTokenRequestSchema } from '../../gen/upload/v1/upload_token_pb.js';
import { closingAgent } from '../support/http-requests.ts';
import { callHttp1, callHttp2, type RawAnswer, type RawCall } from '../support/raw-call.ts';
import { createTestDoors, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';

const KIB = 1024;
const FILE = { filename: 'a.txt', contentType: 'text/plain', size: 42n };

interface Subject {
  readonly doors: ReturnType<typeof createTestDoors>;
  readonly listeners: Awaited<ReturnType<typeof startListeners>>;
  readonly session: ClientHttp2Session;
}

async function openSubject(lean: boolean): Promise<Subject> {
  const doors = createTestDoors({ lean });
  await doors.rpcDoor.warm();
  const listeners = await startListeners(doors.listener);
  return { doors, listeners, session: connect(listeners.http2Url) };
}

const agent = closingAgent();
let subjects: Subject[];

beforeAll(async () => {
  subjects = [await openSubject(true), await openSubject(false)];
});
afterAll(() => {
  agent.destroy();
  for (const { session, listeners } of subjects) {
    session.destroy();
    listeners.stop();
  }
});

type HttpVersion = 1 | 2;

async function outcomeOf({ doors, listeners, session }: Subject, version: HttpVersion, call: RawCall) {
  const { records } = doors;
  records.length = 0;
  const answer = await (version === 1
    ? callHttp1(listeners.http1Url, call, agent)
    : callHttp2(session, call));
  await expect.poll(() => records.length, { interval: 1 }).toBe(1);
  const { startedAtMs: _, cause, ...record } = records[0] ?? expect.fail('no record');
  return {
    ...comparable(answer),
    record: { ...record, cause: cause === undefined ? undefined : String(cause) },
  };
}

/** What HTTP/1.1 frames a body with is no part of the answer: the lean path knows its length in advance. */
function comparable({ headers, body, ...rest }: RawAnswer) {
  const {
    date: _,
    connection,
    'keep-alive': __,
    'transfer-encoding': ___,
    'content-length': ____,
    ...kept
  } = headers;
  return { ...rest, headers: kept, body: body.toString('latin1') };
}

async function expectSame(
  version: HttpVersion,
  call: RawCall,
): Promise<Awaited<ReturnType<typeof outcomeOf>>> {
  const headers = { 'x-request-id': 'req_1', ...call.headers };
  const [lean, stock] = await Promise.all(
    subjects.map((subject) => outcomeOf(subject, version, { ...call, headers })),
  );
  expect(lean).toEqual(stock);
  return lean ?? expect.fail('no outcome');
}

/** What the lean path takes of each content type. */
const WIRES = [
  { type: 'application/json', isFramed: false, isBinary: false, versions: [1, 2] },
  { type: 'application/proto', isFramed: false, isBinary: true, versions: [1, 2] },
  { type: 'application/grpc', isFramed: true, isBinary: true, versions: [2] },
  { type: 'application/grpc+json', isFramed: true, isBinary: false, versions: [2] },
  { type: 'application/grpc-web', isFramed: true, isBinary: true, versions: [1, 2] },
  { type: 'application/grpc-web+json', isFramed: true, isBinary: false, versions: [1, 2] },
] as const;

type Wire = Pick<(typeof WIRES)[number], 'type' | 'isFramed' | 'isBinary'>;

const CASES = WIRES.flatMap(({ versions, ...wire }) =>
  versions.map((version: HttpVersion) => [`${wire.type} over HTTP/${version}`, wire, version] as const),
);

/** A message for one of the methods, in either encoding. */
interface Asked {
  readonly path: string;
  readonly json: Buffer;
  readonly proto: Buffer;
}

function asked<Desc extends DescMessage>(name: string, schema: Desc, init: MessageInitShape<Desc>): Asked {
  const message = create(schema, init);
  return {
    path: `/upload.v1.UploadService/${name}`,
    json: Buffer.from(toJsonString(schema, message)),
    proto: Buffer.from(toBinary(schema, message)),
  };
}

const upload = (init: MessageInitShape<typeof CreateS3UploadRequestSchema> = {}) =>
  asked('CreateS3Upload', CreateS3UploadRequestSchema, { ...FILE, ...init });
const UPLOAD = upload();
/** Its answer is large enough to be compressed. */
const PARTS = asked('SignParts', SignPartsRequestSchema, {
  uploadId: 'id',
  ranges: [{ first: 1, last: 200 }],
});
const BATCH = asked('BatchCreateUploads', BatchCreateUploadsRequestSchema, {
  uploads: [FILE, { filename: '' }],
});
const TOKEN = asked('CreateUploadToken', CreateUploadTokenRequestSchema, { maxFiles: -1 });

function frame(message: Buffer, flags = 0, length = message.length): Buffer {
  const head = Buffer.of(flags, 0, 0, 0, 0);
  head.writeUInt32BE(length, 1);
  return Buffer.concat([head, message]);
}

/** What goes into the body, as it is encoded for the type. */
function bodyOf({ isFramed, isBinary }: Wire, { json, proto }: Asked): Buffer {
  const message = isBinary ? proto : json;
  return isFramed ? frame(message) : message;
}

function post(
  type: string,
  path: string,
  pieces: readonly Buffer[],
  headers: RawCall['headers'] = {},
): RawCall {
  const authorization = `Bearer ${TOKENS.good}`;
  return { method: 'POST', path, headers: { authorization, 'content-type': type, ...headers }, pieces };
}

describe.each(CASES)('%s is answered as by connect:', (_name, wire, version) => {
  const { type, isFramed, isBinary } = wire;
  const send = (question: Asked, headers?: RawCall['headers']) =>
    expectSame(version, post(type, question.path, [bodyOf(wire, question)], headers));

  it('what is right', async () => {
    const { record, status } = await send(UPLOAD);
    expect([status, record.code, record.keyId]).toEqual([200, 'ok', 'key_1']);
    await send(BATCH);
  });

  it('what breaks a rule, fails or is broken within', async () => {
    expect((await send(upload({ filename: '', size: -1n }))).record.reason).toBe('INVALID_REQUEST');
    expect((await send(TOKEN)).record.code).toBe('invalid_argument');
    for (const filename of ['unavailable', 'unknown', 'internal']) await send(upload({ filename }));
  });

  it('whoever calls', async () => {
    const { hanging: _, ...tokens } = TOKENS;
    for (const token of Object.values(tokens)) await send(UPLOAD, { authorization: `Bearer ${token}` });
  });

  it('a caller without a key, and with an idempotency key', async () => {
    const { record } = await send(UPLOAD, { authorization: '' });
    expect(record.code).toBe('unauthenticated');
    await send(UPLOAD, { 'idempotency-key': 'once' });
  });

  it.each(['gzip', 'br', 'identity,deflate,gzip', 'br;q=1', '', '*'])(
    'a large answer, where "%s" is accepted',
    async (accepted) => {
      const headers = { 'accept-encoding': accepted, 'grpc-accept-encoding': accepted };
      expect((await send(PARTS, headers)).record.code).toBe('ok');
      await send(UPLOAD, headers);
      await send({ ...PARTS, json: Buffer.from('{}'), proto: Buffer.alloc(0) }, headers);
    },
  );

  it.each(['gzip', 'identity', 'zstd', 'gzip, gzip', ''])(
    'a request in the encoding "%s"',
    async (encoding) => {
      const message = isBinary ? UPLOAD.proto : UPLOAD.json;
      const packed = gzipSync(message);
      const headers = { 'content-encoding': encoding, 'grpc-encoding': encoding };
      for (const body of isFramed ? [frame(packed, 1), frame(message)] : [packed, message])
        await expectSame(version, post(type, UPLOAD.path, [body], headers));
    },
  );

  it.each([
    '0',
    '0m',
    '60000',
    '60S',
    '9999999999',
    '99999999H',
    '9999999u',
    '1.5',
    '-1',
    'soon',
    '',
    '123456789S',
  ])('a deadline of "%s"', async (timeout) => {
    await send(UPLOAD, { 'connect-timeout-ms': timeout, 'grpc-timeout': timeout });
  });

  it('a message that is none', async () => {
    for (const garbage of ['0aff01', '', '7b', '00', 'ff'].map((hex) => Buffer.from(hex, 'hex')))
      await send({ path: UPLOAD.path, json: garbage, proto: garbage });
  });

  it('fields that nobody knows', async () => {
    for (const question of [UPLOAD, TOKEN]) {
      await send({
        path: question.path,
        json: Buffer.from('{"colour":"red","filename":"a","contentType":"b/c"}'),
        proto: Buffer.concat([question.proto, Buffer.from('f8ff0301', 'hex')]),
      });
    }
  });

  it('a message that is too large, announced or not', async () => {
    const filler = Buffer.alloc(64 * KIB, ' ');
    const large = Buffer.concat([UPLOAD.json, filler]);
    const body = isFramed ? frame(large) : large;
    const pieces = [body.subarray(0, 10), body.subarray(10, 40_000), body.subarray(40_000)];
    const { record } = await expectSame(version, post(type, UPLOAD.path, pieces));
    expect(record.code).toBe('resource_exhausted');
    const length = { 'content-length': String(body.length) };
    await expectSame(version, post(type, UPLOAD.path, pieces, length));
  });

  it('a body in pieces', async () => {
    const body = bodyOf(wire, UPLOAD);
    const pieces = Array.from(body, (byte) => Buffer.of(byte));
    expect((await expectSame(version, post(type, UPLOAD.path, pieces))).record.code).toBe('ok');
  });

  it('other HTTP methods', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'HEAD']) {
      const call = { ...post(type, UPLOAD.path, []), method };
      await expectSame(version, call);
    }
  });
});

describe.each(CASES.filter(([, { isFramed }]) => isFramed))('frames of %s', (_name, wire, version) => {
  const message = wire.isBinary ? UPLOAD.proto : UPLOAD.json;
  const whole = frame(message);
  const large = frame(Buffer.alloc(64 * KIB, ' '));

  it.each([
    ['none', []],
    ['half a prefix', [whole.subarray(0, 3)]],
    ['a prefix without its message', [whole.subarray(0, 5)]],
    ['half a message', [whole.subarray(0, 20)]],
    ['two', [whole, whole]],
    ['two at once', [Buffer.concat([whole, whole])]],
    ['one and a half', [whole, whole.subarray(0, 20)]],
    ['one and a prefix', [whole, whole.subarray(0, 5)]],
    ['one and an empty one', [whole, frame(Buffer.alloc(0))]],
    ['one and one that is too large', [whole, frame(message, 0, 65 * KIB)]],
    ['one that is compressed with nothing', [frame(message, 1)]],
    ['one with unknown flags', [frame(message, 2)]],
    ['one of trailers', [frame(message, 128)]],
    ['one, and one of trailers', [whole, frame(Buffer.from('a: b\r\n'), 128)]],
    ['one whose second half is missing', [frame(message, 0, message.length + 1)]],
    ['more than two that are as large as may be', [whole, large, large]],
  ])('%s: answered as by connect', async (_, pieces) => {
    await expectSame(version, post(wire.type, UPLOAD.path, pieces));
  });
});

it('whatever comes is answered as by connect', async () => {
  const arbitraryBody = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc.json().map((json) => Buffer.from(json)),
    fc.constantFrom(UPLOAD.json, UPLOAD.proto, BATCH.json, BATCH.proto),
  );
  await fc.assert(
    fc.asyncProperty(
      fc.constantFrom(...CASES),
      arbitraryBody,
      fc.record({ flags: fc.constantFrom(0, 0, 0, 1, 3), isFramed: fc.boolean() }),
      fc.nat({ max: 60 }),
      async ([, { type }, version], message, { flags, isFramed }, cut) => {
        const body = isFramed ? frame(message, flags) : message;
        const pieces = [body.subarray(0, cut), body.subarray(cut)].filter(({ length }) => length > 0);
        await expectSame(version, post(type, UPLOAD.path, pieces));
      },
    ),
    { numRuns: 120 },
  );
});

it.each([
  'application/json; charset=utf-8',
  'application/json;charset=utf8',
  'application/JSON',
  'application/grpc+proto',
  'application/grpc-web+proto',
  'application/grpc-web-text',
  'application/grpc+thrift',
  'application/connect+proto',
  'application/grpc; charset=utf-8',
  'text/plain',
  '',
])('a content type of "%s" is answered as by connect', async (type) => {
  for (const version of [1, 2] as const)
    for (const body of [UPLOAD.json, UPLOAD.proto, frame(UPLOAD.proto)])
      await expectSame(version, post(type, UPLOAD.path, [body]));
});

it('only one of the two servers takes the lean path, whose answers over gRPC-Web have a length', async () => {
  const call = post('application/grpc-web', UPLOAD.path, [frame(UPLOAD.proto)]);
  const answers = await Promise.all(
    subjects.map(({ listeners }) => callHttp1(listeners.http1Url, call, agent)),
  );
  expect(answers.map(({ headers }) => headers['content-length'] !== undefined)).toEqual([true, false]);
});
