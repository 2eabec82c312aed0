import { once } from 'node:events';
import { createServer, type IncomingMessage, type RequestListener, type ServerResponse } from 'node:http';
import { type AddressInfo, createServer as createTcpServer, type Server } from 'node:net';
import { text } from 'node:stream/consumers';
import { create } from '@bufbuild/protobuf';
import { describe, expect, it, onTestFinished } from 'vitest';
import {
  CreateApiKeyRequestSchema,
  ListApiKeysRequestSchema,
  RevokeApiKeyRequestSchema,
  RotateApiKeyRequestSchema,
  UpdateApiKeyRequestSchema,
} from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { createHttpKeyClient } from '../../../src/cli/http-key-client.ts';
import type { KeyClient } from '../../../src/cli/key-client.ts';
import { Fault } from '../../../src/fault/fault.ts';
import { REASONS } from '../../../src/fault/reasons.ts';

const API_KEY = `pse_live_1${'a'.repeat(49)}`;

const KEY_JSON = {
  id: 'key_1',
  key_prefix: 'pse_live_1abcd',
  name: 'shop',
  expiration_date: null,
  created_at: '2026-11-22T18:00:00Z',
  revoked_at: null,
  status: 'active',
  owner: 'acme',
  environment: 'live',
  scopes: ['uploads:create'],
  policy: { content_types: ['image/*'], max_size: 5_368_709_120 },
  a_field_of_a_newer_server: true,
};

const REVOKE = create(RevokeApiKeyRequestSchema, { keyId: 'key_1' });

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}

async function clientOf(listener: RequestListener, timeoutMs = 10_000): Promise<KeyClient> {
  const server = createServer(listener);
  onTestFinished(() => server.closeAllConnections());
  return createHttpKeyClient({ baseUrl: await listen(server), apiKey: API_KEY, timeoutMs });
}

function answering(status: number, body: unknown, headers: Record<string, string> = {}): RequestListener {
  return (_, response) => {
    response.writeHead(status, { 'content-type': 'application/json', ...headers });
    response.end(typeof body === 'string' ? body : JSON.stringify(body));
  };
}

/** What was thrown, which must be printable as it is: one line, without the key. */
async function failureOf(call: Promise<unknown>): Promise<Error> {
  const error = await call.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof Error)) throw new Error('not even an error was thrown');
  expect(error.message).not.toMatch(/\p{Cc}/u);
  expect(`${error.message}${JSON.stringify(error)}`).not.toContain(API_KEY);
  return error;
}

describe('calls', () => {
  it('are those of the REST API', async () => {
    const seen: unknown[] = [];
    const listener = async (request: IncomingMessage, response: ServerResponse) => {
      const body = await text(request);
      const { method, url, headers } = request;
      seen.push([method, url, body === '' ? undefined : JSON.parse(body)]);
      expect(headers.authorization).toBe(`Bearer ${API_KEY}`);
      if (body !== '') expect(headers['content-type']).toBe('application/json');
      response.end(JSON.stringify(url?.startsWith('/v1/api-keys?') ? { api_keys: [KEY_JSON] } : KEY_JSON));
    };
    const client = await clientOf((request, response) => void listener(request, response));
    await client.create(create(CreateApiKeyRequestSchema, { name: 'ü', policy: { allowOverwrite: false } }));
    await client.list(create(ListApiKeysRequestSchema, { page: 2, perPage: 100, status: 'active' }));
    await client.list(create(ListApiKeysRequestSchema, { page: 1 }));
    await client.get('../key?1');
    await client.update(create(UpdateApiKeyRequestSchema, { keyId: 'key_1', disabled: false, policy: {} }));
    await client.revoke(create(RevokeApiKeyRequestSchema, { keyId: 'key_1', reason: 'a & b' }));
    await client.revoke(REVOKE);
    await client.rotate(create(RotateApiKeyRequestSchema, { keyId: 'key_1', overlap: { seconds: 3_600n } }));
    expect(seen).toEqual([
      ['POST', '/v1/api-keys', { name: 'ü', policy: { allow_overwrite: false } }],
      ['GET', '/v1/api-keys?page=2&per_page=100&status=active', undefined],
      ['GET', '/v1/api-keys?page=1', undefined],
      ['GET', '/v1/api-keys/..%2Fkey%3F1', undefined],
      ['PATCH', '/v1/api-keys/key_1', { policy: {}, disabled: false }],
      ['DELETE', '/v1/api-keys/key_1?reason=a+%26+b', undefined],
      ['DELETE', '/v1/api-keys/key_1', undefined],
      ['POST', '/v1/api-keys/key_1/rotate', { overlap: '3600s' }],
    ]);
  });

  it('answer the key, whatever a newer server adds', async () => {
    const client = await clientOf(answering(200, KEY_JSON));
    expect(await client.get('key_1')).toMatchObject({
      id: 'key_1',
      name: 'shop',
      policy: { contentTypes: ['image/*'], maxSize: 5_368_709_120n },
    });
  });
});

describe('a refusal', () => {
  const envelope = (code: number, message: string, more: object = {}) => ({
    error: 'x',
    message,
    code,
    ...more,
  });

  it('of the key says which key is meant', async () => {
    for (const body of [envelope(401, 'Authentication required'), '<h1>login</h1>', '']) {
      const { message } = await failureOf((await clientOf(answering(401, body))).get('key_1'));
      expect(message).toMatch(
        /^http:\/\/127\.0\.0\.1:\d+ does not accept the key in PRESIGND_API_KEY \(401\)/,
      );
    }
  });

  it.each([
    [403, envelope(403, 'Scope keys:write is needed'), {}, 'Scope keys:write is needed (403).'],
    [
      403,
      envelope(403, 'Too much', { details: [{ field: 'scopes', message: 'is wider' }] }),
      {},
      'Too much; scopes is wider (403).',
    ],
    [
      409,
      envelope(409, REASONS.API_KEY_NOT_ACTIVE.publicMessage),
      {},
      `${REASONS.API_KEY_NOT_ACTIVE.publicMessage} (409).`,
    ],
    [429, envelope(429, 'Too many'), { 'retry-after': '7' }, 'Too many (429). Try again in 7 s.'],
    [
      503,
      envelope(503, 'Not now', { requestId: 'req_1' }),
      { 'retry-after': '1' },
      "Not now (503). Try again in 1 s. The server's log has more under req_1.",
    ],
    [429, envelope(429, 'Too many'), { 'retry-after': 'Fri, 31 Dec' }, 'Too many (429).'],
    [404, envelope(404, 'There is nothing at this path'), {}, 'There is nothing at this path (404).'],
  ])('with %i is one line', async (status, body, headers, line) => {
    const { message } = await failureOf((await clientOf(answering(status, body, headers))).revoke(REVOKE));
    expect(message).toBe(line);
  });

  it('is a Fault where the store would throw one', async () => {
    const fields = [{ field: 'name', message: 'is required' }];
    const invalid = await clientOf(answering(400, envelope(400, 'Bad', { details: fields })));
    expect(await failureOf(invalid.get('x'))).toMatchObject({ reason: 'INVALID_REQUEST', fields });
    const notFound = await clientOf(answering(404, envelope(404, REASONS.API_KEY_NOT_FOUND.publicMessage)));
    const error = await failureOf(notFound.get('x'));
    expect(error).toBeInstanceOf(Fault);
    expect(error).toMatchObject({ reason: 'API_KEY_NOT_FOUND' });
  });

  /** Security property: what a server repeats of the call does not bring the key onto the terminal. */
  it('that repeats the key is told without it', async () => {
    for (const body of [envelope(403, `no, Bearer ${API_KEY}`), `oh, ${API_KEY}!`]) {
      await failureOf((await clientOf(answering(403, body, { location: `/${API_KEY}` }))).get('x'));
    }
    await failureOf((await clientOf(answering(302, '', { location: `/login?${API_KEY}` }))).get('x'));
    const details = [{ field: API_KEY, message: API_KEY }];
    const invalid = await clientOf(answering(400, envelope(400, 'Bad', { details })));
    await failureOf(invalid.get('x'));
  });
});

describe('a server that is none of ours', () => {
  it.each([
    ['HTML', 200, '<html>'],
    ['nothing', 200, ''],
    ['other JSON', 200, '{"id":5}'],
    ['a list', 200, '[]'],
    ['an error page', 502, '<h1>Bad Gateway</h1>'],
    ['an error in other JSON', 404, '{"message":"Not found"}'],
    ['a lie about its status', 404, '{"message":"Not found","code":200}'],
  ])('is suspected when it answers %s', async (_, status, body) => {
    const { message } = await failureOf((await clientOf(answering(status, body))).get('x'));
    expect(message).toMatch(new RegExp(`answered ${status} with something that presignd does not say`));
  });

  /** Security property: the key goes to the server that was named, and to no other. */
  it('is not followed to where it redirects', async () => {
    let isAsked = false;
    const elsewhere = createServer((_, response) => {
      isAsked = true;
      response.end(JSON.stringify(KEY_JSON));
    });
    const url = await listen(elsewhere);
    for (const status of [301, 302, 307, 308]) {
      const client = await clientOf(answering(status, '', { location: `${url}/v1` }));
      const { message } = await failureOf(client.revoke(REVOKE));
      expect(message).toContain(`answered ${status} and points to ${url}/v1`);
    }
    expect(isAsked).toBe(false);
  });

  it('is left when it speaks no HTTP', async () => {
    const url = await listen(createTcpServer((socket) => socket.end('SSH-2.0-OpenSSH_9.2\r\n')));
    const client = createHttpKeyClient({ baseUrl: url, apiKey: API_KEY, timeoutMs: 10_000 });
    expect((await failureOf(client.get('x'))).message).toBe(
      `${url} cannot be asked: what it answers is not HTTP.`,
    );
  });

  it('is left when its answer does not end', async () => {
    const client = await clientOf((_, response) => {
      const chunk = Buffer.alloc(1024 * 1024);
      const pour = () => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', pour);
      pour();
    });
    expect((await failureOf(client.get('x'))).message).toContain('its answer does not end');
  });
});

describe('a server that fails', () => {
  const DOUBT = 'The change may have been made: `presignd keys list` shows it.';

  it('is told by its address when nothing listens there', async () => {
    const server = createTcpServer();
    const url = await listen(server);
    server.close();
    await once(server, 'close');
    const client = createHttpKeyClient({ baseUrl: url, apiKey: API_KEY, timeoutMs: 10_000 });
    expect((await failureOf(client.revoke(REVOKE))).message).toBe(
      `${url} cannot be asked: nothing listens there.`,
    );
  });

  it('is not waited for when it does not answer, nor when its answer stops halfway', async () => {
    for (const listener of [() => {}, (_: unknown, response: ServerResponse) => void response.write('{')]) {
      const client = await clientOf(listener, 100);
      expect((await failureOf(client.get('x'))).message).toMatch(/no answer within 0\.1 s\.$/);
      expect((await failureOf(client.revoke(REVOKE))).message).toContain(DOUBT);
    }
  });

  it('leaves a change in doubt when the connection is cut', async () => {
    for (const isBegun of [false, true]) {
      const client = await clientOf((_, response) => {
        if (isBegun) response.write('{', () => response.destroy());
        else response.destroy();
      });
      expect((await failureOf(client.revoke(REVOKE))).message).toMatch(
        /cannot be asked: the connection was cut\. The change may have been made/,
      );
      expect((await failureOf(client.get('x'))).message).not.toContain(DOUBT);
    }
  });
});
