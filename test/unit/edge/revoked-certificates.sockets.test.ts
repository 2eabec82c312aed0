import { once } from 'node:events';
import { beforeAll, describe, expect, it } from 'vitest';
import { tlsMaterialFrom } from '../../../src/edge/tls-material.ts';
import {
  createTestCa,
  issueServerCertificate,
  type TestCa,
  type TestCertificate,
} from '../../support/test-certificates.ts';
import { edgePerTest, eventually } from './support.ts';
import { createTestTls, openHttps2, openSecured, sendHttps, untilClosed } from './tls-support.ts';

const start = edgePerTest();
const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';

let ca: TestCa;
let other: TestCa;
let pair: TestCertificate;
let good: TestCertificate;
let revoked: TestCertificate;
let ofOther: TestCertificate;
beforeAll(async () => {
  [ca, other] = await Promise.all([createTestCa(), createTestCa('Another CA')]);
  const names = { dns: ['billing.internal'] };
  [pair, good, revoked, ofOther] = await Promise.all([
    issueServerCertificate(ca),
    ca.issue(names),
    ca.issue(names),
    other.issue(names),
  ]);
});

async function startAsking(
  clientCrl: string,
  options: { auth?: 'optional' | 'required'; cas?: string } = {},
) {
  const { auth = 'required', cas = ca.cert } = options;
  const tls = await createTestTls({ ca, pair, clientAuth: auth, clientCa: cas, clientCrl });
  const edge = await start({ tls });
  const ask = (client: TestCertificate) => sendHttps(edge.port, '/x', { ca: ca.cert, ...client });
  const revoke = async (...certificates: TestCertificate[]) =>
    tls.server.replace(
      tlsMaterialFrom({ ...pair, clientCa: ca.cert, clientCrl: await ca.revoke(certificates) }),
    );
  return { edge, tls, ask, revoke };
}

describe('a client certificate that is revoked', () => {
  it('is hung up on where one is required, and counted; others are let in', async () => {
    const { ask, tls } = await startAsking(await ca.revoke([revoked]));
    expect((await ask(good)).status).toBe(200);
    await expect(ask(revoked)).rejects.toThrow();
    await eventually(() => tls.failures.length > 0);
    expect(tls.failures).toEqual(['client-certificate']);
  });

  it('counts for nothing where one is optional', async () => {
    const { ask, edge } = await startAsking(await ca.revoke([revoked]), { auth: 'optional' });
    expect((await ask(revoked)).status).toBe(200);
    expect((await ask(good)).status).toBe(200);
    const [first, second] = await edge.untilEnded(2);
    expect(first?.record.certificate).toBeUndefined();
    expect(second?.record.certificate).toBeDefined();
  });

  it('has its open connections cut over both HTTP versions, and nobody else has', async () => {
    const { edge, ask, revoke } = await startAsking(await ca.revoke([]));
    const trust = { ca: ca.cert, ALPNProtocols: ['http/1.1'] };
    const [cut, kept] = await Promise.all([
      openSecured(edge.port, { ...trust, ...revoked }),
      openSecured(edge.port, { ...trust, ...good }),
    ]);
    const session = openHttps2(edge.port, { ca: ca.cert, ...revoked });
    await once(session, 'connect');
    for (const socket of [cut, kept]) {
      socket.write(REQUEST);
      await once(socket, 'data');
    }
    const closed = Promise.all([untilClosed(cut), once(session, 'close')]);
    expect(await revoke(revoked)).toBe(2);
    await closed;
    kept.write(REQUEST);
    await once(kept, 'data');
    kept.destroy();
    await expect(ask(revoked)).rejects.toThrow();
    // Those that are gone are not cut again.
    expect(await revoke(revoked, good)).toBe(0);
  });
});

describe('a revocation list', () => {
  it('that has expired lets nobody in', async () => {
    const { ask } = await startAsking(await ca.revoke([], { expiresAtMs: Date.now() - 60_000 }));
    await expect(ask(good)).rejects.toThrow();
  });

  it('that another key has signed in the name of the CA lets nobody in', async () => {
    const namesake = await createTestCa();
    const { ask } = await startAsking(await namesake.revoke([]));
    await expect(ask(good)).rejects.toThrow();
  });

  it('counts for its own CA, beside that of another one', async () => {
    const lists = (await ca.revoke([revoked])) + (await other.revoke([]));
    const { ask } = await startAsking(lists, { cas: `${ca.cert}\n${other.cert}` });
    expect((await ask(good)).status).toBe(200);
    expect((await ask(ofOther)).status).toBe(200);
    await expect(ask(revoked)).rejects.toThrow();
  });
});
