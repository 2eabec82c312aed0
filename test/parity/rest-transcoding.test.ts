// google.api.http over real connections: which request comes to which method, and how the answer looks.
import { Agent } from 'node:http';
import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { create, type Message } from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import type { Interceptor } from '@connectrpc/connect';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/fault/fault.ts';
import { createRestDoor } from '../../src/rest/rest-door.ts';
import { callOf } from '../../src/rpc/call.ts';
import type { Door, HttpRequest, HttpResponse } from '../../src/rpc/http-handler.ts';
import { PUBLIC_CHAIN } from '../../src/rpc/interceptors.ts';
import { createUnaryCall } from '../../src/rpc/unary-call.ts';
import { createValidation } from '../../src/rpc/validate.ts';
import type { RequestRecord } from '../../src/telemetry/request-record.ts';
import { type Answer, type Sent, sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import { createRecord, verifyByTable } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';
import { describeMessages, rule } from '../unit/rest/describe-messages.ts';

const METHODS = {
  List: { input: 'Item', http: rule('GET /v1/items') },
  Create: { input: 'Item', http: rule('POST /v1/items', { body: '*' }), refuseUnknownFields: true },
  Get: { input: 'Item', http: rule('GET /v1/items/{id}') },
  Update: { input: 'Item', http: rule('PATCH /v1/items/{id}', { body: '*' }) },
  Delete: { input: 'Item', http: rule('DELETE /v1/items/{id}') },
  Rotate: { input: 'Item', http: rule('POST /v1/items/{id}/rotate', { body: '*' }) },
  Self: { input: 'Item', http: rule('GET /v1/items/self') },
  Tags: { input: 'Item', http: rule('PUT /v1/items/{id}/tags', { body: 'tags', responseBody: 'tags' }) },
  Batch: { input: 'Item', http: rule('POST /v1/items:batch', { body: '*' }) },
  Sign: { input: 'Item', http: rule('POST /v1/items/{id}:sign') },
  Any: { input: 'Item', http: rule('* /v1/any/{name=a/**}') },
};

type Name = keyof typeof METHODS;

const described = describeMessages({
  messages: { Item: ['string id', 'string name', 'repeated string tags', 'int64 size', 'Item parent'] },
  methods: METHODS,
});

/** Answers the request, the name of the method in front of the item's own. */
function echo(name: string, message: Message): Message {
  const item = reflect(described.message('Item'), message);
  const { name: nameField } = described.message('Item').field;
  if (item.message['name' as never] === 'broken') throw new Fault('API_KEY_NOT_ACTIVE');
  if (nameField) item.set(nameField, `${name}(${item.get(nameField)})`);
  return create(described.message('Item'), item.message);
}

/** Shows that a call knows its key and can set headers, whatever comes of it. */
const showCall: Interceptor = (next) => (request) => {
  const { idempotencyKey, setHeader } = callOf(request.contextValues);
  setHeader('x-seen', `${request.requestMethod} ${idempotencyKey}`);
  return next(request);
};

const names = Object.keys(METHODS) as Name[];
const [service] = names.map((name) => described.method(name).parent);
if (service === undefined) throw new Error('no service');
const chain = [...PUBLIC_CHAIN, showCall, createValidation([service]).interceptor];
const calls = names.map((name) => {
  const impl = (message: Message) => echo(name, message);
  return createUnaryCall(
    { kind: 'unary', method: described.method(name), impl },
    { chain, verify: verifyByTable },
  );
});
const rpcDoor: Door = {
  match: (path) => (_request, response) => {
    response.end(`Connect at ${path}`);
  },
};
const door = createRestDoor({ calls, rpcDoor });

let listeners: Awaited<ReturnType<typeof startListeners>>;
let session: ClientHttp2Session;
const records: RequestRecord[] = [];

function listener(request: HttpRequest, response: HttpResponse): void {
  const record = createRecord();
  response.on('close', () => records.push({ ...record }));
  const handler = door.match((request.url ?? '').split('?', 1)[0] ?? '');
  if (handler !== undefined) {
    handler(request, response, record);
    return;
  }
  response.statusCode = 404;
  response.end();
}

beforeAll(async () => {
  listeners = await startListeners(listener);
  session = connectHttp2(listeners.http2Url);
});
afterAll(() => {
  session.close();
  listeners.stop();
});
beforeEach(() => {
  records.length = 0;
});

const JSON_TYPE = { 'content-type': 'application/json' };
const item = (more: object) => ({ id: '', name: '', tags: [], size: 0, parent: null, ...more });

describe.each([
  ['HTTP/1.1', (path: string, sent?: Sent) => sendHttp1(listeners.http1Url + path, sent)],
  ['HTTP/2', (path: string, sent?: Sent) => sendHttp2(session, path, sent)],
])('over %s', (_version, send: (path: string, sent?: Sent) => Promise<Answer>) => {
  it.each<[string, string, Sent, object]>([
    [
      'GET',
      '/v1/items?size=2&tags=a&tags=b&parent.name=x',
      {},
      item({ name: 'List()', size: 2, tags: ['a', 'b'], parent: item({ name: 'x' }) }),
    ],
    ['GET', '/v1/items/a%2Fb', {}, item({ id: 'a/b', name: 'Get()' })],
    ['GET', '/v1/items/self', {}, item({ name: 'Self()' })],
    [
      'POST',
      '/v1/items',
      { headers: JSON_TYPE, body: '{"size":42,"name":"n"}' },
      item({ size: 42, name: 'Create(n)' }),
    ],
    [
      'PATCH',
      '/v1/items/7',
      { headers: JSON_TYPE, body: '{"name":"n","id":"8","x":1}' },
      item({ id: '7', name: 'Update(n)' }),
    ],
    ['DELETE', '/v1/items/7', {}, item({ id: '7', name: 'Delete()' })],
    ['POST', '/v1/items:batch', { headers: JSON_TYPE, body: '{}' }, item({ name: 'Batch()' })],
    ['POST', '/v1/items/7:sign?name=x', {}, item({ id: '7', name: 'Sign(x)' })],
    ['LOCK', '/v1/any/a/b/c', {}, item({ name: 'Any(a/b/c)' })],
    ['PUT', '/v1/items/7/tags', { headers: JSON_TYPE, body: '["a","b"]' }, ['a', 'b']],
    // Without a body and a type for one, a method that takes a body gets an empty request.
    ['POST', '/v1/items/7/rotate', {}, item({ id: '7', name: 'Rotate()' })],
    [
      'POST',
      '/v1/items/7/rotate',
      { headers: { 'content-length': '0' } },
      item({ id: '7', name: 'Rotate()' }),
    ],
    ['PATCH', '/v1/items/7', {}, item({ id: '7', name: 'Update()' })],
    ['PUT', '/v1/items/7/tags', {}, []],
    // A method that maps no body does not look at it.
    [
      'DELETE',
      '/v1/items/7',
      { headers: { 'content-type': 'text/plain', 'content-length': '7' }, body: 'why not' },
      item({ id: '7', name: 'Delete()' }),
    ],
    [
      'GET',
      '/v1/items/7',
      { headers: { 'content-type': 'text/plain', 'content-encoding': 'gzip' } },
      item({ id: '7', name: 'Get()' }),
    ],
    [
      'POST',
      '/v1/items/7:sign',
      { headers: JSON_TYPE, body: '{"name":"no"}' },
      item({ id: '7', name: 'Sign()' }),
    ],
  ])('%s %s is answered', async (method, path, sent, expected) => {
    const { status, headers, body } = await send(path, { ...sent, method });
    expect({ status, body }).toEqual({ status: 200, body: JSON.stringify(expected) });
    expect(headers).toMatchObject({
      'content-type': 'application/json; charset=utf-8',
      'cache-control': 'no-store',
      'x-seen': `${method} undefined`,
    });
  });

  it('HEAD is answered as GET would be, without the body', async () => {
    const got = await send('/v1/items/7', { method: 'GET' });
    const { status, headers, body } = await send('/v1/items/7', { method: 'HEAD' });
    expect({ status, body }).toEqual({ status: 200, body: '' });
    expect(headers['content-length']).toBe(String(got.body.length));
  });

  it.each([
    ['PUT', '/v1/items', 'GET, HEAD, POST'],
    ['POST', '/v1/items/7', 'GET, HEAD, PATCH, DELETE'],
    ['POST', '/v1/items/self', 'GET, HEAD, PATCH, DELETE'],
    ['GET', '/v1/items/7/rotate', 'POST'],
    ['HEAD', '/v1/items/7/rotate', 'POST'],
    ['GET', '/v1/items:batch', 'POST'],
    // `7:sign` is an id, too.
    ['PUT', '/v1/items/7:sign', 'GET, HEAD, POST, PATCH, DELETE'],
  ])('%s %s is answered with 405 and what the path takes: %s', async (method, path, allow) => {
    const { status, headers, body } = await send(path, { method });
    expect(status).toBe(405);
    expect(headers['allow']).toBe(allow);
    if (method !== 'HEAD') expect(JSON.parse(body)).toMatchObject({ error: 'Method Not Allowed', code: 405 });
  });

  it.each([
    ['POST', '/v1/items/7/rotate', { headers: JSON_TYPE }, 400],
    ['POST', '/v1/items', { body: '{}' }, 415],
    ['PATCH', '/v1/items/7', { body: '{}', headers: { 'content-type': 'text/plain' } }, 415],
    ['POST', '/v1/items/7/rotate', { headers: { 'content-encoding': 'gzip' } }, 415],
    ['PATCH', '/v1/items/7', { headers: JSON_TYPE, body: `{"name":"${'x'.repeat(70_000)}"}` }, 413],
    ['PUT', '/v1/items/7/tags', { headers: JSON_TYPE, body: `["${'x'.repeat(70_000)}"]` }, 413],
  ] satisfies [string, string, Sent, number][])(
    '%s %s is refused for its body',
    async (method, path, sent, status) => {
      const answer = await send(path, { ...sent, method });
      expect(answer.status).toBe(status);
      expect(JSON.parse(answer.body)).toMatchObject({ code: status });
    },
  );

  it.each<[string, string, string | undefined, object[]]>([
    ['GET', '/v1/items/%ff', undefined, [{ field: 'id', message: 'must be percent-encoded UTF-8' }]],
    ['GET', '/v1/items?size=x', undefined, [{ field: 'size', message: 'must be an integer' }]],
    ['GET', '/v1/items?id=1&id=2', undefined, [{ field: 'id', message: 'must be given only once' }]],
    [
      'POST',
      '/v1/items?nmae=x',
      '{"sise":1,"parent":{"sise":1}}',
      [
        { field: 'sise', message: 'is not a field of this request' },
        { field: 'nmae', message: 'is not a field of this request' },
        { field: 'parent.sise', message: 'is not a field of this request' },
      ],
    ],
  ])('%s %s is refused, naming the fields', async (method, path, body, details) => {
    const sent = body === undefined ? { method } : { method, body, headers: JSON_TYPE };
    const answer = await send(path, sent);
    expect({ status: answer.status, details: JSON.parse(answer.body).details }).toEqual({
      status: 400,
      details,
    });
  });

  it('a call has its Idempotency-Key, and its headers stand on a failure, too', async () => {
    const headers = { ...JSON_TYPE, 'idempotency-key': 'k 1' };
    const answer = await send('/v1/items', { method: 'POST', headers, body: '{"name":"broken"}' });
    expect(answer.headers['x-seen']).toBe('POST k 1');
    expect({ status: answer.status, body: JSON.parse(answer.body) }).toEqual({
      status: 409,
      body: { error: 'Conflict', message: expect.any(String), code: 409 },
    });
  });

  it('a request that speaks Connect is handed over only where it looks the same', async () => {
    const headers = { ...JSON_TYPE, 'connect-protocol-version': '1' };
    const created = await send('/v1/items', { method: 'POST', headers, body: '{}' });
    expect(created.body).toBe('Connect at /test.Service/Create');
    const refused = await send('/v1/items', { method: 'PUT', headers });
    expect(refused.body).toBe('Connect at /test.Service/Create');
    const rotated = await send('/v1/items/7/rotate', { method: 'POST', headers, body: '{"id":"8"}' });
    expect(JSON.parse(rotated.body)).toMatchObject({ id: '7', name: 'Rotate()' });
    expect(JSON.parse((await send('/v1/items', { headers })).body)).toMatchObject({ name: 'List()' });
  });

  it.each(['/v1/items/', '/v1//items', '/v1/items/7/', '/v1/items:other', '/V1/items', '/test.Service/List'])(
    '%s is nothing',
    async (path) => {
      expect((await send(path)).status).toBe(404);
    },
  );

  it.each([
    ['GET', '/v1/items/7', { route: 'test.Service/Get', protocol: 'rest', code: 'ok' }],
    ['PUT', '/v1/items/7', { route: '/v1/items/{id}', code: 'unimplemented' }],
    ['GET', '/v1/items/7/rotate', { route: 'test.Service/Rotate', code: 'unimplemented' }],
  ])('the record of %s %s names the method, never the path', async (method, path, expected) => {
    await send(path, { method });
    await expect.poll(() => records.at(-1)).toMatchObject(expected);
  });
});

describe('the REST door', () => {
  it('takes the next request on a connection after one whose body it did not read', async () => {
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    const url = `${listeners.http1Url}/v1/items/7`;
    const body = 'x'.repeat(200_000);
    const headers = { 'content-length': String(body.length) };
    const connections = new Set<unknown>();
    for (const method of ['DELETE', 'GET', 'DELETE']) {
      expect((await sendHttp1(url, { method, headers, body }, agent)).status).toBe(200);
      for (const socket of Object.values(agent.freeSockets).flat()) connections.add(socket);
    }
    expect(connections.size).toBe(1);
    agent.destroy();
  });

  it('refuses to start where two methods would take the same requests', () => {
    const [first] = calls;
    if (first === undefined) throw new Error('no calls');
    expect(() => createRestDoor({ calls: [first, first], rpcDoor })).toThrow(
      'GET /v1/items leads to both test.Service/List and test.Service/List',
    );
  });

  it('refuses to start with a method that is no RPC', () => {
    expect(() => createRestDoor({ calls, rpcDoor: { match: () => undefined } })).toThrow(
      'test.Service/List is not served as an RPC',
    );
  });
});
