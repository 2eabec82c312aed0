// The REST contract byte by byte, as clients in any language have built upon it.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type Answer,
  createHttpClient,
  HTTP_VERSIONS,
  type HttpClient,
  type Sent,
} from '../support/http-requests.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

/** The body of the contract's own example. */
const EXAMPLE = '{"filename":"John Doe","contentType":"example_string","size":42}';

describe.each(HTTP_VERSIONS)('the REST contract over %s', (version) => {
  let service: Service;
  let client: HttpClient;
  beforeAll(async () => {
    service = await openService(UNREACHABLE_S3);
    client = createHttpClient(version, service.url);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  /** The call with the example's body, unless `sent` says otherwise. */
  function call(sent: Sent = {}, token: string | undefined = service.token): Promise<Answer> {
    const usual = uploadCall(token);
    return client.send(UPLOAD_PATH, {
      ...usual,
      body: EXAMPLE,
      ...sent,
      headers: { ...usual.headers, ...sent.headers },
    });
  }

  it('answers 200 with the three fields of the contract first', async () => {
    const { status, headers, body } = await call();
    expect(status).toBe(200);
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^req_/),
    });
    const answer = JSON.parse(body);
    expect(Object.keys(answer)).toEqual([
      'uploadUrl',
      'publicUrl',
      'fileKey',
      'method',
      'headers',
      'expiresAt',
    ]);
    for (const field of ['uploadUrl', 'publicUrl', 'fileKey']) expect(answer[field]).toBeTypeOf('string');
    expect(answer.uploadUrl.split('?')[0]).toBe(answer.publicUrl);
    expect(answer.publicUrl.endsWith(`/${answer.fileKey}`)).toBe(true);
    expect(answer.headers).toEqual({ 'content-length': '42', 'content-type': 'example_string' });
  });

  it.each([
    ['a decimal string for the size', '{"filename":"a","contentType":"b","size":"42"}'],
    ['the largest size', '{"filename":"a","contentType":"b","size":5368709120}'],
    ['the smallest size', '{"filename":"a","contentType":"b","size":0}'],
    ['fields that nobody knows', '{"filename":"a","contentType":"b","size":1,"color":"red"}'],
    ['names of the contract file', '{"filename":"a","content_type":"b","size":1}'],
  ])('takes %s', async (_, body) => {
    expect((await call({ body })).status).toBe(200);
  });

  it('keeps a clean X-Request-Id and replaces another', async () => {
    const kept = await call({ headers: { 'x-request-id': 'order-4711' } });
    expect(kept.headers['x-request-id']).toBe('order-4711');
    const replaced = await call({ headers: { 'x-request-id': 'a b"\\{}' } });
    expect(replaced.headers['x-request-id']).toMatch(/^req_/);
  });

  it('answers 400 with every wrong field, in the order of the contract', async () => {
    const { status, headers, body } = await call({ body: '{"size":-1,"contentType":" x","filename":""}' });
    expect(status).toBe(400);
    expect(headers['content-type']).toBe('application/json; charset=utf-8');
    expect(body).toBe(
      '{"error":"Bad Request","message":"The request contains invalid parameters or malformed data","code":400,"details":[' +
        '{"field":"filename","message":"is required"},' +
        '{"field":"contentType","message":"must be a legal HTTP header value: visible ASCII characters, with spaces only between them"},' +
        '{"field":"size","message":"must be at least 0"}]}',
    );
  });

  it.each([
    ['nothing', 'body', ''],
    ['half an object', 'body', '{'],
    ['an array', 'body', '[]'],
    ['null', 'body', 'null'],
    ['no filename', 'filename', '{"contentType":"b","size":1}'],
    ['a number as filename', 'filename', '{"filename":7,"contentType":"b","size":1}'],
    ['a NUL in the filename', 'filename', '{"filename":"a\\u0000","contentType":"b","size":1}'],
    ['half a character in the filename', 'filename', '{"filename":"\\ud800","contentType":"b","size":1}'],
    ['a filename of 1025', 'filename', `{"filename":"${'a'.repeat(1025)}","contentType":"b","size":1}`],
    ['no contentType', 'contentType', '{"filename":"a","size":1}'],
    ['a contentType of two lines', 'contentType', '{"filename":"a","contentType":"b\\r\\nx: y","size":1}'],
    ['a contentType beyond ASCII', 'contentType', '{"filename":"a","contentType":"ü","size":1}'],
    ['a contentType of 256', 'contentType', `{"filename":"a","contentType":"${'b'.repeat(256)}","size":1}`],
    ['no size', 'size', '{"filename":"a","contentType":"b"}'],
    ['null as size', 'size', '{"filename":"a","contentType":"b","size":null}'],
    ['true as size', 'size', '{"filename":"a","contentType":"b","size":true}'],
    ['a fraction as size', 'size', '{"filename":"a","contentType":"b","size":1.5}'],
    ['a string with an exponent as size', 'size', '{"filename":"a","contentType":"b","size":"1e3"}'],
    ['a size beyond 2^53', 'size', '{"filename":"a","contentType":"b","size":9007199254740993}'],
    ['a size beyond 5 GiB', 'size', '{"filename":"a","contentType":"b","size":5368709121}'],
  ])('answers 400 to %s, blaming the %s alone', async (_, field, body) => {
    const answer = await call({ body });
    expect(answer.status).toBe(400);
    const { details, ...envelope } = JSON.parse(answer.body);
    expect(Object.keys(JSON.parse(answer.body))).toEqual(['error', 'message', 'code', 'details']);
    expect(envelope.code).toBe(400);
    expect(details).toEqual([{ field, message: expect.any(String) }]);
  });

  it('names the limit in the message about a size beyond it', async () => {
    const { body } = await call({ body: '{"filename":"a","contentType":"b","size":5368709121}' });
    expect(JSON.parse(body).details[0].message).toContain('5368709120');
  });

  it('answers 404 to a path that does not exist', async () => {
    for (const path of ['/', '/v1/upload/s4', '/v1/upload/s3/', '/V1/upload/s3', '//v1/upload/s3']) {
      const { status, body } = await client.send(path);
      expect({ path, status, body }).toEqual({
        path,
        status: 404,
        body: '{"error":"Not Found","message":"There is nothing at this path","code":404}',
      });
    }
  });

  it('answers 405 with Allow to another method', async () => {
    for (const method of ['GET', 'PUT', 'DELETE', 'PATCH', 'OPTIONS']) {
      const { status, headers, body } = await client.send(UPLOAD_PATH, { method });
      expect({ method, status, allow: headers['allow'], body }).toEqual({
        method,
        status: 405,
        allow: 'POST',
        body: '{"error":"Method Not Allowed","message":"This path does not support the request method","code":405}',
      });
    }
  });

  it('answers 413 beyond 64 KiB, and takes what is just below', async () => {
    const { status, body } = await call({ body: EXAMPLE.padEnd(65_537) });
    expect(status).toBe(413);
    expect(body).toBe(
      '{"error":"Payload Too Large","message":"The request body is larger than 65536 bytes","code":413}',
    );
    expect((await call({ body: EXAMPLE.padEnd(65_536) })).status).toBe(200);
  });

  it('answers 415 to what is not plain JSON', async () => {
    for (const headers of [
      { 'content-type': 'text/plain' },
      { 'content-type': 'application/x-www-form-urlencoded' },
      { 'content-type': 'application/json; charset=utf-16' },
      { 'content-encoding': 'gzip' },
    ]) {
      const { status, body } = await call({ headers });
      expect({ headers, status, body }).toEqual({
        headers,
        status: 415,
        body: '{"error":"Unsupported Media Type","message":"The request body must be uncompressed application/json in UTF-8","code":415}',
      });
    }
    expect((await call({ headers: { 'content-type': 'application/json; charset=utf-8' } })).status).toBe(200);
  });

  it('answers in the shape of Connect to a client that says it speaks Connect', async () => {
    const headers = { 'connect-protocol-version': '1' };
    const refused = await call({ headers, body: '{"filename":"","contentType":"b","size":1}' });
    expect(refused.status).toBe(400);
    expect(JSON.parse(refused.body)).toMatchObject({
      code: 'invalid_argument',
      message: 'filename: is required',
      details: [{ type: 'google.rpc.BadRequest' }, { type: 'google.rpc.ErrorInfo' }],
    });
    const unauthenticated = await call({ headers }, 'not-a-key');
    expect(unauthenticated.status).toBe(401);
    expect(JSON.parse(unauthenticated.body)).toMatchObject({ code: 'unauthenticated' });
    expect((await call({ headers })).status).toBe(200);
  });

  it('tells people and machines how it is, without a key', async () => {
    const health = await client.send('/health');
    expect(health.status).toBe(200);
    expect(JSON.parse(health.body)).toEqual({
      status: 'ok',
      version: expect.stringMatching(/^\d+\.\d+\.\d+/),
      uptime: expect.any(Number),
      dependencies: {
        store: { status: 'up', latencyMs: expect.any(Number) },
        s3: { status: 'up', latencyMs: expect.any(Number), detail: 'signer native, proven' },
      },
    });
    expect((await client.send('/livez')).status).toBe(200);
    expect((await client.send('/readyz')).status).toBe(200);
  });
});
