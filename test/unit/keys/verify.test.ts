import { randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../src/fault/reasons.ts';
import type { ApiKey } from '../../../src/keys/api-key.ts';
import { createKeyLookup } from '../../../src/keys/lookup.ts';
import type { Peppers } from '../../../src/keys/peppers.ts';
import type { FailureLimiter } from '../../../src/keys/ports.ts';
import { digestFromToken, mintToken } from '../../../src/keys/token.ts';
import { createKeyVerifier } from '../../../src/keys/verify.ts';
import { faultOf } from '../../support/faults.ts';
import { insertKeys, revokeKey } from '../../support/key-changes.ts';
import { OTHER_PEPPER, PEPPER, tokenAndKey } from '../../support/key-fixtures.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryCacheServer } from '../../support/memory-key-cache.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';

const ADDRESS = '192.0.2.7';

interface CountingLimiter extends FailureLimiter {
  readonly failures: string[];
  blockedMs: number;
}

function countingLimiter(): CountingLimiter {
  const limiter: CountingLimiter = {
    failures: [],
    blockedMs: 0,
    blockedForMs: () => limiter.blockedMs,
    recordFailure: (address) => void limiter.failures.push(address),
  };
  return limiter;
}

async function setUp({ peppers = [PEPPER] as Peppers, overrides = {} as Partial<ApiKey> } = {}) {
  const clock = createManualClock();
  const store = createMemoryKeyStore();
  const server = createMemoryCacheServer(clock);
  const shared = server.connect();
  const lookup = createKeyLookup({ store, shared, clock, schedule: clock.schedule, random: () => 0.5 });
  const limiter = countingLimiter();
  const accepted: string[] = [];
  const onAccepted = (keyId: string) => void accepted.push(keyId);
  const { verify } = createKeyVerifier({ lookup, peppers, clock, limiter, onAccepted });
  const issued = tokenAndKey(overrides);
  await insertKeys(store, issued.key);
  const reasonOf = async (authorization: string | undefined): Promise<Reason> =>
    (await faultOf(() => verify(authorization, ADDRESS))).reason;
  return { clock, store, server, lookup, limiter, accepted, verify, reasonOf, ...issued };
}

describe('a good key', () => {
  it('is answered with the principal of its record', async () => {
    const { verify, authorization, key } = await setUp({
      overrides: {
        owner: 'acme',
        scopes: ['uploads:create', 'uploads:read'],
        policy: { maxSizeBytes: 10 },
        rateLimit: { plan: 'free' },
      },
    });
    expect(await verify(authorization, ADDRESS)).toEqual({
      keyId: key.id,
      owner: 'acme',
      scopes: ['uploads:create', 'uploads:read'],
      policy: { maxSizeBytes: 10 },
      rateLimit: { plan: 'free' },
      digest: key.digest,
      uploadToken: undefined,
    });
  });

  it('is answered synchronously and without the store once memory knows it', async () => {
    const { verify, authorization, key, store } = await setUp();
    expect(verify(authorization, ADDRESS)).toBeInstanceOf(Promise);
    await verify(authorization, ADDRESS);
    const readsBefore = store.reads();
    expect(verify(authorization, ADDRESS)).toMatchObject({ keyId: key.id });
    expect(store.reads()).toBe(readsBefore);
  });

  it.each(['bearer', 'BEARER', 'bEaReR'])('is taken with the scheme spelled %s', async (scheme) => {
    const { verify, token, key } = await setUp();
    expect(await verify(`${scheme} ${token}`, ADDRESS)).toMatchObject({ keyId: key.id });
    expect(await verify(`${scheme}   ${token}  `, ADDRESS)).toMatchObject({ keyId: key.id });
  });

  it('is taken with the tag of an older pepper', async () => {
    const { verify, authorization, key } = await setUp({ peppers: [OTHER_PEPPER, PEPPER] });
    expect(await verify(authorization, ADDRESS)).toMatchObject({ keyId: key.id });
  });

  it('is noted as used by every call, and one that is no good by none', async () => {
    const { verify, reasonOf, authorization, accepted, key, lookup, store } = await setUp();
    await verify(authorization, ADDRESS);
    verify(authorization, ADDRESS);
    expect(accepted).toEqual([key.id, key.id]);
    const { version } = await revokeKey(store, key);
    lookup.invalidate(key.digest, version);
    await reasonOf(authorization);
    await reasonOf('Bearer nonsense');
    expect(accepted).toEqual([key.id, key.id]);
  });

  it('costs its address nothing', async () => {
    const { verify, authorization, limiter } = await setUp();
    await verify(authorization, ADDRESS);
    await verify(authorization, ADDRESS);
    expect(limiter.failures).toEqual([]);
  });
});

describe('a bad header', () => {
  it('is told from a missing one', async () => {
    const { reasonOf } = await setUp();
    expect(await reasonOf(undefined)).toBe('KEY_MISSING');
    expect(await reasonOf('')).toBe('KEY_MALFORMED');
  });

  it('is refused without asking the store', async () => {
    const { reasonOf, store, token, authorization } = await setUp();
    const headers = [
      'Bearer',
      'Bearer ',
      'Bearer null',
      token,
      `Basic ${token}`,
      `Bearer${token}`,
      `Bearer\t${token}`,
      `Bearer "${token}"`,
      `Bearer ${token}, Bearer ${token}`,
      `Bearer ${token}x`,
      `Bearer ${token.slice(0, -1)}`,
      `${authorization}${' '.repeat(256)}`,
      `Bearer ${'x'.repeat(100_000)}`,
      `Bearer ${' '.repeat(240)}`,
    ];
    for (const header of headers) expect(await reasonOf(header), header.slice(0, 80)).toBe('KEY_MALFORMED');
    expect(store.reads()).toBe(0);
  });

  it('counts against its address, but a missing one does not', async () => {
    const { reasonOf, limiter } = await setUp();
    await reasonOf('Bearer nonsense');
    await reasonOf(undefined);
    expect(limiter.failures).toEqual([ADDRESS]);
  });
});

describe('a key that is no good', () => {
  /** Junk must cost us a hash, never a question to anybody. */
  it('that was forged is refused with no lookup at all', async () => {
    const { reasonOf, store, server, limiter } = await setUp();
    for (let count = 0; count < 20_000; count++) {
      const forged = mintToken('live', OTHER_PEPPER, randomBytes);
      expect(await reasonOf(`Bearer ${forged}`)).toBe('KEY_MALFORMED');
    }
    expect([store.reads(), server.calls()]).toEqual([0, 0]);
    expect(limiter.failures).toHaveLength(20_000);
  });

  it('that was mistyped is refused with no lookup at all', async () => {
    const { reasonOf, store, token } = await setUp();
    const mistyped = token.slice(0, -1) + (token.endsWith('0') ? '1' : '0');
    expect(await reasonOf(`Bearer ${mistyped}`)).toBe('KEY_MALFORMED');
    expect(store.reads()).toBe(0);
  });

  it('that nobody created is unknown, and is asked for once', async () => {
    const { reasonOf, store, limiter } = await setUp();
    const unknown = `Bearer ${mintToken('live', PEPPER, randomBytes)}`;
    expect(await reasonOf(unknown)).toBe('KEY_UNKNOWN');
    expect(await reasonOf(unknown)).toBe('KEY_UNKNOWN');
    expect(store.reads()).toBe(1);
    expect(limiter.failures).toEqual([ADDRESS, ADDRESS]);
  });

  it.each([
    ['revoked', 'KEY_REVOKED'],
    ['disabled', 'KEY_DISABLED'],
  ] as const)('that is %s is refused, from the store as from memory', async (status, reason) => {
    const { reasonOf, authorization, limiter } = await setUp({ overrides: { status } });
    expect(await reasonOf(authorization)).toBe(reason);
    expect(await reasonOf(authorization)).toBe(reason);
    expect(limiter.failures).toEqual([]);
  });

  it('expires to the millisecond, by the wall clock, even from memory', async () => {
    const { clock, verify, reasonOf, authorization, store } = await setUp({
      overrides: { expiresAtMs: createManualClock().wallMs() + 3_000 },
    });
    await verify(authorization, ADDRESS);
    await clock.advance(2_999);
    expect(verify(authorization, ADDRESS)).not.toBeInstanceOf(Promise);
    await clock.advance(1);
    expect(await reasonOf(authorization)).toBe('KEY_EXPIRED');
    expect(store.reads()).toBe(1);
  });

  it('is believed expired as soon as the wall clock is set right', async () => {
    const { clock, verify, reasonOf, authorization } = await setUp({
      overrides: { expiresAtMs: createManualClock().wallMs() + 3_600_000 },
    });
    await verify(authorization, ADDRESS);
    clock.shiftWall(3_600_000);
    expect(await reasonOf(authorization)).toBe('KEY_EXPIRED');
  });

  /** A difference that callers could see would tell them which keys exist. */
  it('is answered the same to the caller whatever is wrong with it', async () => {
    const { verify, reasonOf, store } = await setUp();
    const answers = new Set<string>();
    const bad = [
      tokenAndKey({ status: 'revoked' }),
      tokenAndKey({ status: 'disabled' }),
      tokenAndKey({ expiresAtMs: 1 }),
    ];
    for (const { key } of bad) await insertKeys(store, key);
    const headers = [
      undefined,
      'Bearer x',
      `Bearer ${mintToken('live', PEPPER, randomBytes)}`,
      `Bearer ${mintToken('live', OTHER_PEPPER, randomBytes)}`,
      ...bad.map(({ authorization }) => authorization),
    ];
    const reasons = new Set<Reason>();
    for (const header of headers) {
      const fault = await faultOf(() => verify(header, ADDRESS));
      answers.add(JSON.stringify([fault.publicMessage, fault.spec.status, fault.retryAfterMs, fault.fields]));
      reasons.add(await reasonOf(header));
    }
    expect([...answers]).toHaveLength(1);
    expect(reasons.size).toBe(6);
  });
});

describe('an address over its limit', () => {
  it('is turned away before any I/O, with the time to come back', async () => {
    const { verify, limiter, store } = await setUp();
    limiter.blockedMs = 1_234;
    for (const guessed of ['nonsense', mintToken('live', OTHER_PEPPER, randomBytes)]) {
      const fault = await faultOf(() => verify(`Bearer ${guessed}`, ADDRESS));
      expect(fault).toMatchObject({ reason: 'RATE_LIMITED', retryAfterMs: 1_234 });
    }
    expect(store.reads()).toBe(0);
  });

  /** Neighbours behind one address must not be locked out by the one who guesses. */
  it('still gets through with a valid key that memory does not know yet', async () => {
    const { verify, authorization, limiter, key } = await setUp();
    limiter.blockedMs = 1_234;
    expect(await verify(authorization, ADDRESS)).toMatchObject({ keyId: key.id });
  });

  it('still gets through with a key that memory knows', async () => {
    const { verify, authorization, limiter, key } = await setUp();
    await verify(authorization, ADDRESS);
    limiter.blockedMs = 1_234;
    expect(verify(authorization, ADDRESS)).toMatchObject({ keyId: key.id });
  });
});

describe('a store that cannot be asked', () => {
  it('makes a key unavailable, never unauthenticated, and costs its address nothing', async () => {
    const { verify, authorization, store, limiter } = await setUp();
    store.weather.down = true;
    const fault = await faultOf(() => verify(authorization, ADDRESS));
    expect(fault).toMatchObject({ reason: 'STORE_UNAVAILABLE', retryAfterMs: 1_000 });
    expect(fault.spec.status).toBe(503);
    expect(limiter.failures).toEqual([]);
  });

  it('does not keep forged keys from being refused as such', async () => {
    const { reasonOf, store } = await setUp();
    store.weather.down = true;
    expect(await reasonOf(`Bearer ${mintToken('live', OTHER_PEPPER, randomBytes)}`)).toBe('KEY_MALFORMED');
  });
});

/** The digest decides alone on a memory hit, so it must be that of the very token that was sent. */
it('does not take one token for another that memory knows', async () => {
  const { verify, reasonOf, token, authorization } = await setUp();
  await verify(authorization, ADDRESS);
  const other = token.slice(0, 20) + (token.charAt(20) === 'a' ? 'b' : 'a') + token.slice(21);
  expect(digestFromToken(other)).not.toBe(digestFromToken(token));
  expect(await reasonOf(`Bearer ${other}`)).toBe('KEY_MALFORMED');
});
