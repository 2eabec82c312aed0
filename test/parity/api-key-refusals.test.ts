// Every way in which a call of ApiKeyService is refused, over every protocol.
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { EPOCH_MS } from '../support/manual-clock.ts';
import { NEWER_FIELD, newerMethod } from '../support/newer-contract.ts';
import type { CallOptions, ProtocolClient } from './clients.ts';
import { type Expected, expectOutcome } from './expected.ts';
import { type KeyProtocols, openKeyProtocols, type Scene } from './key-protocols.ts';
import type { Outcome } from './outcome.ts';

const { method } = ApiKeyService;
const DAY_MS = 86_400_000;
const UNKNOWN_ID = `key_${'0'.repeat(22)}`;

type Play = (client: ProtocolClient, scene: Scene) => Promise<Outcome>;

let protocols: KeyProtocols;

beforeAll(async () => {
  protocols = await openKeyProtocols();
});
afterAll(() => protocols.stop());

/** Each method with a request that could be answered, if it were not for the caller or the server. */
const CALLS: Readonly<
  Record<keyof typeof method, (client: ProtocolClient, options: CallOptions) => Promise<Outcome>>
> = {
  createApiKey: (client, options) => client.call(method.createApiKey, { name: 'new' }, options),
  listApiKeys: (client, options) => client.call(method.listApiKeys, {}, options),
  whoAmI: (client, options) => client.call(method.whoAmI, {}, options),
  getApiKey: (client, options) => client.call(method.getApiKey, { keyId: UNKNOWN_ID }, options),
  updateApiKey: (client, options) => client.call(method.updateApiKey, { keyId: UNKNOWN_ID }, options),
  revokeApiKey: (client, options) => client.call(method.revokeApiKey, { keyId: UNKNOWN_ID }, options),
  rotateApiKey: (client, options) => client.call(method.rotateApiKey, { keyId: UNKNOWN_ID }, options),
};

async function expectEverywhere(play: Play, expected: Expected): Promise<void> {
  const played = await protocols.alone(play);
  const [[, first] = []] = played;
  const told = new Map<boolean, string>();
  for (const [client, outcome] of played) {
    expectOutcome(outcome, expected, client);
    expect(outcome.fields, client).toEqual(first?.fields);
    // RPC puts the fields into its message; apart from that every protocol says the same.
    const isRest = outcome.rest !== undefined && outcome.fields.length > 0;
    expect(outcome.message, client).toBe(told.get(isRest) ?? outcome.message);
    told.set(isRest, outcome.message);
  }
}

describe.each(Object.entries(CALLS))('%s is refused over every protocol', (_name, call) => {
  it('without a key, and with one that was revoked', async () => {
    const expected = { code: 'unauthenticated', reason: 'UNAUTHENTICATED' } as const;
    await expectEverywhere((client) => call(client, {}), expected);
    await expectEverywhere(async (client, { rooms, admin }) => {
      await client.call(method.revokeApiKey, { keyId: admin.key.id }, admin);
      expect((await rooms.store.findById(admin.key.id))?.status).toBe('revoked');
      return call(client, admin);
    }, expected);
  });

  it('while the store does not answer, with the id of the request', async () => {
    await expectEverywhere(
      async (client, { rooms, admin }) => {
        expect((await CALLS.whoAmI(client, admin)).answer).toBeDefined();
        rooms.store.weather.down = true;
        return call(client, admin);
      },
      { code: 'unavailable', reason: 'STORE_UNAVAILABLE', retryAfterMs: 1_000, hasRequestId: true },
    );
  });

  it('over its rate limit, with the time to come back', async () => {
    await expectEverywhere(
      async (client, { rooms }) => {
        const limited = await rooms.makeKey({ rateLimit: { requests: 1, windowSeconds: 7 } });
        await CALLS.whoAmI(client, limited);
        await rooms.clock.advance(4_500);
        return call(client, limited);
      },
      { code: 'resource_exhausted', reason: 'RATE_LIMITED', retryAfterMs: 2_500 },
    );
  });
});

describe('a key without the scope is refused, with the name of the scope, over every protocol', () => {
  const { whoAmI: _, ...scoped } = CALLS;

  it.each(Object.entries(scoped))('%s', async (name, call) => {
    const scope = ['listApiKeys', 'getApiKey'].includes(name) ? 'keys:read' : 'keys:write';
    await expectEverywhere(
      async (client, { rooms }) => call(client, await rooms.makeKey({ scopes: ['uploads:create'] })),
      { code: 'permission_denied', reason: 'SCOPE_MISSING', message: scope },
    );
  });
});

const NOT_FOUND: Expected = { code: 'not_found', reason: 'API_KEY_NOT_FOUND' };
const notActive = (message: string): Expected => ({
  code: 'failed_precondition',
  reason: 'API_KEY_NOT_ACTIVE',
  message,
});
const withFields = (fields: Readonly<Record<string, string>>) => ({
  fields: Object.entries(fields).map(([field, message]) => ({ field, message })),
});
const invalid = (fields: Readonly<Record<string, string>>): Expected => ({
  code: 'invalid_argument',
  reason: 'INVALID_REQUEST',
  ...withFields(fields),
});

const REFUSALS: readonly [name: string, play: Play, expected: Expected][] = [
  [
    'fields that break the rules of the contract, by their JSON paths',
    (client, { admin }) =>
      client.call(
        method.createApiKey,
        {
          name: 'a\nb',
          policy: { maxSize: 53_687_091_200_001n, maxExpirySeconds: 0, keyPrefix: 'p'.repeat(201) },
          rateLimit: { windowSeconds: 86_401, bytesPerDay: -1n },
          environment: 'prod',
        },
        admin,
      ),
    invalid({
      name: 'must not contain control characters',
      'policy.max_size': 'must be at most 53687091200000',
      'policy.max_expiry_seconds': 'must be at least 1',
      'policy.key_prefix': 'must be at most 200 characters',
      'rate_limit.window_seconds': 'must be at most 86400',
      'rate_limit.bytes_per_day': 'must be at least 0',
      environment: 'must be one of live, test',
    }),
  ],
  [
    'fields that break the rules of the keys room, by their JSON paths',
    (client, { admin }) =>
      client.call(
        method.createApiKey,
        {
          name: 'x',
          expirationDate: timestampFromMs(EPOCH_MS),
          scopes: ['uploads:create', 'uploads:everything'],
          policy: { contentTypes: ['image'], extensions: ['tar.gz'], destinations: ['A'] },
          rateLimit: { plan: 'gold' },
        },
        admin,
      ),
    invalid({
      expiration_date: 'must be in the future',
      scopes: 'must be one or more of uploads:create, uploads:read, uploads:manage, keys:read, keys:write',
      'policy.content_types':
        'must be 1 to 100 media types such as image/png, or families such as image/*, without parameters',
      'policy.extensions': expect.stringContaining('must be 1 to 100 file name extensions'),
      'policy.destinations':
        'must be 1 to 100 names of destinations: lower-case letters, digits and -, a letter first',
      'rate_limit.plan': 'must be a plan of the server: free, pro, unlimited',
    }),
  ],
  [
    'an update that breaks rules, although there is no such key',
    (client, { admin }) =>
      client.call(
        method.updateApiKey,
        { keyId: UNKNOWN_ID, policy: { keyPrefix: '../' }, rateLimit: { requests: 1 } },
        admin,
      ),
    invalid({
      'policy.key_prefix': expect.stringContaining('must be at most 200 characters of segments'),
      'rate_limit.window_seconds': 'must be 1 to 86400, and goes with requests',
    }),
  ],
  [
    'parameters out of range',
    (client, { admin }) => client.call(method.listApiKeys, { page: 0, perPage: 101, status: 'gone' }, admin),
    invalid({
      page: 'must be at least 1',
      per_page: 'must be at most 100',
      status: 'must be one of active, disabled, expired, revoked',
    }),
  ],
  [
    'an overlap beyond 30 days, and an id that is none',
    (client, { admin }) =>
      client.call(
        method.rotateApiKey,
        { keyId: 'k'.repeat(101), overlap: { seconds: 2_592_000n, nanos: 1 } },
        admin,
      ),
    invalid({
      key_id: 'must be at most 100 characters',
      overlap: 'must be greater than or equal to 0s and less than or equal to 2592000s',
    }),
  ],
  [
    'a reason that is too long',
    (client, { admin }) =>
      client.call(method.revokeApiKey, { keyId: UNKNOWN_ID, reason: '🐈'.repeat(201) }, admin),
    invalid({ reason: 'must be at most 200 characters' }),
  ],
  [
    'an Idempotency-Key that is none',
    (client, { admin }) =>
      client.call(method.createApiKey, { name: 'x' }, { ...admin, idempotencyKey: 'a b' }),
    invalid({ 'Idempotency-Key': 'must be 1 to 255 visible ASCII characters' }),
  ],
  [
    'an Idempotency-Key that has made another key, without naming it',
    async (client, { admin }) => {
      const options = { ...admin, idempotencyKey: 'order-17' };
      await client.call(method.createApiKey, { name: 'first' }, options);
      const outcome = await client.call(method.createApiKey, { name: 'second' }, options);
      expect(outcome.message).not.toMatch(/key_/);
      return outcome;
    },
    { code: 'failed_precondition', reason: 'IDEMPOTENCY_MISMATCH' },
  ],
  [
    'more than the calling key may do, by the fields that ask for it',
    async (client, { rooms }) => {
      const limited = await rooms.makeKey({
        scopes: ['keys:write', 'uploads:create'],
        policy: { contentTypes: ['image/*'], maxSizeBytes: 1_000, objectKeyPrefix: 'a/' },
        rateLimit: { requests: 10, windowSeconds: 60 },
      });
      const policy = { contentTypes: ['image/png', 'text/plain'], maxSize: 1_001n, keyPrefix: 'ab/' };
      const wider = { scopes: ['keys:read'], policy, rateLimit: { requests: 11, windowSeconds: 60 } };
      return client.call(method.createApiKey, { name: 'wider', ...wider }, limited);
    },
    {
      code: 'permission_denied',
      reason: 'BEYOND_CALLER',
      ...withFields({
        scopes: 'must not include keys:read, which the calling key lacks',
        'policy.content_types': 'must stay within that of the calling key',
        'policy.max_size': 'must stay within that of the calling key, which is 1000',
        'policy.key_prefix': 'must stay within that of the calling key, which is a/',
        rate_limit: 'must not take more calls than the calling key: 10 in 60 seconds',
      }),
    },
  ],
  [
    'the change of a revoked key',
    async (client, { rooms, admin }) => {
      const { key } = await rooms.makeKey();
      await client.call(method.revokeApiKey, { keyId: key.id }, admin);
      return client.call(method.updateApiKey, { keyId: key.id, name: 'again' }, admin);
    },
    notActive('The API key is revoked and cannot be changed'),
  ],
  [
    'the rotation of a disabled key',
    async (client, { rooms, admin }) => {
      const { key } = await rooms.makeKey();
      await client.call(method.updateApiKey, { keyId: key.id, disabled: true }, admin);
      return client.call(method.rotateApiKey, { keyId: key.id }, admin);
    },
    notActive('The API key is disabled and cannot be rotated'),
  ],
  [
    'an upload beyond the byte quota, until the next day',
    async (client, { rooms }) => {
      const limited = await rooms.makeKey({ rateLimit: { bytesPerDay: 100 } });
      const upload = { filename: 'a', contentType: 'b', size: 60n };
      await client.call(UploadService.method.createS3Upload, upload, limited);
      return client.call(UploadService.method.createS3Upload, upload, limited);
    },
    {
      code: 'resource_exhausted',
      reason: 'QUOTA_EXCEEDED',
      message: 'exceeds the daily quota of 100 bytes of the API key, of which 40 are left',
      retryAfterMs: DAY_MS - (EPOCH_MS % DAY_MS),
    },
  ],
];

describe('every protocol refuses in the same way', () => {
  it.each(REFUSALS)('%s', async (_name, play, expected) => expectEverywhere(play, expected));
});

/** A difference would tell whoever tries ids which of them exist. */
describe('a key of another owner', () => {
  const ASKED: Readonly<
    Record<string, (client: ProtocolClient, keyId: string, by: CallOptions) => Promise<Outcome>>
  > = {
    get: (client, keyId, by) => client.call(method.getApiKey, { keyId }, by),
    update: (client, keyId, by) => client.call(method.updateApiKey, { keyId, name: 'mine' }, by),
    revoke: (client, keyId, by) => client.call(method.revokeApiKey, { keyId }, by),
    rotate: (client, keyId, by) => client.call(method.rotateApiKey, { keyId }, by),
  };

  it.each(Object.entries(ASKED))('is no key at all to %s, over every protocol', async (_name, ask) => {
    await expectEverywhere(async (client, { rooms, admin }) => {
      const { key } = await rooms.makeKey({ owner: 'other' });
      const outcomes = [];
      for (const keyId of [key.id, UNKNOWN_ID, 'no key/id?']) outcomes.push(await ask(client, keyId, admin));
      const [others, ...unknown] = outcomes;
      if (others === undefined) throw new Error('nothing was asked');
      for (const outcome of unknown) expect(outcome).toEqual({ ...others, headers: outcome.headers });
      expect(await rooms.store.findById(key.id)).toEqual(key);
      return others;
    }, NOT_FOUND);
  });
});

/** A restriction that only a newer contract has must not get lost. */
describe('a field that the server does not know', () => {
  it.each([
    ['CreateApiKey', 'CreateApiKeyRequest', { name: 'x', region: 'eu' }, 'region'],
    ['CreateApiKey', 'KeyPolicy', { name: 'x', policy: { region: 'eu' } }, 'policy.region'],
    ['UpdateApiKey', 'RateLimit', { rateLimit: { region: 'eu' } }, 'rate_limit.region'],
    ['RotateApiKey', 'RotateApiKeyRequest', { region: 'eu' }, 'region'],
  ])(
    'of %s, in %s, is refused over every protocol, and nothing is made or changed',
    async (name, type, init, path) => {
      const newer = newerMethod(name, type);
      const played = await protocols.alone(async (client, { rooms, admin }) => {
        const { key } = await rooms.makeKey();
        const keyId = name === 'CreateApiKey' ? {} : { keyId: key.id };
        const outcome = await client.call(newer, { ...init, ...keyId }, admin);
        const { keys } = await rooms.store.list({ nowMs: EPOCH_MS, offset: 0, limit: 10 });
        expect(
          keys.map(({ version }) => version),
          client.name,
        ).toEqual([1, 1]);
        return outcome;
      });
      for (const [client, outcome] of played) {
        expect([outcome.rest?.status, outcome.rpc?.code], client).toContain(
          outcome.rest ? 400 : 'invalid_argument',
        );
        const [named] = outcome.fields;
        // JSON is refused by its decoder, which has a message and no details.
        if (named === undefined) expect(outcome.message, client).toContain(`"${NEWER_FIELD.name}"`);
        else expect([path, `#${NEWER_FIELD.number}`], client).toContain(named.field);
      }
    },
  );
});
