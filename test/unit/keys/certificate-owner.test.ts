import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { Principal } from '../../../src/keys/api-key.ts';
import { type CertificateOwner, principalOfCertificate } from '../../../src/keys/certificate-owner.ts';
import { createUploadTokens } from '../../../src/keys/upload-tokens.ts';
import { createKeyVerifier } from '../../../src/keys/verify.ts';
import { faultOf } from '../../support/faults.ts';
import { PEPPER, tokenAndKey } from '../../support/key-fixtures.ts';
import { createManualClock } from '../../support/manual-clock.ts';

const SPIFFE = 'spiffe://example.org/ns/media/sa/api';
const DNS = 'dns:billing.internal';
const NOW_MS = Date.UTC(2026, 10, 26);
const LATER_MS = NOW_MS + 1;

const OWNER: CertificateOwner = {
  owner: 'media',
  scopes: ['uploads:create'],
  policy: { maxSizeBytes: 10 },
  rateLimit: { plan: 'free' },
};
const OWNERS = new Map([
  [SPIFFE, OWNER],
  [DNS, { ...OWNER, owner: 'billing' }],
]);

const certificate = (...names: string[]) => ({ names, expiresAtMs: LATER_MS });

function principalOr(names: readonly string[], owners = OWNERS): Principal | Fault {
  try {
    return principalOfCertificate({ names, expiresAtMs: LATER_MS }, owners, undefined, NOW_MS);
  } catch (error) {
    if (error instanceof Fault) return error;
    throw error;
  }
}

describe('a certificate', () => {
  it('with an entry for one of its names is that owner, known by that name', () => {
    expect(principalOr(['dns:other.internal', SPIFFE])).toEqual({ keyId: `cert:${SPIFFE}`, ...OWNER });
  });

  it.each([
    ['without names', [], 'CERTIFICATE_UNKNOWN'],
    ['without an entry', ['dns:other.internal'], 'CERTIFICATE_UNKNOWN'],
    ['with two entries', [SPIFFE, DNS], 'CERTIFICATE_AMBIGUOUS'],
    ['with two SPIFFE IDs', [SPIFFE, 'spiffe://example.org/b'], 'CERTIFICATE_AMBIGUOUS'],
  ])('%s is nobody', (_, names, reason) => {
    const refused = principalOr(names);
    expect(refused).toMatchObject({ reason, spec: { status: 401 } });
    expect(String(refused instanceof Fault && refused.cause)).toContain(names[0] ?? 'none');
  });

  it('that has expired on an open connection is nobody', async () => {
    const expired = { names: [SPIFFE], expiresAtMs: NOW_MS };
    const fault = await faultOf(() => principalOfCertificate(expired, OWNERS, undefined, NOW_MS));
    expect(fault.reason).toBe('CERTIFICATE_EXPIRED');
  });

  it('of a browser is nobody: it would be sent along with the calls of any page', async () => {
    const fault = await faultOf(() =>
      principalOfCertificate(certificate(SPIFFE), OWNERS, 'https://evil.example', NOW_MS),
    );
    expect(fault.reason).toBe('CERTIFICATE_ORIGIN');
  });

  it('is mapped by an exact entry for exactly one of its names, or never', () => {
    const label = fc.constantFrom('a', 'b', 'A', 'a/', 'a/b', '*', '', '..', 'a.b');
    const name = fc.oneof(
      label.map((text) => `spiffe://example.org/${text}`),
      label.map((text) => `dns:${text}`),
      fc.string(),
    );
    fc.assert(
      fc.property(
        fc.uniqueArray(name, { maxLength: 5 }),
        fc.uniqueArray(name, { maxLength: 5 }),
        (names, known) => {
          const owners = new Map(known.map((entry) => [entry, { ...OWNER, owner: entry }]));
          const found = principalOr(names, owners);
          const exact = names.filter((one) => known.includes(one));
          if (found instanceof Fault) return found.spec.status === 401;
          return exact.length === 1 && found.owner === exact[0] && found.keyId === `cert:${exact[0]}`;
        },
      ),
    );
  });
});

describe('the verifier', () => {
  const { key, authorization } = tokenAndKey();
  const clock = createManualClock();
  const { verify } = createKeyVerifier({
    lookup: { peek: () => 'unknown', find: async () => key },
    peppers: [PEPPER],
    clock,
    certificateOwners: OWNERS,
  });
  const valid = { names: [SPIFFE], expiresAtMs: Number.POSITIVE_INFINITY };

  it('takes a certificate in place of a key', async () => {
    expect(await verify(undefined, '', undefined, valid)).toMatchObject({
      keyId: `cert:${SPIFFE}`,
      owner: 'media',
    });
  });

  it('judges a call with an Authorization header by that header alone', async () => {
    expect(await verify(authorization, '', undefined, valid)).toMatchObject({ keyId: key.id });
    for (const header of ['', 'Bearer', 'Bearer x', 'Basic YTpi'])
      expect((await faultOf(async () => verify(header, '', undefined, valid))).reason).toBe('KEY_MALFORMED');
  });

  it('asks for a key where there is no certificate, or where certificates stand for nobody', async () => {
    expect((await faultOf(async () => verify(undefined, ''))).reason).toBe('KEY_MISSING');
    const without = createKeyVerifier({
      lookup: { peek: () => 'unknown', find: () => undefined },
      peppers: [PEPPER],
      clock,
    });
    expect((await faultOf(async () => without.verify(undefined, '', undefined, valid))).reason).toBe(
      'KEY_MISSING',
    );
  });

  it('leaves whoever has no key without upload tokens', async () => {
    const principal = await verify(undefined, '', undefined, valid);
    const tokens = createUploadTokens({
      sealer: { seal: () => 'never', open: () => undefined },
      randomBytes: (size) => Buffer.alloc(size),
    });
    const issue = () => tokens.issue({}, principal, NOW_MS);
    expect((await faultOf(async () => issue())).reason).toBe('API_KEY_NEEDED');
  });
});
