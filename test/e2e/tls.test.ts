// One port with a certificate: whoever speaks TLS gets everything, others health only.
import { once } from 'node:events';
import { rm } from 'node:fs/promises';
import { connect as connectHttp2 } from 'node:http2';
import { Agent } from 'node:https';
import { connect as connectTls } from 'node:tls';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import { openSandbox, UNREACHABLE_S3 } from '../support/sandbox.ts';
import { SECURED_WAYS } from '../support/secured-callers.ts';
import { openSecuredService, type SecuredService } from '../support/secured-service.ts';
import { createTestCa, issueServerCertificate } from '../support/test-certificates.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

describe('a service with a certificate', () => {
  let service: SecuredService;
  beforeAll(async () => {
    service = await openSecuredService({
      ...UNREACHABLE_S3,
      PRESIGND_TLS_CLIENT_AUTH: 'off',
      PRESIGND_TLS_RELOAD_INTERVAL: '100ms',
    });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it.each(Object.entries(SECURED_WAYS))('takes %s', async (_, ask) => {
    expect(await ask(service, { token: service.token })).toMatch(/^acme\//);
  });

  describe('answers, without TLS,', () => {
    const plainUrl = () => `http://127.0.0.1:${service.program.port}`;

    it('health probes, and nothing else', async () => {
      for (const path of ['/livez', '/health', '/readyz']) {
        const { body } = await sendHttp1(plainUrl() + path);
        expect(JSON.parse(body).status).toMatch(/^(ok|degraded|down)$/);
      }
      for (const path of ['/metrics', UPLOAD_PATH, '/nothing']) {
        const answer = await sendHttp1(plainUrl() + path, uploadCall(service.token));
        expect([path, answer.status]).toEqual([path, 403]);
        expect(JSON.parse(answer.body).message).toContain('use https');
      }
    });

    it('probes over gRPC, and no other RPC', async () => {
      const session = connectHttp2(plainUrl());
      const headers = { 'content-type': 'application/grpc', te: 'trailers' };
      const call = (path: string) =>
        sendHttp2(session, path, { method: 'POST', headers, body: Buffer.alloc(5) });
      expect((await call('/grpc.health.v1.Health/Check')).status).toBe(200);
      expect((await call('/upload.v1.UploadService/CreateS3Upload')).status).toBe(403);
      session.close();
    });
  });

  /** What a new connection is shown. */
  async function servedFingerprint(): Promise<string> {
    const socket = connectTls({ port: service.program.port, host: '127.0.0.1', ca: service.ca.cert });
    await once(socket, 'secureConnect');
    const { fingerprint256 } = socket.getPeerCertificate();
    socket.destroy();
    return fingerprint256;
  }

  it('uses another certificate as soon as its files hold one, and no call fails meanwhile', async () => {
    const before = await servedFingerprint();
    const kept = new Agent({ ca: service.ca.cert, keepAlive: true, maxSockets: 1 });
    const session = connectHttp2(service.program.url, { ca: service.ca.cert });
    const call = uploadCall(service.token);
    const ways = [
      () => sendHttp1(service.program.url + UPLOAD_PATH, call, kept),
      () => sendHttp1(service.program.url + UPLOAD_PATH, call, service.agent()),
      () => sendHttp2(session, UPLOAD_PATH, call),
    ];
    let running = true;
    const statuses = new Set<number>();
    const clients = ways.map(async (send) => {
      while (running) statuses.add((await send()).status);
    });
    const expiresAtMs = Math.floor(Date.now() / 1_000) * 1_000 + 3_600_000;
    await service.certificates.swap(await issueServerCertificate(service.ca, { expiresAtMs }));
    await service.program.untilPrinted(new Date(expiresAtMs).toISOString());
    const after = await servedFingerprint();
    running = false;
    await Promise.all(clients);
    session.close();
    kept.destroy();
    expect([...statuses]).toEqual([200]);
    expect(after).not.toBe(before);
    const { body } = await sendHttp1(`${service.program.url}/metrics`, {}, service.agent());
    expect(body).toContain(`presignd_tls_certificate_expiry_seconds ${expiresAtMs / 1_000}\n`);
    expect(body).toContain('presignd_tls_reloads_total{outcome="used"} 1\n');
  });

  it('keeps its certificate while only half of the next pair is there, or a file is missing', async () => {
    const before = await servedFingerprint();
    const next = await issueServerCertificate(service.ca, { expiresAtMs: Date.now() + 7_200_000 });
    await service.certificates.overwrite('tls.crt', next.cert);
    await service.program.untilPrinted('PRESIGND_TLS_KEY is not the key');
    expect(await servedFingerprint()).toBe(before);
    await rm(service.certificates.env.PRESIGND_TLS_KEY_FILE);
    await service.program.untilPrinted('PRESIGND_TLS_KEY_FILE names a file that cannot be read (ENOENT)');
    expect(await servedFingerprint()).toBe(before);
    await service.certificates.restore('tls.key', next.key);
    while ((await servedFingerprint()) === before);
  });
});

describe('a service does not start', () => {
  it('with half a pair, a file that is not there, or a key of another certificate', async () => {
    await using sandbox = await openSandbox(UNREACHABLE_S3);
    const ca = await createTestCa();
    const [one, other] = await Promise.all([issueServerCertificate(ca), issueServerCertificate(ca)]);
    for (const [env, problem] of [
      [{ PRESIGND_TLS_CERT: one.cert }, 'PRESIGND_TLS_KEY must be set, as PRESIGND_TLS_CERT is'],
      [
        { PRESIGND_TLS_CERT_FILE: '/nowhere', PRESIGND_TLS_KEY: one.key },
        'PRESIGND_TLS_CERT_FILE names (ENOENT)',
      ],
      [
        { PRESIGND_TLS_CERT: one.cert, PRESIGND_TLS_KEY: other.key },
        'PRESIGND_TLS_KEY is not the key of the first certificate in PRESIGND_TLS_CERT',
      ],
    ] as const) {
      const { code, stderr } = await sandbox.run(['serve'], { PORT: '0', ...env });
      expect(code).toBe(2);
      expect(stderr).toContain(problem);
    }
  });
});
