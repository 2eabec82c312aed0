// ApiKeyService behind the whole chain, over the real room of keys and without a network.
import { create, type DescMethodUnary, toJson } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError } from '@connectrpc/connect';
import { describe, expect, it } from 'vitest';
import { ApiKeyService, ListApiKeysResponseSchema } from '../../gen/apikeys/v1/api_key_service_pb.js';
import { BadRequestSchema, ErrorInfoSchema } from '../../gen/google/rpc/error_details_pb.js';
import { SCOPES } from '../../src/keys/api-key.ts';
import { createApiKeyService } from '../../src/rpc/api-key-service.ts';
import { createKeyRooms } from '../support/key-rooms.ts';
import { EPOCH_MS } from '../support/manual-clock.ts';
import { NEWER_FIELD, newerMethod } from '../support/newer-contract.ts';
import { createInMemoryClient } from './in-memory.ts';

const { method } = ApiKeyService;

function openService(options?: Parameters<typeof createKeyRooms>[0]) {
  const rooms = createKeyRooms(options);
  return { rooms, ...createInMemoryClient(ApiKeyService, createApiKeyService(rooms), rooms) };
}

/** How a call ended: `ok`, or the code, the reason and the fields to blame. */
async function endOf(answer: Promise<unknown>): Promise<string> {
  try {
    await answer;
    return 'ok';
  } catch (error) {
    if (!(error instanceof ConnectError)) throw error;
    const [info] = error.findDetails(ErrorInfoSchema);
    const violations = error.findDetails(BadRequestSchema).flatMap(({ fieldViolations }) => fieldViolations);
    return [Code[error.code], info?.reason, ...violations.map(({ field }) => field)].join(' ');
  }
}

type Init = Readonly<Record<string, unknown>>;

interface Described {
  readonly method: DescMethodUnary;
  /** What it needs, unless any key will do. */
  readonly scope?: (typeof SCOPES)[number];
  /** A request that can be answered. `keyId` is that of a key of the caller's owner. */
  readonly good: (keyId: string) => Init;
  /** What breaks a rule in it, and of which field. */
  readonly flaw?: { readonly init: Init; readonly field: string };
  readonly refusesUnknown?: boolean;
}

const METHODS: Readonly<Record<keyof typeof method, Described>> = {
  createApiKey: {
    method: method.createApiKey,
    scope: 'keys:write',
    good: () => ({ name: 'new' }),
    flaw: { init: { name: '' }, field: 'name' },
    refusesUnknown: true,
  },
  listApiKeys: {
    method: method.listApiKeys,
    scope: 'keys:read',
    good: () => ({}),
    flaw: { init: { perPage: 101 }, field: 'per_page' },
  },
  whoAmI: { method: method.whoAmI, good: () => ({}) },
  getApiKey: {
    method: method.getApiKey,
    scope: 'keys:read',
    good: (keyId) => ({ keyId }),
    flaw: { init: { keyId: '' }, field: 'key_id' },
  },
  updateApiKey: {
    method: method.updateApiKey,
    scope: 'keys:write',
    good: (keyId) => ({ keyId, name: 'renamed' }),
    flaw: { init: { name: '\n' }, field: 'name' },
    refusesUnknown: true,
  },
  revokeApiKey: {
    method: method.revokeApiKey,
    scope: 'keys:write',
    good: (keyId) => ({ keyId }),
    flaw: { init: { reason: '\n' }, field: 'reason' },
  },
  rotateApiKey: {
    method: method.rotateApiKey,
    scope: 'keys:write',
    good: (keyId) => ({ keyId }),
    flaw: { init: { overlap: { seconds: -1n } }, field: 'overlap' },
    refusesUnknown: true,
  },
};

const scoped = Object.entries(METHODS).flatMap(([name, described]) => {
  const { scope, flaw } = described;
  return scope === undefined || flaw === undefined ? [] : [[name, { ...described, scope, flaw }] as const];
});

/** Each refusal tells something, which is for those only who came past the refusals before it. */
describe('the refusals of a call come in this order: who, how often, whether, what', () => {
  it.each(scoped)('%s', async (_name, { method: called, scope, good, flaw, refusesUnknown = false }) => {
    const { rooms, call, headers } = openService();
    const newer = newerMethod(called.name, called.input.name);
    const { key } = await rooms.makeKey();
    const limit = { requests: 1, windowSeconds: 60 };
    const over = await rooms.makeKey({ scopes: ['uploads:read'], rateLimit: limit });
    const wrong = await rooms.makeKey({ scopes: SCOPES.filter((each) => each !== scope) });
    const right = await rooms.makeKey({ scopes: SCOPES });
    for (const { token } of [over, wrong, right]) await call(method.whoAmI, {}, token);

    const request = good(key.id);
    const flawed = { ...request, ...flaw.init };
    const foreign = { ...flawed, [NEWER_FIELD.name]: 'eu' };
    rooms.store.weather.down = true;

    expect(await endOf(call(newer, foreign))).toBe('Unauthenticated UNAUTHENTICATED');
    expect([...headers.keys()]).toEqual([]);
    expect(await endOf(call(newer, foreign, over.token))).toBe('ResourceExhausted RATE_LIMITED');
    expect(headers.get('x-ratelimit-remaining')).toBe('0');
    expect(await endOf(call(newer, foreign, wrong.token))).toBe('PermissionDenied SCOPE_MISSING');
    const unknown = `InvalidArgument INVALID_REQUEST #${NEWER_FIELD.number}`;
    const invalid = `InvalidArgument INVALID_REQUEST ${flaw.field}`;
    expect(await endOf(call(newer, foreign, right.token))).toBe(refusesUnknown ? unknown : invalid);
    expect(await endOf(call(called, flawed, right.token))).toBe(invalid);
    expect(await endOf(call(called, request, right.token))).toBe('Unavailable STORE_UNAVAILABLE');
    rooms.store.weather.down = false;
    await rooms.clock.advance(5_000);
    expect(await endOf(call(called, request, right.token))).toBe('ok');
  });
});

describe('a scope', () => {
  it.each(SCOPES)('%s opens the methods that name it, and WhoAmI', async (scope) => {
    const { rooms, call } = openService();
    const { token } = await rooms.makeKey({ scopes: [scope] });
    const open = [];
    for (const [name, { method: called, good }] of Object.entries(METHODS)) {
      const end = await endOf(call(called, good('key_0'), token));
      if (!end.startsWith('PermissionDenied SCOPE_MISSING')) open.push(name);
    }
    const named = Object.entries(METHODS).filter(([name, each]) => each.scope === scope || name === 'whoAmI');
    expect(open).toEqual(named.map(([name]) => name));
  });
});

describe('WhoAmI', () => {
  const at = (ms: number) => timestampFromMs(EPOCH_MS + ms);

  it('shows the key, and neither a limit nor a quota where there is none', async () => {
    const { rooms, call } = openService();
    const { key, token } = await rooms.makeKey({
      scopes: ['uploads:read'],
      expiresAtMs: EPOCH_MS + 1_000,
      policy: { contentTypes: ['image/*'], allowOverwrite: false },
    });
    const { key: shown, rate, byteQuotas } = await call(method.whoAmI, {}, token);
    expect(shown).toMatchObject({
      id: key.id,
      status: 'active',
      owner: 'acme',
      scopes: ['uploads:read'],
      expirationDate: at(1_000),
      policy: { contentTypes: ['image/*'], allowOverwrite: false },
    });
    expect(JSON.stringify({ ...shown, ...{ expirationDate: 0, createdAt: 0, policy: 0 } })).not.toContain(
      token,
    );
    expect({ rate, byteQuotas }).toEqual({ rate: undefined, byteQuotas: [] });
  });

  it('shows what is left of a plan, this call counted', async () => {
    const { rooms, call } = openService();
    const { token } = await rooms.makeKey({ rateLimit: { plan: 'free' } });
    await call(method.whoAmI, {}, token);
    const { rate } = await call(method.whoAmI, {}, token);
    expect(rate).toMatchObject({
      plan: 'free',
      limit: 10,
      windowSeconds: 60,
      remaining: 8,
      resetAt: at(12_000),
    });
  });

  it('shows what is left of the default plan', async () => {
    const { rooms, call } = openService({ defaultPlan: 'pro' });
    const { token } = await rooms.makeKey();
    const { key, rate } = await call(method.whoAmI, {}, token);
    expect(key?.rateLimit).toBeUndefined();
    expect(rate).toMatchObject({ plan: 'pro', limit: 100, windowSeconds: 60, remaining: 99 });
  });

  it('shows what is left of a limit of its own, which has no plan', async () => {
    const { rooms, call } = openService();
    const { token } = await rooms.makeKey({ rateLimit: { requests: 2, windowSeconds: 3_600 } });
    const { rate } = await call(method.whoAmI, {}, token);
    expect(rate?.plan).toBeUndefined();
    expect(rate).toMatchObject({ limit: 2, windowSeconds: 3_600, remaining: 1, resetAt: at(1_800_000) });
  });

  it('shows the byte quotas, and what uploads have used of them', async () => {
    const { rooms, call } = openService();
    const rateLimit = { bytesPerDay: 100, bytesPerMonth: Number.MAX_SAFE_INTEGER };
    const { token } = await rooms.makeKey({ rateLimit });
    const upload = { filename: 'a', contentType: 'b', sizeBytes: 60 };
    const principal = await rooms.verify(`Bearer ${token}`, '192.0.2.7');
    await rooms.uploads.issuePut(upload, principal);
    // What was refused has used nothing.
    await expect(rooms.uploads.issuePut(upload, principal)).rejects.toMatchObject({
      reason: 'QUOTA_EXCEEDED',
    });
    const { byteQuotas } = await call(method.whoAmI, {}, token);
    const today = new Date(EPOCH_MS);
    const [year, month, day] = [today.getUTCFullYear(), today.getUTCMonth(), today.getUTCDate()];
    expect(byteQuotas).toMatchObject([
      { period: 'day', limit: 100n, used: 60n, resetAt: timestampFromMs(Date.UTC(year, month, day + 1)) },
      {
        period: 'month',
        limit: BigInt(Number.MAX_SAFE_INTEGER),
        used: 60n,
        resetAt: timestampFromMs(Date.UTC(year, month + 1)),
      },
    ]);
  });

  it('is for a key that was changed a moment ago what the key is now', async () => {
    const { rooms, call } = openService();
    const admin = await rooms.makeKey();
    const { key, token } = await rooms.makeKey();
    await call(method.whoAmI, {}, token);
    await call(
      method.updateApiKey,
      { keyId: key.id, name: 'Other', rateLimit: { plan: 'free' } },
      admin.token,
    );
    const { key: shown, rate } = await call(method.whoAmI, {}, token);
    expect(shown?.name).toBe('Other');
    expect(rate?.plan).toBe('free');
  });
});

/** One key whose end no JSON can express would break every list that it is in. */
describe('an end that RFC 3339 cannot express', () => {
  it('is refused, although binary protocols can carry it', async () => {
    const { rooms, call } = openService();
    const { token } = await rooms.makeKey();
    const last = { seconds: 253_402_300_799n, nanos: 999_999_999 };
    const createUntil = (expirationDate: typeof last) =>
      call(method.createApiKey, { name: 'x', expirationDate }, token);
    const { key } = await call(method.whoAmI, {}, token);
    for (const seconds of [last.seconds + 1n, 8_640_000_000_000n, 2n ** 63n - 1n, -(2n ** 63n), 0n])
      expect(await endOf(createUntil({ ...last, seconds }))).toBe(
        'InvalidArgument INVALID_REQUEST expiration_date',
      );
    expect((await createUntil(last)).expirationDate).toMatchObject({
      seconds: last.seconds,
      nanos: 999_000_000,
    });
    const listed = await call(method.listApiKeys, {}, token);
    expect(() => toJson(ListApiKeysResponseSchema, listed)).not.toThrow();
    expect(listed.apiKeys.map(({ id }) => id)).toContain(key?.id);
  });
});

/** A misspelt or newer restriction must not become a missing one, wherever it stands. */
describe('a binary field that the server does not know', () => {
  const stranger = (no: number) => ({ no, wireType: 2, data: new Uint8Array([2, 101, 117]) });
  const { createApiKey, updateApiKey, rotateApiKey } = method;
  const GRANTORS = { createApiKey, updateApiKey, rotateApiKey };

  /** The request with an unknown field in the message at a path. */
  function withStranger({ input }: DescMethodUnary, init: Init, path: string[], no: number) {
    const message = create(input, init);
    let holder: object = message;
    for (const name of path) holder = Object(Reflect.get(holder, name));
    Reflect.set(holder, '$unknown', [stranger(no)]);
    return message;
  }

  const POLICY = { policy: { maxSize: 1n } };
  const LIMIT = { rateLimit: { plan: 'free' } };

  it.each<[string, keyof typeof GRANTORS, Init, string[]]>([
    ['the request', 'createApiKey', {}, []],
    ['the policy', 'createApiKey', POLICY, ['policy']],
    ['the rate limit', 'createApiKey', LIMIT, ['rateLimit']],
    ['the end', 'createApiKey', { expirationDate: { seconds: 1_900_000_000n } }, ['expirationDate']],
    ['the request', 'updateApiKey', {}, []],
    ['the policy', 'updateApiKey', POLICY, ['policy']],
    ['the rate limit', 'updateApiKey', LIMIT, ['rateLimit']],
    ['the request', 'rotateApiKey', {}, []],
    ['the overlap', 'rotateApiKey', { overlap: { seconds: 1n } }, ['overlap']],
  ])('in %s of %s is refused by its number', async (_place, name, more, path) => {
    const called: DescMethodUnary = GRANTORS[name];
    const { rooms, call } = openService();
    const { key, token } = await rooms.makeKey();
    const named = name === 'createApiKey' ? { name: 'x' } : { keyId: key.id };
    for (const no of [12, 99, 536_870_911]) {
      const request = withStranger(called, { ...named, ...more }, path, no);
      expect(await endOf(call(called, request, token))).toBe(`InvalidArgument INVALID_REQUEST #${no}`);
    }
    const { keys } = await rooms.store.list({ nowMs: EPOCH_MS, offset: 0, limit: 10 });
    expect(keys).toEqual([key]);
    expect(await endOf(call(called, create(called.input, { ...named, ...more }), token))).toBe('ok');
  });

  it('is ignored where nothing is granted', async () => {
    const { rooms, call } = openService();
    const { key, token } = await rooms.makeKey();
    const asked: [DescMethodUnary, Init][] = [
      [method.listApiKeys, {}],
      [method.whoAmI, {}],
      [method.getApiKey, { keyId: key.id }],
    ];
    for (const [called, init] of asked) {
      const request = create(called.input, init);
      Reflect.set(request, '$unknown', [stranger(99)]);
      expect(await endOf(call(called, request, token))).toBe('ok');
    }
  });
});
