// A deadline that the caller sends ends the call and the work for it, over every protocol.
import { create, toBinary } from '@bufbuild/protobuf';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { CreateApiKeyRequestSchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import type { Principal } from '../../src/keys/api-key.ts';
import type { Keys } from '../../src/keys/keys.ts';
import { createHttpClient } from '../support/http-requests.ts';
import { createTestDoors } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';

const MESSAGE = toBinary(CreateApiKeyRequestSchema, create(CreateApiKeyRequestSchema, { name: 'late' }));
const FRAME = Buffer.concat([Buffer.from([0, 0, 0, 0, MESSAGE.length]), MESSAGE]);
const JSON_TYPE = { 'content-type': 'application/json', authorization: 'Bearer x' };
const RPC_PATH = '/apikeys.v1.ApiKeyService/CreateApiKey';

/** The call as each protocol sends it, with a deadline of so many milliseconds. */
const CALLS = {
  REST: (ms: number) => ['/v1/api-keys', { ...JSON_TYPE, 'connect-timeout-ms': `${ms}` }, '{"name":"late"}'],
  Connect: (ms: number) => [RPC_PATH, { ...JSON_TYPE, 'connect-timeout-ms': `${ms}` }, '{"name":"late"}'],
  gRPC: (ms: number) => [
    RPC_PATH,
    { ...JSON_TYPE, 'content-type': 'application/grpc', 'grpc-timeout': `${ms}m` },
    FRAME,
  ],
} as const satisfies Record<string, (ms: number) => readonly [string, Record<string, string>, unknown]>;

const PRINCIPAL: Principal = {
  keyId: 'key_1',
  owner: 'acme',
  scopes: ['keys:write'],
  policy: null,
  rateLimit: null,
  digest: 'd'.repeat(43) as Principal['digest'],
};

let verify: () => Principal | Promise<Principal> = () => PRINCIPAL;
/** What was left for the work, each time that it was begun. */
const begun: (number | undefined)[] = [];
let doors: ReturnType<typeof createTestDoors>;
let listeners: Awaited<ReturnType<typeof startListeners>>;

beforeAll(async () => {
  const create: Keys['create'] = (_, { timeLeft }) => {
    begun.push(timeLeft?.());
    return new Promise(() => {});
  };
  const refuse = () => Promise.reject(new Error('not asked for'));
  const keys: Keys = {
    create,
    list: refuse,
    get: refuse,
    update: refuse,
    revoke: refuse,
    rotate: refuse,
    audit: refuse,
    bootstrap: refuse,
    close: () => {},
  };
  doors = createTestDoors({ keys, verify: () => verify() });
  listeners = await startListeners(doors.listener);
  await doors.rpcDoor.warm();
});
afterAll(() => listeners.stop());

async function send(protocol: keyof typeof CALLS, deadlineMs: number) {
  const [path, headers, body] = CALLS[protocol](deadlineMs);
  const answer = await createHttpClient('HTTP/2', listeners.http2Url).send(path, {
    method: 'POST',
    headers,
    body,
  });
  await expect.poll(() => doors.records.at(-1)?.code).not.toBe('ok');
  return answer;
}

const EXCEEDED = { code: 'deadline_exceeded', reason: 'DEADLINE_EXCEEDED' };

describe.each(['REST', 'Connect', 'gRPC'] as const)('over %s a deadline', (protocol) => {
  it('ends a call that hangs, whose work has been told how long it has', async () => {
    begun.length = 0;
    verify = () => PRINCIPAL;
    expect((await send(protocol, 200)).status).toBe(protocol === 'gRPC' ? 200 : 504);
    expect(doors.records.at(-1)).toMatchObject(EXCEEDED);
    expect(begun).toHaveLength(1);
    expect(begun[0]).toBeGreaterThan(0);
    expect(begun[0]).toBeLessThanOrEqual(200);
  });

  it('that has passed before the call came has nothing done for it', async () => {
    begun.length = 0;
    let asked = 0;
    verify = () => {
      asked += 1;
      return PRINCIPAL;
    };
    await send(protocol, 0);
    expect(doors.records.at(-1)).toMatchObject(EXCEEDED);
    expect([asked, begun]).toEqual([0, []]);
  });

  it('that passes while the caller is looked up lets the lookup end, and nothing follow from it', async () => {
    begun.length = 0;
    const found = Promise.withResolvers<Principal>();
    verify = () => found.promise;
    await send(protocol, 20);
    expect(doors.records.at(-1)).toMatchObject(EXCEEDED);
    found.resolve(PRINCIPAL);
    await found.promise;
    // One whole call later, whatever would have followed has.
    verify = () => PRINCIPAL;
    await send(protocol, 20);
    expect(begun).toHaveLength(1);
  });
});

it.each(['soon', '-1', '1.5', '', '12345678901'])(
  'over REST a deadline of "%s" is refused',
  async (value) => {
    verify = () => PRINCIPAL;
    const { status, body } = await createHttpClient('HTTP/1.1', listeners.http1Url).send('/v1/api-keys', {
      method: 'POST',
      headers: { ...JSON_TYPE, 'connect-timeout-ms': value },
      body: '{"name":"late"}',
    });
    expect([status, JSON.parse(body).message]).toEqual([400, expect.stringContaining('Connect-Timeout-Ms')]);
  },
);
