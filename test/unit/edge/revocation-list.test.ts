import { X509Certificate } from 'node:crypto';
import * as fc from 'fast-check';
import { beforeAll, describe, expect, it } from 'vitest';
import { derElements, derTimeMs } from '../../../src/edge/der.ts';
import { identityOf, isRevoked, revocationListsFrom, subjectOf } from '../../../src/edge/revocation-list.ts';
import { createTestCa, type TestCa, type TestCertificate } from '../../support/test-certificates.ts';

let ca: TestCa;
let other: TestCa;
let revoked: TestCertificate;
let good: TestCertificate;
beforeAll(async () => {
  [ca, other] = await Promise.all([createTestCa(), createTestCa('Another CA')]);
  [revoked, good] = await Promise.all([ca.issue({}), ca.issue({})]);
});

const identity = ({ cert }: TestCertificate) => identityOf(new X509Certificate(cert));

describe('a revocation list', () => {
  it('tells its CA, its time, and what it revokes', async () => {
    const [validFromMs, expiresAtMs] = [Date.UTC(2026, 0, 2, 3, 4, 5), Date.UTC(2055, 0, 1)];
    const [list, ...others] = revocationListsFrom(await ca.revoke([revoked], { validFromMs, expiresAtMs }));
    expect(others).toEqual([]);
    expect(list).toMatchObject({ issuer: subjectOf(new X509Certificate(ca.cert)), validFromMs, expiresAtMs });
    expect(list?.revoked.size).toBe(1);
  });

  it('may revoke nothing', async () => {
    expect(revocationListsFrom(await ca.revoke([]))[0]?.revoked.size).toBe(0);
  });

  it('revokes certificates of its own CA only', async () => {
    const lists = revocationListsFrom(`${await other.revoke([good])}\n${await ca.revoke([revoked])}`);
    expect(lists).toHaveLength(2);
    expect(isRevoked(identity(revoked), lists)).toBe(true);
    expect(isRevoked(identity(good), lists)).toBe(false);
  });

  it('that is broken anywhere is refused with an Error, or read', async () => {
    const pem = await ca.revoke([revoked, good]);
    const der = Buffer.from(pem.replace(/-----[^-]+-----/g, ''), 'base64');
    fc.assert(
      fc.property(fc.nat(der.length - 1), fc.integer({ min: 0, max: 255 }), (at, byte) => {
        const broken = Buffer.from(der);
        broken[at] = byte;
        const text = `-----BEGIN X509 CRL-----\n${broken.toString('base64')}\n-----END X509 CRL-----`;
        try {
          expect(revocationListsFrom(text)).toHaveLength(1);
        } catch (error) {
          expect(error).toBeInstanceOf(Error);
        }
      }),
    );
  });
});

describe('DER', () => {
  it.each([
    ['without its length', '30'],
    ['that is cut off', '3003020101ff'.slice(0, 8)],
    ['with a length that is not told', '30800000'],
    ['with a length of too many bytes', '30870000000000000101'],
  ])('%s is refused', (_, hex) => {
    expect(() => derElements(Buffer.from(hex, 'hex'))).toThrow(RangeError);
  });

  it.each([
    [0x17, '491231235959Z', Date.UTC(2049, 11, 31, 23, 59, 59)],
    [0x17, '500101000000Z', Date.UTC(1950, 0, 1)],
    [0x18, '20500101000000Z', Date.UTC(2050, 0, 1)],
    [0x18, '20501301000000Z', undefined],
    [0x18, '2050010100Z', undefined],
    [0x04, '20500101000000Z', undefined],
  ])('tells a time by tag %i and text %s', (tag, text, ms) => {
    expect(derTimeMs({ tag, content: Buffer.from(text) })).toBe(ms);
  });
});
