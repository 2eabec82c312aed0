import { request as requestHttp1 } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createTestDoors, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';
import { postHttp2 } from './clients.ts';

const PATH = '/v1/upload/s3';
const BODY = '{"filename":"John Doe","contentType":"example_string","size":42}';
const HEADERS = { authorization: `Bearer ${TOKENS.good}`, 'content-type': 'application/json' };
const BAD_REQUEST = 'The request contains invalid parameters or malformed data';

interface Sent {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Record<string, string>;
  readonly body?: string | Uint8Array;
}

interface Received {
  readonly status: number;
  readonly headers: Record<string, string | string[] | number | undefined>;
  readonly body: string;
}

const doors = createTestDoors();
let listeners: Awaited<ReturnType<typeof startListeners>>;
let session: ClientHttp2Session;

beforeAll(async () => {
  listeners = await startListeners(doors.listener);
  session = connectHttp2(listeners.http2Url);
});
afterAll(() => {
  session.close();
  listeners.stop();
});

function overHttp1({
  method = 'POST',
  path = PATH,
  headers = HEADERS,
  body = BODY,
}: Sent): Promise<Received> {
  return new Promise((resolve, reject) => {
    const request = requestHttp1(listeners.http1Url + path, { method, headers }, (response) => {
      text(response).then(
        (received) =>
          resolve({ status: response.statusCode ?? 0, headers: response.headers, body: received }),
        reject,
      );
    });
    request.on('error', reject);
    request.end(body);
  });
}

function overHttp2({
  method = 'POST',
  path = PATH,
  headers = HEADERS,
  body = BODY,
}: Sent): Promise<Received> {
  return postHttp2(session, path, headers, body, method);
}

function envelope(
  error: string,
  message: string,
  code: number,
  details?: [field: string, message: string][],
): string {
  const fields = details?.map(([field, text]) => ({ field, message: text }));
  return JSON.stringify({ error, message, code, ...(fields ? { details: fields } : {}) });
}

const UNSUPPORTED = envelope(
  'Unsupported Media Type',
  'The request body must be uncompressed application/json in UTF-8',
  415,
);

describe.each([
  ['HTTP/1.1', overHttp1],
  ['HTTP/2', overHttp2],
])('REST over %s', (_version, send) => {
  it('answers the example of the contract with its three fields first', async () => {
    const { status, headers, body } = await send({});
    expect(status).toBe(200);
    expect(body).toBe(
      '{"uploadUrl":"https://bucket.example/uploads/acme/1/John%20Doe?X-Amz-Signature=00",' +
        '"publicUrl":"https://cdn.example/John Doe","fileKey":"uploads/acme/1/John%20Doe",' +
        '"method":"PUT","headers":{"content-type":"example_string","content-length":"42"},' +
        '"expiresAt":"2030-01-31T12:00:00Z"}',
    );
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'content-length': String(body.length),
      'cache-control': 'no-store',
    });
  });

  it.each<[string, Sent, number, string]>([
    [
      'every wrong field in field order, whatever is wrong with it',
      { body: '{"size":true,"contentType":"","filename":7}' },
      400,
      envelope('Bad Request', BAD_REQUEST, 400, [
        ['filename', 'must be a string'],
        ['contentType', 'is required'],
        ['size', 'must be an integer'],
      ]),
    ],
    [
      'a size beyond 2^53 with the limit that it breaks',
      { body: '{"filename":"a","contentType":"b","size":9007199254740993}' },
      400,
      envelope('Bad Request', BAD_REQUEST, 400, [['size', 'must be at most 5368709120']]),
    ],
    [
      'a size beyond every integer with the limit that it breaks',
      { body: '{"filename":"a","contentType":"b","size":1e300}' },
      400,
      envelope('Bad Request', BAD_REQUEST, 400, [['size', 'must be at most 5368709120']]),
    ],
    [
      'null like an absent field',
      { body: '{"filename":"a","contentType":"b","size":null}' },
      400,
      envelope('Bad Request', BAD_REQUEST, 400, [['size', 'is required']]),
    ],
    [
      'malformed JSON',
      { body: '{"filename":' },
      400,
      envelope('Bad Request', BAD_REQUEST, 400, [['body', 'must be valid JSON']]),
    ],
    [
      'an array',
      { body: '[]' },
      400,
      envelope('Bad Request', BAD_REQUEST, 400, [['body', 'must be a JSON object']]),
    ],
    [
      'a missing key before it judges the fields',
      { headers: { 'content-type': 'application/json' }, body: '{"size":true}' },
      401,
      envelope('Unauthorized', 'Authentication required. Please provide a valid API token', 401),
    ],
    [
      'a missing scope',
      { headers: { ...HEADERS, authorization: `Bearer ${TOKENS.withoutScope}` } },
      403,
      envelope('Forbidden', 'This call needs an API key with the scope uploads:create', 403),
    ],
    [
      'a path with a trailing slash',
      { path: `${PATH}/` },
      404,
      envelope('Not Found', 'There is nothing at this path', 404),
    ],
    [
      'another method',
      { method: 'PUT' },
      405,
      envelope('Method Not Allowed', 'This path does not support the request method', 405),
    ],
    [
      'a body larger than it announces to take',
      { body: `{"filename":"${'x'.repeat(70_000)}"}` },
      413,
      envelope('Payload Too Large', 'The request body is larger than 65536 bytes', 413),
    ],
    ['no media type', { headers: { authorization: HEADERS.authorization } }, 415, UNSUPPORTED],
    [
      'another media type',
      { headers: { ...HEADERS, 'content-type': 'application/jsonp' } },
      415,
      UNSUPPORTED,
    ],
    [
      'another charset',
      { headers: { ...HEADERS, 'content-type': 'application/json; charset=iso-8859-1' } },
      415,
      UNSUPPORTED,
    ],
    ['a compressed body', { headers: { ...HEADERS, 'content-encoding': 'gzip' } }, 415, UNSUPPORTED],
  ])('refuses %s', async (_name, sent, status, body) => {
    const received = await send(sent);
    expect(received).toMatchObject({ status, body });
    expect(received.headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-request-id': expect.stringMatching(/^req_/),
    });
    expect(received.headers['allow']).toBe(status === 405 ? 'POST' : undefined);
    expect(received.headers['www-authenticate']).toBe(status === 401 ? 'Bearer' : undefined);
  });

  it.each([
    ['too many requests', TOKENS.limited, 429, '3'],
    ['a dead key store', TOKENS.storeDown, 503, '1'],
  ])('says when to come back after %s', async (_name, token, status, retryAfter) => {
    const received = await send({ headers: { ...HEADERS, authorization: `Bearer ${token}` } });
    expect(received.status).toBe(status);
    expect(received.headers['retry-after']).toBe(retryAfter);
  });

  it('gives a 5xx the id of the request', async () => {
    const received = await send({ body: BODY.replace('John Doe', 'internal') });
    expect(received.status).toBe(500);
    expect(received.body).toBe(
      `{"error":"Internal Server Error","message":"An unexpected error occurred on the server","code":500,"requestId":"${received.headers['x-request-id']}"}`,
    );
  });

  it.each(['GET', 'HEAD', 'OPTIONS', 'PATCH', 'DELETE'])('does not take %s', async (method) => {
    const received = await send({ method, body: '', headers: {} });
    expect(received.status).toBe(405);
    expect(received.headers['allow']).toBe('POST');
    expect(received.body === '').toBe(method === 'HEAD');
  });

  it.each([
    'application/json; charset=utf-8',
    'application/json;charset="UTF-8"',
    'Application/JSON ; foo=bar',
  ])('takes the media type %s', async (type) => {
    expect((await send({ headers: { ...HEADERS, 'content-type': type } })).status).toBe(200);
  });

  it('takes a body at the limit', async () => {
    const body = BODY.padEnd(65_536);
    expect((await send({ body })).status).toBe(200);
    expect((await send({ body: `${body} ` })).status).toBe(413);
  });

  it('takes text beyond ASCII, and counts its bytes', async () => {
    const { status, headers, body } = await send({
      body: BODY.replace('example_string', 'x').replace('John Doe', 'ä🐈'),
    });
    expect(status).toBe(200);
    expect(body).toContain('https://cdn.example/ä🐈');
    expect(headers['content-length']).toBe(String(Buffer.byteLength(body)));
  });

  it('takes no notice of a query', async () => {
    expect((await send({ path: `${PATH}?x=1` })).status).toBe(200);
  });
});

describe('HTTP/2 callers that leave', () => {
  it.each([PATH, '/upload.v1.UploadService/CreateS3Upload'])(
    'before, in and after their body do no harm to %s',
    async (path) => {
      const leave = ['', BODY.slice(0, 20), BODY].flatMap((body) => [
        () => body,
        () => body + ' '.repeat(1000),
      ]);
      await Promise.all(
        leave.map(async (body, i) => {
          const leaving = connectHttp2(listeners.http2Url);
          leaving.on('error', () => {});
          const stream = leaving.request({
            ':method': 'POST',
            ':path': path,
            ...HEADERS,
            'content-length': '1100',
          });
          stream.on('error', () => {});
          stream.write(body());
          await new Promise((resolve) => setTimeout(resolve, 5 * i));
          if (i % 2 === 0) leaving.destroy();
          else stream.close(8, () => leaving.destroy());
          await new Promise((resolve) => leaving.once('close', resolve));
        }),
      );
      expect((await overHttp2({})).status).toBe(200);
    },
  );
});

describe('REST over raw HTTP/1.1', () => {
  const port = () => Number(new URL(listeners.http1Url).port);
  const head = (extra: string) =>
    `POST ${PATH} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer good\r\nContent-Type: application/json\r\n${extra}\r\n`;

  it('refuses an announced body without waiting for it', async () => {
    const socket = connectTcp(port(), '127.0.0.1');
    socket.write(head('Content-Length: 65537\r\n'));
    const [answer] = await new Promise<Buffer[]>((resolve) =>
      socket.once('data', (...args) => resolve(args)),
    );
    expect(answer?.toString()).toMatch(/^HTTP\/1\.1 413 /);
    socket.destroy();
  });

  it('refuses a chunked body once it grows too large, and serves the next request on the connection', async () => {
    const socket = connectTcp(port(), '127.0.0.1');
    const chunk = `4000\r\n${' '.repeat(0x4000)}\r\n`;
    socket.end(
      `${head('Transfer-Encoding: chunked\r\n')}${chunk.repeat(6)}0\r\n\r\n${head(`Content-Length: ${BODY.length}\r\n`)}${BODY}`,
    );
    const statuses = [...(await text(socket)).matchAll(/HTTP\/1\.1 (\d+)/g)].map(([, status]) => status);
    expect(statuses).toEqual(['413', '200']);
  });

  it('survives callers that leave at every point of the request', async () => {
    const whole = `${head(`Content-Length: ${BODY.length}\r\n`)}${BODY}`;
    await Promise.all(
      Array.from({ length: 20 }, (_, i) => {
        const socket = connectTcp(port(), '127.0.0.1');
        const length = Math.ceil((whole.length * (i + 1)) / 20);
        return new Promise<void>((resolve) => {
          socket.once('close', () => resolve());
          socket.write(whole.slice(0, length), () => socket.resetAndDestroy());
        });
      }),
    );
    expect((await overHttp1({})).status).toBe(200);
  });
});
