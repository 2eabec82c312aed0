// Every call of ApiKeyService over every protocol, through the real doors and the real room of keys.
import {
  type DescMethodUnary,
  isMessage,
  type Message,
  type MessageInitShape,
  toJson,
} from '@bufbuild/protobuf';
import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ApiKeyService,
  type CreateApiKeyRequestSchema,
  type IssuedApiKey,
  IssuedApiKeySchema,
} from '../../gen/apikeys/v1/api_key_service_pb.js';
import { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { EPOCH_MS } from '../support/manual-clock.ts';
import type { ProtocolClient } from './clients.ts';
import { expectOutcome } from './expected.ts';
import { type KeyProtocols, openKeyProtocols, type Scene } from './key-protocols.ts';
import type { Outcome } from './outcome.ts';
import { restJsonOf } from './rest-json.ts';

const { method } = ApiKeyService;
const HOUR_MS = 3_600_000;
const at = (ms: number): Timestamp => timestampFromMs(EPOCH_MS + ms);

/** A value in every field. */
const FULL: MessageInitShape<typeof CreateApiKeyRequestSchema> = {
  name: 'Käufer 猫 “1”',
  expirationDate: at(30 * 24 * HOUR_MS + 123),
  scopes: ['uploads:create', 'keys:read'],
  policy: {
    contentTypes: ['image/*', 'text/plain'],
    extensions: ['png', 'txt'],
    maxSize: 5_368_709_120n,
    maxExpirySeconds: 604_800,
    keyPrefix: 'avatars/a_1/',
    destinations: ['default'],
    allowOverwrite: false,
  },
  rateLimit: {
    requests: 1_000_000,
    windowSeconds: 86_400,
    bytesPerDay: 0n,
    bytesPerMonth: 9_007_199_254_740_991n,
  },
  environment: 'test',
};

interface Call {
  readonly play: (client: ProtocolClient, scene: Scene) => Promise<Outcome>;
  /** What is in the answer, in the JSON of REST. */
  readonly answer: object;
}

const CALLS: Readonly<Record<keyof typeof method, Call>> = {
  createApiKey: {
    play: (client, { admin }) => client.call(method.createApiKey, FULL, admin),
    answer: {
      id: expect.stringMatching(/^key_\w{22}$/),
      api_key: expect.stringMatching(/^pse_test_1\w+$/),
      name: 'Käufer 猫 “1”',
      expiration_date: new Date(EPOCH_MS + 30 * 24 * HOUR_MS + 123).toISOString(),
      revoked_at: null,
      status: 'active',
      owner: 'acme',
      environment: 'test',
      scopes: ['uploads:create', 'keys:read'],
      policy: {
        content_types: ['image/*', 'text/plain'],
        extensions: ['png', 'txt'],
        max_size: 5_368_709_120,
        max_expiry_seconds: 604_800,
        key_prefix: 'avatars/a_1/',
        destinations: ['default'],
        allow_overwrite: false,
      },
      rate_limit: {
        plan: null,
        requests: 1_000_000,
        window_seconds: 86_400,
        bytes_per_day: 0,
        bytes_per_month: 9_007_199_254_740_991,
      },
      overlap_ends_at: null,
    },
  },
  listApiKeys: {
    play: async (client, { rooms, admin }) => {
      for (const name of ['one', 'two', 'three', 'four']) {
        await rooms.clock.advance(1);
        const { key } = await rooms.makeKey({ name });
        if (name === 'three') await client.call(method.revokeApiKey, { keyId: key.id }, admin);
      }
      return client.call(method.listApiKeys, { page: 2, perPage: 2, status: 'active' }, admin);
    },
    answer: {
      api_keys: [{ name: 'one' }, { name: 'Administrator' }],
      pagination: { page: 2, per_page: 2, total: 4, pages: 2 },
    },
  },
  getApiKey: {
    play: async (client, { rooms, admin }) => {
      const { key } = await rooms.makeKey({ expiresAtMs: EPOCH_MS + 1, policy: { allowOverwrite: true } });
      await rooms.clock.advance(1);
      return client.call(method.getApiKey, { keyId: key.id }, admin);
    },
    answer: {
      status: 'expired',
      created_at: new Date(EPOCH_MS).toISOString().replace('.000', ''),
      policy: { content_types: [], max_size: null, allow_overwrite: true },
      rate_limit: null,
    },
  },
  updateApiKey: {
    play: async (client, { rooms, admin }) => {
      const { key } = await rooms.makeKey();
      const { scopes = [], policy, rateLimit } = FULL;
      const change = { keyId: key.id, name: 'Renamed', scopes, disabled: true };
      return client.call(
        method.updateApiKey,
        { ...change, ...(policy && { policy }), ...(rateLimit && { rateLimit }) },
        admin,
      );
    },
    answer: {
      name: 'Renamed',
      status: 'disabled',
      scopes: ['uploads:create', 'keys:read'],
      policy: { key_prefix: 'avatars/a_1/' },
      rate_limit: { requests: 1_000_000 },
      propagation: 'pushed',
    },
  },
  revokeApiKey: {
    play: async (client, { rooms, admin }) => {
      const { key } = await rooms.makeKey();
      await rooms.clock.advance(1_500);
      return client.call(method.revokeApiKey, { keyId: key.id, reason: 'found & “leaked” = 50%+1?' }, admin);
    },
    answer: {
      status: 'revoked',
      revoked_at: new Date(EPOCH_MS + 1_500).toISOString(),
      revoke_reason: 'found & “leaked” = 50%+1?',
      propagation: 'pushed',
    },
  },
  rotateApiKey: {
    play: async (client, { rooms, admin }) => {
      const { key } = await rooms.makeKey({ policy: { maxSizeBytes: 5 } });
      const overlap = { seconds: 3_600n, nanos: 500_000_000 };
      return client.call(method.rotateApiKey, { keyId: key.id, overlap }, admin);
    },
    answer: {
      api_key: expect.stringMatching(/^pse_live_1/),
      rotated_from: expect.stringMatching(/^key_/),
      rotated_to: null,
      overlap_ends_at: new Date(EPOCH_MS + HOUR_MS + 500).toISOString(),
      policy: { max_size: 5 },
    },
  },
  whoAmI: {
    play: async (client, { rooms }) => {
      const own = await rooms.makeKey({
        rateLimit: { plan: 'free', bytesPerDay: 100, bytesPerMonth: 2 ** 40 },
      });
      const upload = { filename: 'a', contentType: 'b', size: 42n };
      await client.call(UploadService.method.createS3Upload, upload, own);
      return client.call(method.whoAmI, {}, own);
    },
    answer: {
      key: { status: 'active', rate_limit: { plan: 'free', requests: null, bytes_per_day: 100 } },
      rate: { plan: 'free', limit: 10, window_seconds: 60, remaining: 8 },
      byte_quotas: [
        { period: 'day', limit: 100, used: 42 },
        { period: 'month', limit: 2 ** 40, used: 42 },
      ],
    },
  },
};

let protocols: KeyProtocols;

beforeAll(async () => {
  protocols = await openKeyProtocols();
});
afterAll(() => protocols.stop());

const jsonOf = ({ output }: DescMethodUnary, answer: Message | undefined) => {
  if (answer === undefined) throw new Error('a refusal instead of an answer');
  return toJson(output, answer);
};

describe('every protocol gives the same answer to', () => {
  it.each(Object.entries(CALLS))('%s', async (name, { play, answer }) => {
    const called = Object.values(method).find(({ localName }) => localName === name);
    if (called === undefined) throw new Error(`no method ${name}`);
    const played = await protocols.alone(play);
    const [[, first] = []] = played;
    for (const [client, outcome] of played) {
      expectOutcome(outcome, { code: 'ok' }, client);
      expect(jsonOf(called, outcome.answer), client).toEqual(jsonOf(called, first?.answer));
      if (outcome.rest && outcome.answer) {
        expect(outcome.rest.json, client).toEqual(restJsonOf(called.output, outcome.answer));
        expect(outcome.rest.json, client).toMatchObject(answer);
      }
    }
    expect(played.filter(([, { rest }]) => rest).length).toBe(2);
  });
});

describe('what was changed over one protocol', () => {
  it('all the others see at once, until the key is over for all of them', async () => {
    const { admin } = await protocols.together();
    for (const changing of protocols.clients) {
      const scopes = ['keys:read'];
      const made = await changing.call(method.createApiKey, { name: 'made', scopes }, admin);
      const { id: keyId, apiKey: token } = issuedKey(made);
      await changing.call(method.updateApiKey, { keyId, name: `by ${changing.name}` }, admin);
      for (const { name, call } of protocols.clients) {
        const seen = await call(method.getApiKey, { keyId }, { token });
        expect(seen.answer, `${changing.name}, ${name}`).toMatchObject({ name: `by ${changing.name}` });
      }
      await changing.call(method.revokeApiKey, { keyId }, admin);
      for (const { name, call } of protocols.clients) {
        const refused = await call(method.getApiKey, { keyId }, { token });
        expectOutcome(refused, { code: 'unauthenticated', reason: 'UNAUTHENTICATED' }, name);
        const seen = await call(method.getApiKey, { keyId }, admin);
        expect(seen.answer, `${changing.name}, ${name}`).toMatchObject({ status: 'revoked' });
      }
    }
  });
});

describe('an Idempotency-Key', () => {
  it('that one protocol has used, is used for all of them', async () => {
    const { rooms, admin } = await protocols.together();
    for (const [number, first] of protocols.clients.entries()) {
      const options = { ...admin, idempotencyKey: `order-${number}` };
      const { id, apiKey } = issuedKey(await first.call(method.createApiKey, FULL, options));
      for (const { name, call } of protocols.clients) {
        const again = await call(method.createApiKey, FULL, options);
        const repeated = { code: 'already_exists', reason: 'IDEMPOTENCY_REPEATED', message: id } as const;
        expectOutcome(again, repeated, `${first.name}, ${name}`);
        expect(JSON.stringify(again), `${first.name}, ${name}`).not.toContain(apiKey);
      }
    }
    const { total } = await rooms.store.list({ nowMs: EPOCH_MS, offset: 0, limit: 1 });
    expect(total).toBe(1 + protocols.clients.length);
  });
});

function issuedKey({ answer, message }: Outcome): IssuedApiKey {
  if (!isMessage(answer, IssuedApiKeySchema)) throw new Error(`no key was made: ${message}`);
  return answer;
}
