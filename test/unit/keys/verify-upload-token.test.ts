import { createSecretKey, randomBytes } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import type { Reason } from '../../../src/fault/reasons.ts';
import type { ApiKey } from '../../../src/keys/api-key.ts';
import { createKeyLookup } from '../../../src/keys/lookup.ts';
import type { UploadTokenInput } from '../../../src/keys/upload-token-input.ts';
import { createUploadTokens } from '../../../src/keys/upload-tokens.ts';
import { createKeyVerifier } from '../../../src/keys/verify.ts';
import { createSealer } from '../../../src/seal/create-sealer.ts';
import { faultOf } from '../../support/faults.ts';
import { insertKeys, revokeKey } from '../../support/key-changes.ts';
import { PEPPER, tokenAndKey } from '../../support/key-fixtures.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';

const ADDRESS = '192.0.2.7';
const ORIGIN = 'https://app.example.com';

async function setUp(overrides: Partial<ApiKey> = {}) {
  const clock = createManualClock();
  const store = createMemoryKeyStore();
  const lookup = createKeyLookup({ store, clock, schedule: clock.schedule, random: () => 0.5 });
  const sealer = createSealer([createSecretKey(Buffer.alloc(32, 1))], 'upload-token');
  const uploadTokens = createUploadTokens({ sealer, randomBytes });
  const failures: string[] = [];
  const limiter = {
    blockedForMs: () => 0,
    recordFailure: (address: string) => void failures.push(address),
  };
  const accepted: string[] = [];
  const { verify } = createKeyVerifier({
    lookup,
    peppers: [PEPPER],
    clock,
    uploadTokens,
    limiter,
    onAccepted: (keyId) => void accepted.push(keyId),
  });
  const issued = tokenAndKey(overrides);
  const { key } = issued;
  await insertKeys(store, key);
  const issue = (input: UploadTokenInput = {}) => {
    const { id: keyId, owner, scopes, policy, rateLimit, digest } = key;
    return uploadTokens.issue(input, { keyId, owner, scopes, policy, rateLimit, digest }, clock.wallMs());
  };
  const reasonOf = async (token: string, origin?: string): Promise<Reason> =>
    (await faultOf(() => verify(`Bearer ${token}`, ADDRESS, origin))).reason;
  return { clock, store, lookup, verify, failures, accepted, issue, reasonOf, ...issued };
}

describe('a good upload token', () => {
  it('is answered with its key, narrowed down to its grant', async () => {
    const { verify, issue, key, accepted } = await setUp({ policy: { maxSizeBytes: 10 } });
    const { token, grant } = issue({ maxFiles: 3 });
    expect(await verify(`Bearer ${token}`, ADDRESS)).toEqual({
      keyId: key.id,
      owner: key.owner,
      scopes: key.scopes,
      policy: { maxSizeBytes: 10 },
      rateLimit: key.rateLimit,
      digest: key.digest,
      uploadToken: grant,
    });
    expect(accepted).toEqual([key.id]);
  });

  it('is answered synchronously and without the store once memory knows its key', async () => {
    const { verify, issue, authorization, store } = await setUp();
    await verify(authorization, ADDRESS);
    const readsBefore = store.reads();
    expect(verify(`Bearer ${issue().token}`, ADDRESS)).not.toBeInstanceOf(Promise);
    expect(store.reads()).toBe(readsBefore);
  });

  it('with an origin is taken from there and from nowhere else', async () => {
    const { verify, issue, reasonOf, failures } = await setUp();
    const { token } = issue({ origin: ORIGIN });
    expect(await verify(`Bearer ${token}`, ADDRESS, ORIGIN)).toMatchObject({ owner: 'acme' });
    expect(await reasonOf(token)).toBe('UPLOAD_TOKEN_ORIGIN');
    expect(await reasonOf(token, `${ORIGIN}.evil.example`)).toBe('UPLOAD_TOKEN_ORIGIN');
    expect(await reasonOf(token, 'null')).toBe('UPLOAD_TOKEN_ORIGIN');
    expect(failures).toEqual([]);
  });
});

describe('an upload token is refused', () => {
  it('from the second on in which it expires, even where memory knows its key', async () => {
    const { clock, verify, issue, reasonOf } = await setUp();
    const { token, grant } = issue({ ttlSeconds: 60 });
    await verify(`Bearer ${token}`, ADDRESS);
    await clock.advance(grant.expiresAtMs - clock.wallMs() - 1);
    expect(verify(`Bearer ${token}`, ADDRESS)).toMatchObject({ uploadToken: grant });
    await clock.advance(1);
    expect(await reasonOf(token)).toBe('UPLOAD_TOKEN_EXPIRED');
  });

  it('as soon as its key is revoked', async () => {
    const { verify, issue, reasonOf, store, lookup, key } = await setUp();
    const { token } = issue();
    await verify(`Bearer ${token}`, ADDRESS);
    const { version } = await revokeKey(store, key);
    lookup.invalidate(key.digest, version);
    expect(await reasonOf(token)).toBe('KEY_REVOKED');
  });

  it.each([
    [{ status: 'disabled' }, 'KEY_DISABLED'],
    [{ expiresAtMs: 1 }, 'KEY_EXPIRED'],
  ] as const)('when its key is %o', async (overrides, reason) => {
    const { issue, reasonOf } = await setUp(overrides);
    expect(await reasonOf(issue().token)).toBe(reason);
  });

  it('when it is forged, with no lookup at all, as a guess of its address', async () => {
    const { issue, reasonOf, store, failures } = await setUp();
    const { token } = issue();
    const forged = [`${token}A`, token.slice(0, -1), `pse_upl_1${'A'.repeat(200)}`, 'pse_upl_1'];
    for (const each of forged) expect(await reasonOf(each)).toBe('UPLOAD_TOKEN_MALFORMED');
    expect(await reasonOf(`pse_upl_1${'A'.repeat(4_200)}`)).toBe('KEY_MALFORMED');
    expect(store.reads()).toBe(0);
    expect(failures).toHaveLength(5);
  });

  it('with the same words, whatever is wrong with it', async () => {
    const { verify, issue, clock } = await setUp();
    const bound = issue({ origin: ORIGIN }).token;
    const expired = issue({ ttlSeconds: 1 }).token;
    await clock.advance(5_000);
    const answers = new Set<string>();
    for (const token of [bound, expired, 'pse_upl_1AAAA', 'nonsense']) {
      const fault = await faultOf(() => verify(`Bearer ${token}`, ADDRESS));
      answers.add(JSON.stringify([fault.publicMessage, fault.spec.status, fault.fields]));
    }
    expect(answers.size).toBe(1);
  });
});
