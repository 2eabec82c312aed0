// What the doctor says of certificates: those in the settings, and those that an S3 shows.
import { writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:https';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { examineIn } from '../support/doctor-place.ts';
import { openSandbox, type Sandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import {
  createTestCa,
  type IssueOptions,
  issueServerCertificate,
  type TestCa,
} from '../support/test-certificates.ts';

const DAY_MS = 86_400_000;
const opened = new AsyncDisposableStack();
let sandbox: Sandbox;
let ca: TestCa;

beforeAll(async () => {
  sandbox = opened.use(await openSandbox(UNREACHABLE_S3));
  ca = await createTestCa('Example CA');
});
afterAll(() => opened.disposeAsync());

const inDays = (days: number) => ({ expiresAtMs: Date.now() + days * DAY_MS });

describe('presignd doctor finds, in the settings,', () => {
  const certificates = async (days: number) => {
    const { cert, key } = await issueServerCertificate(ca, inDays(days));
    return { PRESIGND_TLS_CERT: cert, PRESIGND_TLS_KEY: key };
  };

  it('a certificate that expires soon, and one that has expired', async () => {
    const { finding, ailments } = await examineIn(sandbox, [], await certificates(5));
    expect(finding('certificate')).toMatchObject({
      level: 'warning',
      seen: expect.stringMatching(/^the certificate expires on 20/),
    });
    expect(ailments).toEqual(['certificate warning', 'endpoint problem']);
    expect((await examineIn(sandbox, [], await certificates(-0.1))).finding('certificate').level).toBe(
      'problem',
    );
  });

  it('nothing in a certificate that is well, and a client CA that ends soon', async () => {
    const { finding } = await examineIn(sandbox, [], {
      ...(await certificates(90)),
      PRESIGND_TLS_CLIENT_CA: ca.cert,
    });
    expect(finding('certificate')).toMatchObject({
      level: 'ok',
      seen: expect.stringMatching(
        /^DNS:localhost, IP Address:127\.0\.0\.1; the certificate is valid until 20/,
      ),
    });
    expect(finding('client-ca')).toMatchObject({
      level: 'warning',
      seen: expect.stringMatching(/^CN=Example CA expires on 20/),
    });
  });

  it('a revocation list that has expired, and one of another CA', async () => {
    const env = { ...(await certificates(90)), PRESIGND_TLS_CLIENT_CA: ca.cert };
    const expired = await ca.revoke([], inDays(-0.1));
    const { finding } = await examineIn(sandbox, [], { ...env, PRESIGND_TLS_CLIENT_CRL: expired });
    expect(finding('client-crl')).toMatchObject({
      level: 'problem',
      seen: expect.stringMatching(/^list 1 of 1 expired on 20/),
    });
    const foreign = await (await createTestCa('Another CA')).revoke([]);
    const { finding: other } = await examineIn(sandbox, [], { ...env, PRESIGND_TLS_CLIENT_CRL: foreign });
    expect(other('settings').seen).toContain('no revocation list of certificate 1 in PRESIGND_TLS_CLIENT_CA');
    expect(other('client-crl').level).toBe('skipped');
  });

  it('a key of another certificate, in the words of `presignd serve`', async () => {
    const [one, other] = [await certificates(90), await certificates(90)];
    const env = { ...one, PRESIGND_TLS_KEY: other.PRESIGND_TLS_KEY };
    const { finding } = await examineIn(sandbox, [], env);
    expect(finding('settings').level).toBe('problem');
    expect(finding('settings').seen).toContain('PRESIGND_TLS_KEY is not the key of the first certificate');
    expect(finding('certificate')).toMatchObject({ level: 'skipped', seen: 'not before `settings` is well' });
    expect((await sandbox.run(['serve'], env)).stderr).toContain(finding('settings').seen);
  });
});

describe('presignd doctor finds, at an S3 with https,', () => {
  /** An S3 that knows no bucket; its certificate is what matters. */
  async function examineServer(options: IssueOptions, env: Readonly<Record<string, string>> = {}) {
    const pair = await ca.issue(options);
    const server = createServer(pair, (_, response) => response.writeHead(404).end());
    server.on('tlsClientError', () => {});
    const url = await listen(server);
    opened.defer(() => void server.close());
    return examineIn(sandbox, [], { PRESIGND_S3_ENDPOINT: url, ...env });
  }
  const trusted = async () => {
    const path = `${sandbox.folder}/ca.pem`;
    await writeFile(path, ca.cert);
    return { NODE_EXTRA_CA_CERTS: path };
  };

  it('nothing wrong with a certificate of a CA that it was told of', async () => {
    const { finding } = await examineServer({ ip: ['127.0.0.1'], ...inDays(90) }, await trusted());
    expect(finding('endpoint').level).toBe('ok');
    expect(finding('endpoint-certificate')).toMatchObject({
      level: 'ok',
      seen: expect.stringMatching(/^the certificate of https:.* is valid until 20/),
    });
  });

  it.each([
    ['has expired', { ip: ['127.0.0.1'], ...inDays(-0.1) }, /expired on 20/, 'its certificate has expired'],
    [
      'is for another host',
      { dns: ['s3.example.com'] },
      /is for DNS:s3\.example\.com$/,
      'its certificate is for other hosts',
    ],
  ])('a certificate that %s', async (_, options, seen, reach) => {
    const { finding } = await examineServer(options, await trusted());
    expect(finding('endpoint-certificate')).toMatchObject({
      level: 'problem',
      seen: expect.stringMatching(seen),
    });
    expect(finding('endpoint')).toMatchObject({ level: 'problem', seen: expect.stringContaining(reach) });
  });

  it('a certificate that is not trusted here', async () => {
    const { finding } = await examineServer({ ip: ['127.0.0.1'], ...inDays(90) });
    expect(finding('endpoint-certificate')).toMatchObject({
      level: 'problem',
      fix: expect.stringContaining('NODE_EXTRA_CA_CERTS'),
    });
  });
});

async function listen(server: Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('it does not listen');
  return `https://127.0.0.1:${address.port}`;
}
