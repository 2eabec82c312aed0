import { createSecretKey, randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyDigest, Principal } from '../../../src/keys/api-key.ts';
import { UPLOAD_TOKEN_MAX_LENGTH, UPLOAD_TOKEN_PATTERN } from '../../../src/keys/upload-token.ts';
import type { UploadTokenInput } from '../../../src/keys/upload-token-input.ts';
import { createUploadTokens } from '../../../src/keys/upload-tokens.ts';
import { createSealer } from '../../../src/seal/create-sealer.ts';
import { faultOf } from '../../support/faults.ts';

const SEALER = createSealer([createSecretKey(Buffer.alloc(32, 1))], 'test');
const OTHER_SEALER = createSealer([createSecretKey(Buffer.alloc(32, 2))], 'test');
const NOW_MS = 1_700_000_000_250;
const DIGEST = 'd'.repeat(43) as KeyDigest;

const PRINCIPAL: Principal = {
  keyId: 'key_1',
  owner: 'acme',
  scopes: ['uploads:create'],
  policy: null,
  rateLimit: null,
  digest: DIGEST,
};

const tokens = createUploadTokens({ sealer: SEALER, randomBytes });
const issue = (input: UploadTokenInput, principal: Partial<Principal> = {}) =>
  tokens.issue(input, { ...PRINCIPAL, ...principal }, NOW_MS);
const refusalOf = async (input: UploadTokenInput, principal: Partial<Principal> = {}) => {
  const { reason, fields } = await faultOf(() => issue(input, principal));
  return { reason, fields: fields.map(({ field }) => field) };
};

describe('an upload token', () => {
  it('allows one file for ten minutes and every action, unless told otherwise', () => {
    expect(issue({}).grant).toEqual({
      id: expect.stringMatching(/^upl_[0-9A-Za-z]{22}$/),
      actions: ['create', 'sign', 'complete'],
      expiresAtMs: 1_700_000_601_000,
      maxFiles: 1,
      maxTotalBytes: null,
      policy: null,
      origin: null,
    });
  });

  it('says when it is opened what it was issued for', () => {
    const contentType = fc.constantFrom('image/png', 'image/*', 'Text/Plain');
    const input = fc.record<UploadTokenInput>(
      {
        actions: fc.subarray(['complete', 'create', 'sign'], { minLength: 1 }),
        ttlSeconds: fc.integer({ min: 1, max: 3_600 }),
        maxFiles: fc.integer({ min: 1, max: 10_000 }),
        maxTotalBytes: fc.maxSafeNat(),
        origin: fc.constantFrom('https://app.example.com', 'http://localhost:3000'),
        policy: fc.record(
          {
            contentTypes: fc.array(contentType, { minLength: 1, maxLength: 5 }),
            maxSizeBytes: fc.nat(),
            objectKeyPrefix: fc.constantFrom('users/42/', 'users'),
            allowOverwrite: fc.boolean(),
          },
          { requiredKeys: [] },
        ),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(input, (asked) => {
        const { token, grant } = issue(asked);
        expect(tokens.open(token)).toEqual({ digest: DIGEST, grant });
        expect(token).toMatch(new RegExp(`^${UPLOAD_TOKEN_PATTERN}$`));
        expect(token.length).toBeLessThanOrEqual(UPLOAD_TOKEN_MAX_LENGTH);
      }),
    );
  });

  it('shows nothing of what it says', () => {
    const { token } = issue({ origin: 'https://app.example.com' });
    const text = Buffer.from(token.slice('pse_upl_1'.length), 'base64url').toString('latin1');
    expect(text).not.toContain('app.example.com');
    expect(text).not.toContain(DIGEST);
  });

  it('does not open when any of its characters is another', () => {
    const { token } = issue({});
    for (let at = 0; at < token.length; at++) {
      const other = token.charAt(at) === 'A' ? 'B' : 'A';
      expect(tokens.open(token.slice(0, at) + other + token.slice(at + 1)), `at ${at}`).toBeUndefined();
    }
  });

  it('does not open under another key, nor for another context', () => {
    const others = createUploadTokens({ sealer: OTHER_SEALER, randomBytes });
    expect(others.open(issue({}).token)).toBeUndefined();
    expect(tokens.open(`pse_upl_1${SEALER.seal(Buffer.from('{}'), 'acme')}`)).toBeUndefined();
  });

  it.each(['', 'pse_upl_1', 'pse_upl_1!', 'pse_upl_2AAAA', `pse_upl_1${'A'.repeat(3_000)}`])(
    'does not open for nonsense: %s',
    (text) => {
      expect(tokens.open(text)).toBeUndefined();
    },
  );
});

describe('an origin', () => {
  it.each([
    ['https://App.Example.com', 'https://app.example.com'],
    ['https://app.example.com:443/', 'https://app.example.com'],
    ['http://localhost:3000', 'http://localhost:3000'],
    ['https://[::1]:8443', 'https://[::1]:8443'],
    ['https://bücher.example', 'https://xn--bcher-kva.example'],
  ])('%s is what browsers send: %s', (given, origin) => {
    expect(issue({ origin: given }).grant.origin).toBe(origin);
  });

  it.each([
    '*',
    'null',
    'app.example.com',
    'ftp://app.example.com',
    'https://app.example.com/path',
    'https://user@app.example.com',
    'https://app.example.com?x',
    'https://',
    'https://a:99999',
    'javascript:alert(1)',
  ])('%s is none', async (origin) => {
    expect(await refusalOf({ origin })).toEqual({ reason: 'INVALID_REQUEST', fields: ['origin'] });
  });
});

describe('refuses', () => {
  it('every field that breaks its rule, by the name that the contract has for it', async () => {
    const input: UploadTokenInput = {
      actions: ['create', 'delete'],
      ttlSeconds: 3_601,
      maxFiles: 0,
      maxTotalBytes: -1,
      policy: {
        contentTypes: ['nonsense'],
        extensions: ['a b'],
        maxSizeBytes: -1,
        maxTtlSeconds: 0,
        objectKeyPrefix: '../',
        destinations: ['A'],
      },
      origin: 'nowhere',
    };
    expect(await refusalOf(input)).toEqual({
      reason: 'INVALID_REQUEST',
      fields: [
        'actions',
        'expiresIn',
        'maxFiles',
        'maxTotalSize',
        'policy.contentTypes',
        'policy.extensions',
        'policy.maxSize',
        'policy.maxExpiry',
        'policy.keyPrefix',
        'policy.destinations',
        'origin',
      ],
    });
  });

  it('a policy that is wider than that of the key, rule by rule', async () => {
    const ofKey = {
      contentTypes: ['image/*'],
      extensions: ['png'],
      maxSizeBytes: 10,
      maxTtlSeconds: 60,
      objectKeyPrefix: 'a/',
      destinations: ['default'],
      allowOverwrite: false,
    };
    const wider = {
      contentTypes: ['text/plain'],
      extensions: ['png', 'gif'],
      maxSizeBytes: 11,
      maxTtlSeconds: 61,
      objectKeyPrefix: 'ab/',
      destinations: ['other'],
      allowOverwrite: true,
    };
    expect(await refusalOf({ policy: wider }, { policy: ofKey })).toEqual({
      reason: 'BEYOND_CALLER',
      fields: [
        'policy.contentTypes',
        'policy.extensions',
        'policy.maxSize',
        'policy.maxExpiry',
        'policy.keyPrefix',
        'policy.destinations',
        'policy.allowOverwrite',
      ],
    });
  });

  it('no policy that leaves out what the key restricts: that of the key applies too', () => {
    const { grant } = issue({ policy: { maxSizeBytes: 5 } }, { policy: { contentTypes: ['image/png'] } });
    expect(grant.policy).toEqual({ maxSizeBytes: 5 });
  });

  it('to make a token for whoever has no more than a token', async () => {
    const { grant } = issue({});
    expect(await refusalOf({}, { uploadToken: grant })).toEqual({ reason: 'UPLOAD_TOKEN_SCOPE', fields: [] });
  });

  it('a policy that makes a token too long for a header', async () => {
    const contentTypes = Array.from({ length: 20 }, (_, n) => `application/${'x'.repeat(100)}${n}`);
    expect(await refusalOf({ policy: { contentTypes } })).toEqual({
      reason: 'INVALID_REQUEST',
      fields: ['policy'],
    });
  });
});
