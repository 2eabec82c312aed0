import { X509Certificate } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { namesFrom } from '../../../src/edge/client-certificate.ts';
import { createTestCa } from '../../support/test-certificates.ts';

const SPIFFE = 'spiffe://example.org/ns/media/sa/api';
const ca = await createTestCa();

describe('the names of a certificate', () => {
  it('are its SPIFFE IDs and, in lower case, its DNS names', () => {
    expect(namesFrom(`DNS:Billing.Internal, IP Address:10.0.0.1, URI:${SPIFFE}, email:a@b.c`)).toEqual([
      'dns:billing.internal',
      SPIFFE,
    ]);
  });

  it('are none without alternative names: the subject is no name', () => {
    expect(namesFrom(undefined)).toEqual([]);
    expect(namesFrom('')).toEqual([]);
  });

  it.each([
    ['another scheme', 'URI:https://example.org/ns/media/sa/api'],
    ['no path', 'URI:spiffe://example.org'],
    ['an empty segment', 'URI:spiffe://example.org//api'],
    ['a trailing slash', 'URI:spiffe://example.org/api/'],
    ['a port', 'URI:spiffe://example.org:8443/api'],
    ['an escape', 'URI:spiffe://example.org/%61pi'],
    ['a trust domain in capitals', 'URI:spiffe://EXAMPLE.org/api'],
    ['a wildcard', 'DNS:*.internal'],
    ['an empty name', 'DNS:'],
    ['a distinguished name that looks like one', 'DirName:DNS:billing.internal'],
  ])('leave out %s', (_, subjectAltName) => {
    expect(namesFrom(subjectAltName)).toEqual([]);
  });

  it.each([
    { dns: ['evil.example", DNS:"billing.internal'] },
    { dns: ['evil.example, DNS:billing.internal'] },
    { uri: [`https://evil.example/a, URI:${SPIFFE}`] },
    { uri: [`https://evil.example/a', URI:${SPIFFE}`] },
    { dns: ['billing.internal\0.evil.example'] },
  ])('are none in a certificate with one that would pass for several: %j', async (names) => {
    const { cert } = await ca.issue(names);
    const { subjectAltName } = new X509Certificate(cert);
    expect(subjectAltName).toContain('"');
    expect(namesFrom(subjectAltName)).toEqual([]);
  });

  it('are those that were put into it, whatever else is in it', async () => {
    const uri = fc.constantFrom(SPIFFE, 'spiffe://example.org/b', 'https://example.org/', 'urn:x:y');
    const odd = fc
      .string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 30 })
      .filter((s) => s.trim() !== '');
    const dns = fc.oneof(fc.constantFrom('billing.internal', 'a.b'), odd);
    await fc.assert(
      fc.asyncProperty(
        fc.array(uri, { maxLength: 3 }),
        fc.array(dns, { maxLength: 3 }),
        async (uris, dnss) => {
          const { cert } = await ca.issue({ uri: uris, dns: dnss });
          const given = new Set([...uris, ...dnss.map((name) => `dns:${name.toLowerCase()}`)]);
          for (const name of namesFrom(new X509Certificate(cert).subjectAltName))
            expect(given).toContain(name);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('are none where there are too many', () => {
    const many = Array.from({ length: 101 }, (_, i) => `DNS:a${i}.example`);
    expect(namesFrom(many.join(', '))).toEqual([]);
    expect(namesFrom(many.slice(1).join(', '))).toHaveLength(100);
  });
});
