// Callers with a client certificate in place of an API key.
import { once } from 'node:events';
import { connect as connectHttp2 } from 'node:http2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { sendHttp1 } from '../support/http-requests.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { SECURED_WAYS } from '../support/secured-callers.ts';
import { openSecuredService, type SecuredService } from '../support/secured-service.ts';
import { createTestCa, type TestCertificate } from '../support/test-certificates.ts';
import { UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const SPIFFE = 'spiffe://example.org/ns/media/sa/api';
const MEDIA = {
  owner: 'media',
  scopes: ['uploads:create', 'keys:read', 'keys:write'],
  policy: { max_size: 1_000 },
};
const LIMITED = {
  owner: 'limited',
  scopes: ['uploads:create'],
  rate_limit: { requests: 1, window_seconds: 3_600 },
};
const UPLOAD = { filename: 'a', contentType: 'text/plain', size: 1 };

describe('a client certificate', () => {
  let service: SecuredService;
  let mapped: TestCertificate;
  beforeAll(async () => {
    service = await openSecuredService({
      ...UNREACHABLE_S3,
      PRESIGND_TLS_CLIENT_AUTH: 'optional',
      PRESIGND_TLS_CLIENT_OWNERS: JSON.stringify({ [SPIFFE]: MEDIA, 'dns:limited.internal': LIMITED }),
    });
    mapped = await service.ca.issue({ uri: [SPIFFE] });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  async function send(
    path: string,
    body?: object,
    more: { certificate?: TestCertificate; headers?: object } = {},
  ) {
    const headers = { ...(body && { 'content-type': 'application/json' }), ...more.headers };
    const sent = body ? { method: 'POST', headers, body: JSON.stringify(body) } : { headers };
    const answer = await sendHttp1(
      service.program.url + path,
      sent,
      service.agent(more.certificate ?? mapped),
    );
    return { ...answer, json: JSON.parse(answer.body) };
  }

  it.each(Object.entries(SECURED_WAYS))(
    'is enough for %s, and counts for nothing beside a key',
    async (_, ask) => {
      expect(await ask(service, { certificate: mapped })).toMatch(/^media\//);
      expect(await ask(service, { certificate: mapped, token: service.token })).toMatch(/^acme\//);
    },
  );

  it('is named in the log as who is calling', async () => {
    const { headers } = await send(UPLOAD_PATH, UPLOAD);
    const id = String(headers['x-request-id']);
    await service.program.untilPrinted(id);
    const line = service.program.log().find(({ requestId }) => requestId === id);
    expect(line).toMatchObject({ keyId: `cert:${SPIFFE}`, owner: 'media', code: 'ok' });
  });

  it('is held to its policy and its rate limit', async () => {
    expect((await send(UPLOAD_PATH, { ...UPLOAD, size: 1_001 })).status).toBe(403);
    const certificate = await service.ca.issue({ dns: ['limited.internal'] });
    expect((await send(UPLOAD_PATH, UPLOAD, { certificate })).status).toBe(200);
    expect((await send(UPLOAD_PATH, UPLOAD, { certificate })).status).toBe(429);
  });

  it('is refused like a missing key, byte for byte, where it stands for nobody', async () => {
    const [noEntry, ofOtherCa, bare] = await Promise.all([
      service.ca.issue({ dns: ['other.internal'] }),
      createTestCa('Another CA').then((other) => other.issue({ uri: [SPIFFE] })),
      sendHttp1(service.program.url + UPLOAD_PATH, uploadCall(undefined), service.agent()),
    ]);
    for (const refused of [
      await send(UPLOAD_PATH, UPLOAD, { certificate: noEntry }),
      await send(UPLOAD_PATH, UPLOAD, { certificate: ofOtherCa }),
      await send(UPLOAD_PATH, UPLOAD, { headers: { authorization: 'Bearer wrong' } }),
      await send(UPLOAD_PATH, UPLOAD, { headers: { origin: 'https://evil.example' } }),
    ]) {
      expect(refused.status).toBe(401);
      expect(refused.body).toBe(bare.body);
    }
    await service.program.untilPrinted('names of the certificate: dns:other.internal');
    await service.program.untilPrinted('CERTIFICATE_ORIGIN');
  });

  it('manages keys within its scopes, and stands in the audit log', async () => {
    const made = await send('/v1/api-keys', { name: 'made by a certificate' });
    expect([made.status, made.json.owner, made.json.policy.max_size]).toEqual([200, 'media', 1_000]);
    expect((await send('/v1/api-keys', { name: 'wider', scopes: ['uploads:manage'] })).status).toBe(403);
    const { stdout } = await service.sandbox.run(['keys', 'audit', '--json']);
    expect(stdout).toContain(`cert:${SPIFFE}`);
  });

  it('is told who it is, and makes no upload tokens, which end with their key', async () => {
    const { json } = await send('/v1/api-keys/self');
    expect(json.key).toMatchObject({ id: `cert:${SPIFFE}`, owner: 'media', scopes: MEDIA.scopes });
    const refused = await send('/v1/upload-tokens', { max_files: 1 });
    expect([refused.status, refused.json.message]).toEqual([
      403,
      'This call needs an API key: a client certificate is not enough',
    ]);
  });
});

describe('a client certificate that is revoked', () => {
  it('counts no more as soon as the file of the list says so, on open connections either', async () => {
    await using service = await openSecuredService(
      {
        ...UNREACHABLE_S3,
        PRESIGND_TLS_RELOAD_INTERVAL: '100ms',
        PRESIGND_TLS_CLIENT_OWNERS: JSON.stringify({ [SPIFFE]: MEDIA }),
      },
      { revocable: true },
    );
    const [revoked, good] = await Promise.all([1, 2].map(() => service.ca.issue({ uri: [SPIFFE] })));
    if (revoked === undefined || good === undefined) throw new Error('there are two certificates');
    const ask = SECURED_WAYS['gRPC by grpc-js'];
    expect(await ask?.(service, { certificate: revoked })).toMatch(/^media\//);
    const session = connectHttp2(service.program.url, { ca: service.ca.cert, ...revoked });
    await once(session, 'connect');
    const closed = once(session, 'close');
    await service.revoke(revoked);
    await closed;
    await service.program.untilPrinted('"revokedConnections":1');
    await expect(ask?.(service, { certificate: revoked })).rejects.toThrow();
    expect(await ask?.(service, { certificate: good })).toMatch(/^media\//);
    const { body } = await sendHttp1(`${service.program.url}/metrics`, {}, service.agent(good));
    expect(body).toMatch(/^presignd_tls_client_crl_expiry_seconds \d+$/m);
  });
});

describe('a client', () => {
  it('is hung up on without a certificate where one is demanded, and probes still pass', async () => {
    await using service = await openSecuredService(UNREACHABLE_S3);
    const { url, port } = service.program;
    await expect(sendHttp1(`${url}/livez`, {}, service.agent())).rejects.toThrow();
    const certificate = await service.ca.issue({ dns: ['any.internal'] });
    expect((await sendHttp1(`${url}/livez`, {}, service.agent(certificate))).status).toBe(200);
    const ask = SECURED_WAYS['gRPC by grpc-js'];
    expect(await ask?.(service, { certificate, token: service.token })).toMatch(/^acme\//);
    expect((await sendHttp1(`http://127.0.0.1:${port}/livez`)).status).toBe(200);
    const { body } = await sendHttp1(`${url}/metrics`, {}, service.agent(certificate));
    expect(body).toContain('presignd_tls_failures_total{reason="client-certificate"} 1\n');
  });
});
