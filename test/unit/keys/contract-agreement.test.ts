import { create, type DescMessage, type MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import { createValidator } from '@bufbuild/protovalidate';
import { describe, expect, it } from 'vitest';
import {
  CreateApiKeyRequestSchema,
  GetApiKeyRequestSchema,
  ListApiKeysRequestSchema,
  RevokeApiKeyRequestSchema,
  RotateApiKeyRequestSchema,
  UpdateApiKeyRequestSchema,
} from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { ratePlans } from '../../../src/config/rate-plans.ts';
import { Fault } from '../../../src/fault/fault.ts';
import { SCOPES, SHOWN_STATUSES } from '../../../src/keys/api-key.ts';
import { isKeyId } from '../../../src/keys/key-identity.ts';
import {
  checkCreateKeyInput,
  checkRevokeReason,
  checkRotationOverlap,
  checkUpdateKeyInput,
} from '../../../src/keys/key-input.ts';
import {
  createInputFrom,
  keyListMessage,
  listInputFrom,
  overlapMsFrom,
  updateInputFrom,
} from '../../../src/rpc/api-key-message.ts';
import { PROVIDER_CAPABILITIES } from '../../../src/uploads/providers.ts';
import { OPERATOR, PLANS } from '../../support/key-fixtures.ts';
import { openKeysRoom } from './keys-room.ts';

const NOW_MS = 1_800_000_000_000;
const CONTEXT = { nowMs: NOW_MS, plans: PLANS, callersOwner: 'acme' };

type Creation = MessageInitShape<typeof CreateApiKeyRequestSchema>;

const validator = createValidator();

function passesContract<S extends DescMessage>(schema: S, init: MessageInitShape<S>): boolean {
  return validator.validate(schema, create(schema, init)).kind === 'valid';
}

function passes(check: () => unknown): boolean {
  try {
    check();
    return true;
  } catch (error) {
    if (error instanceof Fault && error.reason === 'INVALID_REQUEST') return false;
    throw error;
  }
}

const passesKeysRoom = (init: Creation) =>
  passes(() =>
    checkCreateKeyInput(createInputFrom(create(CreateApiKeyRequestSchema, { name: 'x', ...init })), CONTEXT),
  );

/**
 * The keys room checks again what the contract has checked, because the command line does not pass the contract. Were
 * one of them stricter, a key of the one would be refused by the other.
 */
function expectSameLine(inits: readonly Creation[], lastGood: number): void {
  const judged = inits.map((init) => ({
    contract: passesContract(CreateApiKeyRequestSchema, { name: 'x', ...init }),
    room: passesKeysRoom(init),
  }));
  const line = inits.map((_, index) => ({ contract: index <= lastGood, room: index <= lastGood }));
  expect(judged).toEqual(line);
}

describe('the contract and the keys room draw the same line for', () => {
  it('the length of a name, in characters as people count them', () => {
    expectSameLine([{ name: 'n' }, { name: '🐈'.repeat(100) }, { name: '🐈'.repeat(101) }, { name: '' }], 1);
  });

  it('the characters of a name', () => {
    for (let code = 0; code < 0x180; code++) {
      const init = { name: `a${String.fromCharCode(code)}b` };
      expect([code, passesKeysRoom(init)]).toEqual([code, passesContract(CreateApiKeyRequestSchema, init)]);
    }
  });

  it('a new name', () => {
    for (const name of ['', 'n', '🐈'.repeat(100), '🐈'.repeat(101), 'a\nb']) {
      const request = create(UpdateApiKeyRequestSchema, { keyId: 'key_1', name });
      const room = passes(() => checkUpdateKeyInput(updateInputFrom(request), PLANS));
      expect([name, room]).toEqual([name, passesContract(UpdateApiKeyRequestSchema, request)]);
    }
  });

  it('the number of content types', () => {
    const types = Array.from({ length: 101 }, (_, n) => `a/${n}`);
    expectSameLine(
      [types.slice(1), types].map((contentTypes) => ({ policy: { contentTypes } })),
      0,
    );
  });

  it('the number of extensions', () => {
    const extensions = Array.from({ length: 101 }, (_, n) => `e${n}`);
    expectSameLine([{ policy: { extensions: extensions.slice(1) } }, { policy: { extensions } }], 0);
  });

  it('the number of destinations', () => {
    const destinations = Array.from({ length: 101 }, (_, n) => `d${n}`);
    expectSameLine([{ policy: { destinations: destinations.slice(1) } }, { policy: { destinations } }], 0);
  });

  it('the length of a prefix, the slash that is added counted', () => {
    const sizes = [`${'p'.repeat(199)}/`, 'p'.repeat(199), `${'p'.repeat(200)}/`, 'p'.repeat(201)];
    expectSameLine(
      sizes.map((keyPrefix) => ({ policy: { keyPrefix } })),
      1,
    );
  });

  it('the largest file, which is the largest that can be uploaded', () => {
    const largest = BigInt(PROVIDER_CAPABILITIES.aws.objectMaxBytes);
    expectSameLine(
      [0n, 1n, largest, largest + 1n, -1n].map((maxSize) => ({ policy: { maxSize } })),
      2,
    );
  });

  it('the life of an upload URL', () => {
    expectSameLine(
      [1, 604_800, 604_801, 0, -1].map((maxExpirySeconds) => ({ policy: { maxExpirySeconds } })),
      1,
    );
  });

  it('the calls of a window', () => {
    expectSameLine(
      [1, 1_000_000, 1_000_001, 0, -1].map((requests) => ({ rateLimit: { requests, windowSeconds: 1 } })),
      1,
    );
  });

  it('the length of a window', () => {
    expectSameLine(
      [1, 86_400, 86_401, 0, -1].map((windowSeconds) => ({ rateLimit: { requests: 1, windowSeconds } })),
      1,
    );
  });

  it.each(['bytesPerDay', 'bytesPerMonth'] as const)('%s', (name) => {
    const exact = BigInt(Number.MAX_SAFE_INTEGER);
    expectSameLine(
      [0n, 1n, exact, exact + 1n, -1n].map((bytes) => ({ rateLimit: { [name]: bytes } })),
      2,
    );
  });

  it('the reason of a revocation', () => {
    for (const reason of ['', 'r', '🐈'.repeat(200), '🐈'.repeat(201), 'a\nb', 'a\u0085b']) {
      const room = passes(() => checkRevokeReason(reason));
      expect([reason, room]).toEqual([
        reason,
        passesContract(RevokeApiKeyRequestSchema, { keyId: 'key_1', reason }),
      ]);
    }
  });

  it('the overlap of a rotation', () => {
    const month = { seconds: 2_592_000n, nanos: 0 };
    for (const overlap of [
      { seconds: 0n, nanos: 0 },
      { seconds: 0n, nanos: 1 },
      month,
      { ...month, nanos: 1_000_000 },
      { ...month, seconds: month.seconds + 1n },
      { seconds: -1n, nanos: 0 },
      { seconds: 0n, nanos: -1_000_000 },
    ]) {
      const request = create(RotateApiKeyRequestSchema, { keyId: 'key_1', overlap });
      const room = passes(() => checkRotationOverlap(overlapMsFrom(request.overlap)));
      expect([overlap, room]).toEqual([overlap, passesContract(RotateApiKeyRequestSchema, request)]);
    }
  });

  it('the length of an id', () => {
    for (const keyId of ['', 'k', 'k'.repeat(100), 'k'.repeat(101)]) {
      expect([keyId, isKeyId(keyId)]).toEqual([keyId, passesContract(GetApiKeyRequestSchema, { keyId })]);
    }
  });
});

describe('the contract takes whatever the code can give:', () => {
  it('every scope', () => {
    expect(passesContract(CreateApiKeyRequestSchema, { name: 'x', scopes: [...SCOPES] })).toBe(true);
    expect(passesKeysRoom({ scopes: [...SCOPES] })).toBe(true);
  });

  it('every status, and no other', () => {
    for (const status of ['', ...SHOWN_STATUSES])
      expect(passesContract(ListApiKeysRequestSchema, { status })).toBe(true);
    expect(passesContract(ListApiKeysRequestSchema, { status: 'Active' })).toBe(false);
  });

  it('both environments, and no other', () => {
    expect(
      ['', 'live', 'test', 'prod'].map((environment) =>
        passesContract(CreateApiKeyRequestSchema, { name: 'x', environment }),
      ),
    ).toEqual([true, true, true, false]);
  });

  it('the longest name that a plan of the settings can have', () => {
    const longest = `p${'x'.repeat(49)}`;
    expect([...ratePlans.read(`${longest}=1/1s`).keys()]).toEqual([longest]);
    expect(() => ratePlans.read(`${longest}x=1/1s`)).toThrow();
    const limitedBy = (plan: string) => ({ name: 'x', rateLimit: { plan } });
    expect(passesContract(CreateApiKeyRequestSchema, limitedBy(longest))).toBe(true);
    expect(passesContract(CreateApiKeyRequestSchema, limitedBy(`${longest}x`))).toBe(false);
  });
});

describe('pages', () => {
  const page = (init: MessageInitShape<typeof ListApiKeysRequestSchema>) =>
    create(ListApiKeysRequestSchema, init);

  it('are of 20 keys and begin with the first, as the contract has it', () => {
    expect(listInputFrom(page({}))).toMatchObject({ offset: 0, limit: 20 });
    expect(keyListMessage(page({}), { keys: [], total: 41 }, NOW_MS).pagination).toEqual({
      page: 1,
      perPage: 20,
      total: 41,
      pages: 3,
    });
  });

  it('hold 1 to 100 keys and are counted from 1', () => {
    const taken = (init: MessageInitShape<typeof ListApiKeysRequestSchema>) =>
      passesContract(ListApiKeysRequestSchema, init);
    expect([0, 1, 100, 101].map((perPage) => taken({ perPage }))).toEqual([false, true, true, false]);
    expect([-1, 0, 1, 100_000_000, 100_000_001].map((number) => taken({ page: number }))).toEqual([
      false,
      false,
      true,
      true,
      false,
    ]);
  });

  it('are all taken by the room that the contract lets through', async () => {
    const { keys } = openKeysRoom();
    for (const init of [{}, { page: 100_000_000, perPage: 100 }, { page: 1, perPage: 1 }])
      expect(await keys.list(listInputFrom(page(init)), OPERATOR)).toEqual({ keys: [], total: 0 });
  });
});

describe('times', () => {
  it('that the contract can hold are kept to the millisecond, and never lengthen a life', () => {
    const asked = { seconds: BigInt(NOW_MS / 1_000), nanos: 999_999_999 };
    const input = createInputFrom(create(CreateApiKeyRequestSchema, { name: 'x', expirationDate: asked }));
    expect(input.expiresAtMs).toBe(NOW_MS + 999);
  });

  it('have to be in the future, up to the last that the contract can hold', () => {
    const last = timestampFromMs(Date.UTC(9999, 11, 31, 23, 59, 59, 999));
    expect(passesKeysRoom({ expirationDate: last })).toBe(true);
    expect(passesKeysRoom({ expirationDate: timestampFromMs(NOW_MS + 1) })).toBe(true);
    expect(passesKeysRoom({ expirationDate: timestampFromMs(NOW_MS) })).toBe(false);
  });

  it('24 hours is the overlap that nobody asked for', () => {
    expect(checkRotationOverlap(overlapMsFrom(undefined))).toBe(24 * 3_600_000);
  });
});
