// What every protocol says of a call in its headers.
import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import { EPOCH_MS } from '../support/manual-clock.ts';
import { expectOutcome } from './expected.ts';
import { type KeyProtocols, openKeyProtocols } from './key-protocols.ts';
import type { AnswerHeaders, Outcome } from './outcome.ts';

const { method } = ApiKeyService;

let protocols: KeyProtocols;

beforeAll(async () => {
  protocols = await openKeyProtocols();
});
afterAll(() => protocols.stop());

function rateHeaders(headers: AnswerHeaders): AnswerHeaders {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => /^(?:x-)?ratelimit/.test(name)));
}

/** Four calls in a minute, of which some are left; `t` is how long the draft wants them to last. */
function told(remaining: number, resetSeconds: number, t: number): AnswerHeaders {
  return {
    'x-ratelimit-limit': '4',
    'x-ratelimit-remaining': String(remaining),
    'x-ratelimit-reset': String(EPOCH_MS / 1_000 + resetSeconds),
    'ratelimit-policy': '"key";q=4;w=60',
    ratelimit: `"key";r=${remaining};t=${t}`,
  };
}

describe('how a key stands to its rate limit', () => {
  it('is on every answer of every protocol, whatever came of the call', async () => {
    const played = await protocols.alone(async ({ call }, { rooms }) => {
      const rateLimit = { requests: 4, windowSeconds: 60 };
      const limited = await rooms.makeKey({ scopes: ['keys:read'], rateLimit });
      const outcomes = [
        await call(method.whoAmI, {}, limited),
        await call(method.createApiKey, { name: 'x' }, limited),
        await call(method.getApiKey, { keyId: 'key_0' }, limited),
        await call(method.listApiKeys, { page: 0 }, limited),
        await call(method.whoAmI, {}, limited),
      ];
      await rooms.clock.advance(15_000);
      rooms.store.weather.down = true;
      return [...outcomes, await call(method.whoAmI, {}, limited)];
    });
    for (const [client, outcomes] of played) {
      const codes = outcomes.map(({ rest, rpc }) => rest?.status ?? rpc?.code);
      expect(codes, client).toEqual(
        typeof codes[0] === 'number'
          ? [200, 403, 404, 400, 429, 503]
          : ['ok', 'permission_denied', 'not_found', 'invalid_argument', 'resource_exhausted', 'unavailable'],
      );
      expect(
        outcomes.map(({ headers }) => rateHeaders(headers)),
        client,
      ).toEqual([
        told(3, 15, 45),
        told(2, 30, 30),
        told(1, 45, 15),
        told(0, 60, 15),
        told(0, 60, 15),
        told(0, 75, 15),
      ]);
    }
  });

  it('names the plan that the limit comes from', async () => {
    const played = await protocols.alone(async ({ call }, { rooms }) =>
      call(method.whoAmI, {}, await rooms.makeKey({ rateLimit: { plan: 'free' } })),
    );
    for (const [client, { headers }] of played)
      expect(headers['ratelimit-policy'], client).toBe('"free";q=10;w=60');
  });

  it('is not mentioned without a limit, nor to whoever is nobody', async () => {
    const played = await protocols.alone(async ({ call }, { admin }) => [
      await call(method.whoAmI, {}, admin),
      await call(method.whoAmI, {}),
    ]);
    for (const [client, outcomes] of played)
      for (const { headers } of outcomes) expect(rateHeaders(headers), client).toEqual({});
  });
});

describe('what a refused call leaves behind', () => {
  it('is nothing on the next answer of the same connection', async () => {
    const played = await protocols.alone(async ({ call }, { rooms, admin }): Promise<Outcome> => {
      const limited = await rooms.makeKey({ rateLimit: { requests: 1, windowSeconds: 60 } });
      await call(method.whoAmI, {}, limited);
      const refused = await call(method.whoAmI, {}, limited);
      expect(rateHeaders(refused.headers)).not.toEqual({});
      return call(method.whoAmI, {}, admin);
    });
    for (const [client, outcome] of played) {
      expectOutcome(outcome, { code: 'ok' }, client);
      expect(rateHeaders(outcome.headers), client).toEqual({});
    }
  });
});

const RPC_PATH = '/apikeys.v1.ApiKeyService/WhoAmI';
const NO_RPC = '/apikeys.v1.ApiKeyService/Steal';
const TYPES = ['application/json', 'application/proto', 'application/grpc', 'application/grpc-web+proto'];

type Refused = [name: string, httpMethod: string, path: string, headers: Readonly<Record<string, string>>];

/** What a cache keeps of one caller it may show to another. */
describe('no answer may be kept by a cache', () => {
  it.each<Refused>([
    ['a path that is none', 'GET', '/v1/api-keyz', {}],
    ['a method that the path does not have', 'PUT', '/v1/api-keys', {}],
    ['a method that no RPC has', 'PUT', RPC_PATH, {}],
    ['an RPC by GET', 'GET', `${RPC_PATH}?encoding=json&message=%7B%7D&connect=v1`, {}],
    ['another media type', 'POST', '/v1/api-keys', { 'content-type': 'text/plain' }],
    ['a body that is no JSON', 'POST', '/v1/api-keys', { 'content-type': 'application/json' }],
    ...TYPES.map(
      (type): Refused => [`a message that is none, as ${type}`, 'POST', RPC_PATH, { 'content-type': type }],
    ),
    ...TYPES.map(
      (type): Refused => [`an RPC that does not exist, as ${type}`, 'POST', NO_RPC, { 'content-type': type }],
    ),
    ['an RPC that does not exist, by GET', 'GET', NO_RPC, {}],
  ])('that refuses %s', async (_name, httpMethod, path, headers) => {
    const sent = { method: httpMethod, headers, ...(httpMethod === 'POST' ? { body: '{' } : {}) };
    const session = connectHttp2(protocols.http2Url);
    const answers = [await sendHttp1(protocols.http1Url + path, sent), await sendHttp2(session, path, sent)];
    session.close();
    for (const answer of answers) expect(answer.headers['cache-control']).toBe('no-store');
  });
});
