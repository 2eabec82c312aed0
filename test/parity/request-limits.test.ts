import { once } from 'node:events';
import { request as requestHttp1 } from 'node:http';
import { connect as connectHttp2, constants } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { closingAgent, sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import { createTestDoors, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';

const KIB = 1024;
const FILE = { filename: 'a.txt', contentType: 'text/plain', size: 42 };
const JSON_TYPE = { 'content-type': 'application/json' };
const RPC = '/upload.v1.UploadService';

const doors = createTestDoors();
let listeners: Awaited<ReturnType<typeof startListeners>>;

beforeAll(async () => {
  listeners = await startListeners(doors.listener);
});
afterAll(() => listeners.stop());

async function post(path: string, body: string, token: string = TOKENS.good) {
  const headers = { ...JSON_TYPE, authorization: `Bearer ${token}` };
  const response = await fetch(listeners.http1Url + path, { method: 'POST', headers, body });
  return { status: response.status, json: await response.json() };
}

/** JSON for these fields, filled up with spaces. */
function bodyOf(fields: object, bytes: number): string {
  const text = JSON.stringify(fields);
  return text + ' '.repeat(bytes - text.length);
}

describe('a request is as large as its method allows:', () => {
  it.each([
    ['/v1/uploads', FILE, 64 * KIB],
    ['/v1/uploads/id/parts:sign', { parts: [{ partNumber: 1 }] }, 256 * KIB],
    ['/v1/uploads/id:complete', {}, 1024 * KIB],
    ['/v1/uploads:batch', { uploads: [FILE] }, 1024 * KIB],
    ['/v1/downloads:batch', { downloads: [{ fileKey: 'a' }] }, 1024 * KIB],
  ])('%s over REST', async (path, fields, most) => {
    expect(await post(path, bodyOf(fields, most))).toMatchObject({ status: 200 });
    expect(await post(path, bodyOf(fields, most + 1))).toEqual({
      status: 413,
      json: {
        error: 'Payload Too Large',
        message: `The request body is larger than ${most} bytes`,
        code: 413,
      },
    });
  });

  it.each([
    ['CreateUpload', FILE, 64 * KIB],
    ['SignParts', { uploadId: 'id', parts: [{ partNumber: 1 }] }, 256 * KIB],
    ['BatchCreateUploads', { uploads: [FILE] }, 1024 * KIB],
  ])('%s over Connect', async (name, fields, most) => {
    expect(await post(`${RPC}/${name}`, bodyOf(fields, most))).toMatchObject({ status: 200 });
    const refused = await post(`${RPC}/${name}`, bodyOf(fields, most + 1));
    expect(refused).toMatchObject({ status: 429, json: { code: 'resource_exhausted' } });
    expect(refused.json.message).toContain(`${most}`);
  });

  it('completing 10000 parts fits in', async () => {
    const parts = Array.from({ length: 10_000 }, (_, index) => ({
      partNumber: index + 1,
      etag: `"${'e'.repeat(32)}"`,
    }));
    expect(await post('/v1/uploads/id:complete', JSON.stringify({ parts }))).toMatchObject({ status: 200 });
  });
});

describe('a connection', () => {
  const chunked = { 'transfer-encoding': 'chunked' };

  it.each([
    ['Connect', 'application/json', ' '],
    ['Connect with proto', 'application/proto', ' '],
    ['gRPC-Web', 'application/grpc-web+proto', '\0\0\x04\0\0'],
  ])('serves the next call after one that was too large, over %s', async (_name, type, start) => {
    using agent = closingAgent(1);
    const url = `${listeners.http1Url}${RPC}/CreateUpload`;
    const send = (headers: Record<string, string>, body: string) =>
      sendHttp1(url, { method: 'POST', headers, body }, agent);
    const refused = await send({ 'content-type': type, ...chunked }, start + ' '.repeat(256 * KIB));
    expect(refused.body).toMatch(/is larger|larger%20than/);
    expect((await send(JSON_TYPE, '{}')).status).toBe(401);
  });

  it('is free for others while callers go on sending what was too large, over HTTP/2', async () => {
    const session = connectHttp2(listeners.http2Url);
    const ended = doors.records.length;
    const path = `${RPC}/CreateUpload`;
    for (let i = 0; i < 3; i += 1) {
      const headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc' };
      const stream = session.request(headers, { endStream: false });
      // Of a message that is announced as 256 KiB; the stream is left open.
      stream.write(Buffer.concat([Buffer.from([0, 0, 4, 0, 0]), Buffer.alloc(60 * KIB)]));
      const [[trailers]] = await Promise.all([once(stream, 'trailers'), once(stream.resume(), 'close')]);
      expect(trailers['grpc-status']).toBe('8');
      expect(stream.rstCode).toBe(constants.NGHTTP2_NO_ERROR);
    }
    await expect
      .poll(() => doors.records.slice(ended).map(({ code }) => code))
      .toEqual(Array(3).fill('resource_exhausted'));
    const body = bodyOf(FILE, 60 * KIB);
    const next = await sendHttp2(session, path, { method: 'POST', headers: JSON_TYPE, body });
    session.close();
    expect(next.status).toBe(401);
  });
});

it('a stream is closed whose caller goes on sending after an answer of headers alone', async () => {
  const session = connectHttp2(listeners.http2Url);
  const headers = { ':method': 'POST', ':path': `${RPC}/Unknown`, 'content-type': 'application/grpc' };
  const stream = session.request(headers, { endStream: false });
  stream.write(Buffer.alloc(KIB));
  const [[head]] = await Promise.all([once(stream, 'response'), once(stream.resume(), 'close')]);
  expect([head['grpc-status'], stream.rstCode]).toEqual(['12', constants.NGHTTP2_NO_ERROR]);
  session.close();
});

describe('a body beyond what anybody may send', () => {
  const BATCH = `${RPC}/BatchCreateUploads`;
  const JSON_BODY = Buffer.from(bodyOf({ uploads: [FILE] }, 1024 * KIB));
  const FRAME_HEAD = Buffer.of(0, 0, 0x10, 0, 0);
  const WAYS = [
    ['REST', '/v1/uploads:batch', JSON_TYPE, JSON_BODY],
    ['Connect', BATCH, JSON_TYPE, JSON_BODY],
    [
      'gRPC-Web',
      BATCH,
      { 'content-type': 'application/grpc-web+json' },
      Buffer.concat([FRAME_HEAD, JSON_BODY]),
    ],
  ] as const;

  /** Sends half of a large body, and the rest only once there is an answer. */
  function sendHalf(path: string, fields: Record<string, string>, large: Buffer, token: string) {
    const headers = {
      ...fields,
      authorization: `Bearer ${token}`,
      'content-length': String(large.length),
    };
    const request = requestHttp1(`${listeners.http1Url}${path}`, { method: 'POST', headers });
    const answer = new Promise<{ status: number | undefined; body: string }>((resolve, reject) => {
      request.on('error', reject);
      request.on('response', (response) =>
        text(response).then((body) => resolve({ status: response.statusCode, body }), reject),
      );
    });
    request.write(large.subarray(0, large.length / 2));
    return { request, answer, rest: large.subarray(large.length / 2) };
  }

  it.each([
    ...WAYS,
    ['Connect, compressed', BATCH, { ...JSON_TYPE, 'content-encoding': 'gzip' }, JSON_BODY] as const,
  ])('is read of nobody who is not known, over %s: the refusal does not wait for its end', async (...way) => {
    const [, path, fields, large] = way;
    const { request, answer, rest } = sendHalf(path, fields, large, TOKENS.unknown);
    await answer;
    request.end(rest);
    await expect
      .poll(() => doors.records.at(-1))
      .toMatchObject({ code: 'unauthenticated', reason: 'KEY_UNKNOWN' });
  });

  it.each(WAYS)('is read of a known caller to its end, over %s', async (_name, path, fields, large) => {
    const { request, answer, rest } = sendHalf(path, fields, large, TOKENS.good);
    request.end(rest);
    const { status, body } = await answer;
    expect(status).toBe(200);
    expect(body).toContain('"results":[{"upload":{');
  });
});

describe('an item of a batch that cannot be decoded', () => {
  it('is refused by itself, at its place', async () => {
    const uploads = [FILE, { ...FILE, size: 'many', tags: 7 }, 7, { ...FILE, size: 2 ** 60 }, null, FILE];
    const { status, json: answer } = await post('/v1/uploads:batch', JSON.stringify({ uploads }));
    expect(status).toBe(200);
    expect(
      answer.results.map(({ error, upload }: Record<string, unknown>) => error ?? Object(upload).kind),
    ).toMatchObject([
      'put',
      {
        code: 400,
        details: [
          { field: 'size', message: 'must be an integer' },
          { field: 'tags', message: 'must be an object of values of the right type' },
        ],
      },
      {
        code: 400,
        details: [{ field: 'uploads[2]', message: 'must be an object with fields of the right type' }],
      },
      { code: 400, details: [{ field: 'size', message: 'must be at most 53687091200000' }] },
      { code: 400, details: [{ field: 'uploads[4]' }] },
      'put',
    ]);
  });

  it('is told from a list that is none', async () => {
    expect(await post('/v1/uploads:batch', '{"uploads":{"0":{}}}')).toMatchObject({
      status: 400,
      json: { details: [{ field: 'uploads', message: 'must be an array of values of the right type' }] },
    });
  });

  it('has the whole request refused where there are more problems than anybody is told of', async () => {
    const broken = { filename: 1, contentType: 2, size: [] };
    const uploads = [...Array(40).fill(broken), FILE];
    const { status, json: answer } = await post('/v1/uploads:batch', JSON.stringify({ uploads }));
    expect([status, answer.details.length]).toEqual([400, 100]);
  });
});

it('fields that nobody knows are refused where a token is made, in every format, and ignored elsewhere', async () => {
  for (const path of ['/v1/upload-tokens', `${RPC}/CreateUploadToken`])
    expect(await post(path, '{"maxFile":1}'), path).toMatchObject({ status: 400 });
  for (const path of ['/v1/uploads', `${RPC}/CreateUpload`])
    expect(await post(path, JSON.stringify({ ...FILE, colour: 'red' })), path).toMatchObject({ status: 200 });
});
