// What browsers are told of every answer, whichever door it comes from, and whatever was refused before there was one.
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHealthRoutes } from '../../src/edge/health-routes.ts';
import { sendFault } from '../../src/rest/envelope.ts';
import { createHttpClient, HTTP_VERSIONS, type Sent } from '../support/http-requests.ts';
import { createTestDoors, TOKENS } from '../support/test-doors.ts';
import { startEdge, type TestEdge } from '../unit/edge/support.ts';

const RPC_PATH = '/upload.v1.UploadService/CreateS3Upload';
const BODY = '{"filename":"a.txt","contentType":"text/plain","size":1}';
const JSON_TYPE = { 'content-type': 'application/json' };
const AUTHORIZED = { ...JSON_TYPE, authorization: `Bearer ${TOKENS.good}` };
const ORIGIN = 'https://app.example.com';

const HEADERS = {
  'x-content-type-options': 'nosniff',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'referrer-policy': 'no-referrer',
  'cross-origin-resource-policy': 'same-origin',
  'cache-control': 'no-store',
};

const post = (headers: Record<string, string>, body = BODY): Sent => ({ method: 'POST', headers, body });

const CASES: readonly [name: string, status: number, path: string, sent: Sent][] = [
  ['a REST answer', 200, '/v1/upload/s3', post(AUTHORIZED)],
  ['a bad request', 400, '/v1/upload/s3', post(AUTHORIZED, '{')],
  ['an unknown caller', 401, '/v1/upload/s3', post(JSON_TYPE)],
  [
    'a key without the scope',
    403,
    '/v1/upload/s3',
    post({ ...JSON_TYPE, authorization: `Bearer ${TOKENS.withoutScope}` }),
  ],
  [
    'an address that failed too often',
    429,
    '/v1/upload/s3',
    post({ ...JSON_TYPE, authorization: `Bearer ${TOKENS.limited}` }),
  ],
  [
    'a store that is down',
    503,
    '/v1/upload/s3',
    post({ ...JSON_TYPE, authorization: `Bearer ${TOKENS.storeDown}` }),
  ],
  ['a bug', 500, '/v1/upload/s3', post({ ...JSON_TYPE, authorization: `Bearer ${TOKENS.storeBroken}` })],
  ['a deadline', 504, '/v1/upload/s3', post({ ...AUTHORIZED, 'connect-timeout-ms': '0' })],
  ['a path of nobody', 404, '/nowhere', {}],
  ['a method of nobody', 405, '/v1/upload/s3', {}],
  ['a body that is too large', 413, '/v1/upload/s3', post(AUTHORIZED, ' '.repeat(65_537))],
  ['a body of another type', 415, '/v1/upload/s3', post({ ...AUTHORIZED, 'content-type': 'text/plain' })],
  ['a target that is too long', 400, `/${'a'.repeat(8_192)}`, {}],
  ['a Connect answer', 200, RPC_PATH, post(AUTHORIZED)],
  ['a Connect refusal', 401, RPC_PATH, post(JSON_TYPE)],
  ['a Connect request of another type', 415, RPC_PATH, post({ ...AUTHORIZED, 'content-type': 'text/plain' })],
  ['a gRPC-Web refusal', 200, RPC_PATH, post({ 'content-type': 'application/grpc-web+json' })],
  ['an RPC of nobody', 404, '/no.Such/Rpc', post(JSON_TYPE)],
  ['the health page', 200, '/health', {}],
  ['the liveness page', 200, '/livez', {}],
  ['a page that only answers GET', 405, '/health', post(JSON_TYPE)],
  ['an answer to another origin', 200, '/v1/upload/s3', post({ ...AUTHORIZED, origin: ORIGIN })],
];

describe.each(HTTP_VERSIONS)('over %s browsers are told to do nothing with', (version) => {
  let edge: TestEdge;

  beforeAll(async () => {
    const { rpcDoor, restDoor, health } = createTestDoors();
    const pages = createHealthRoutes({ health, refuse: sendFault, clock: () => performance.now() });
    edge = await startEdge({ doors: [restDoor, pages, rpcDoor], refuse: sendFault, corsOrigins: [ORIGIN] });
  });
  afterAll(() => edge.server.shutdown(100));

  const send = (path: string, sent: Sent) =>
    createHttpClient(version, `http://127.0.0.1:${edge.port}`).send(path, sent);

  it.each(CASES)('%s (%i)', async (_, status, path, sent) => {
    const answer = await send(path, sent);
    expect(answer).toMatchObject({ status, headers: HEADERS });
  });

  it('a preflight, which they may keep', async () => {
    const headers = { origin: ORIGIN, 'access-control-request-method': 'POST' };
    const { 'cache-control': _, ...others } = HEADERS;
    expect(await send('/v1/upload/s3', { method: 'OPTIONS', headers })).toMatchObject({
      status: 204,
      headers: others,
    });
  });
});
