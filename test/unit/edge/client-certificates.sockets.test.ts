import { beforeAll, describe, expect, it } from 'vitest';
import { createTestCa, type TestCa, type TestCertificate } from '../../support/test-certificates.ts';
import { edgePerTest, eventually, sendHttp1, sendHttp2 } from './support.ts';
import { createTestTls, openHttps2, openSecured, sendHttps } from './tls-support.ts';

const start = edgePerTest();
const SPIFFE = 'spiffe://example.org/ns/media/sa/api';
const HOUR_MS = 3_600_000;

let ca: TestCa;
let good: TestCertificate;
let ofOtherCa: TestCertificate;
let expired: TestCertificate;
beforeAll(async () => {
  const [own, other] = await Promise.all([createTestCa(), createTestCa('Another CA')]);
  ca = own;
  const names = { uri: [SPIFFE], dns: ['Billing.internal'] };
  [good, ofOtherCa, expired] = await Promise.all([
    own.issue(names),
    other.issue(names),
    own.issue({ ...names, expiresAtMs: Date.now() - HOUR_MS }),
  ]);
});

async function startAsking(clientAuth: 'off' | 'optional' | 'required') {
  const tls = await createTestTls({ ca, clientAuth });
  const edge = await start({ tls });
  return { edge, tls, port: edge.port };
}

describe('a client certificate', () => {
  it('that is verified is on the record of every call, over both HTTP versions', async () => {
    const { edge, port } = await startAsking('required');
    const session = openHttps2(port, { ca: ca.cert, ...good });
    await Promise.all([sendHttps(port, '/x', { ca: ca.cert, ...good }), sendHttp2(session, { path: '/x' })]);
    await sendHttp2(session, { path: '/x' });
    session.close();
    for (const { record } of await edge.untilEnded(3)) {
      expect(record.certificate?.names).toEqual(['dns:billing.internal', SPIFFE]);
      expect(record.certificate?.expiresAtMs).toBeGreaterThan(Date.now());
    }
  });

  it.each([
    ['missing', () => ({})],
    ['of another CA', () => ofOtherCa],
    ['expired', () => expired],
  ])('that is %s is hung up on where one is required, and counted', async (_, certificate) => {
    const { edge, port, tls } = await startAsking('required');
    await expect(sendHttps(port, '/x', { ca: ca.cert, ...certificate() })).rejects.toThrow();
    await eventually(() => tls.failures.length > 0);
    expect(tls.failures).toEqual(['client-certificate']);
    expect(edge.ended).toEqual([]);
  });

  it.each([
    ['of another CA', () => ofOtherCa],
    ['expired', () => expired],
  ])('that is %s counts for nothing where it is optional', async (_, certificate) => {
    const { edge, port, tls } = await startAsking('optional');
    expect((await sendHttps(port, '/x', { ca: ca.cert, ...certificate() })).status).toBe(200);
    expect((await edge.untilEnded(1))[0]?.record.certificate).toBeUndefined();
    expect(tls.failures).toEqual(['client-certificate']);
  });

  it('is not needed where it is optional', async () => {
    const { edge, port, tls } = await startAsking('optional');
    expect((await sendHttps(port, '/x', { ca: ca.cert })).status).toBe(200);
    expect((await edge.untilEnded(1))[0]?.record.certificate).toBeUndefined();
    expect(tls.failures).toEqual([]);
  });

  it('is not asked for where it is off', async () => {
    const { edge, port } = await startAsking('off');
    expect((await sendHttps(port, '/x', { ca: ca.cert, ...good })).status).toBe(200);
    expect((await edge.untilEnded(1))[0]?.record.certificate).toBeUndefined();
  });

  it('cannot be claimed by a header, with TLS or without', async () => {
    const { edge, port } = await startAsking('optional');
    const headers = {
      'x-forwarded-client-cert': `URI=${SPIFFE}`,
      'x-ssl-client-verify': 'SUCCESS',
      'client-cert': ':MIIB:',
    };
    await sendHttp1(port, { path: '/x', headers });
    const session = openHttps2(port, { ca: ca.cert });
    await sendHttp2(session, { path: '/x', headers });
    session.close();
    for (const { record } of await edge.untilEnded(2)) expect(record.certificate).toBeUndefined();
  });

  it('is proved anew on every connection: no session outlives it', async () => {
    const { port } = await startAsking('required');
    for (const maxVersion of ['TLSv1.2', 'TLSv1.3'] as const) {
      const first = await openSecured(port, { ca: ca.cert, ...good, maxVersion });
      const session = first.getSession();
      first.destroy();
      const second = await openSecured(port, {
        ca: ca.cert,
        ...good,
        maxVersion,
        ...(session && { session }),
      });
      expect(second.isSessionReused()).toBe(false);
      second.destroy();
    }
  });
});
