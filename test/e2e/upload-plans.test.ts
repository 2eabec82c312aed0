import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { openDevService, openServiceOnMinio, type Service } from '../support/service.ts';
import { refusalFrom } from './s3-refusals.ts';

const MIB = 1_048_576;
const BODY = Buffer.from('Hello, world!');
const FILE = { filename: 'hello.txt', contentType: 'text/plain', size: BODY.length };
const ORIGIN = 'https://app.example';

interface Asked {
  readonly method?: string;
  readonly token?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

/** As an application and its users see them: nothing here knows more than the documentation says. */
function describeUploads(open: () => Promise<Service>): void {
  let service: Service;
  /** A key that may also read. */
  let key: { readonly id: string; readonly token: string };
  beforeAll(async () => {
    service = await open();
    key = await service.sandbox.createKey(['--scopes', 'uploads:create,uploads:read', '--owner', 'default']);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  async function call(path: string, body?: object, asked: Asked = {}) {
    const { method = body === undefined ? 'GET' : 'POST', token = key.token, headers } = asked;
    const { status, body: text } = await sendHttp1(service.url + path, {
      method,
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}`, ...headers },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    return { status, answer: JSON.parse(text) };
  }

  async function granted(path: string, body?: object, asked?: Asked) {
    const { status, answer } = await call(path, body, asked);
    expect([status, answer.message]).toEqual([200, undefined]);
    return answer;
  }

  /** As browsers send a form, which sets the boundary and the order by itself. */
  function post(
    { url, fields }: { url: string; fields: Record<string, string> },
    content: Uint8Array<ArrayBuffer>,
  ) {
    const form = new FormData();
    for (const [name, value] of Object.entries(fields)) form.append(name, value);
    form.append('file', new Blob([content]), 'hello.txt');
    return fetch(url, { method: 'POST', body: form });
  }

  it('plans a PUT, tells how it stands, and completes it once it is there', async () => {
    const { uploadId, put, kind, fileKey, publicUrl } = await granted('/v1/uploads', FILE);
    expect([kind, put.method]).toEqual(['put', 'PUT']);
    expect(await granted(`/v1/uploads/${uploadId}`)).toMatchObject({ state: 'pending', size: 13, fileKey });
    const early = await call(`/v1/uploads/${uploadId}:complete`, {});
    expect([early.status, early.answer.code]).toEqual([409, 409]);
    const sent = await sendHttp1(put.url, { method: 'PUT', headers: put.headers, body: BODY });
    expect(sent.status).toBe(200);
    const done = await granted(`/v1/uploads/${uploadId}:complete`, {});
    expect(done).toMatchObject({ fileKey, publicUrl, size: 13, contentType: 'text/plain' });
    expect(await (await fetch(done.publicUrl)).text()).toBe(String(BODY));
    expect(await granted(`/v1/uploads/${uploadId}`)).toMatchObject({ state: 'complete', received: 13 });
    expect((await call(`/v1/uploads/${uploadId}`, undefined, { method: 'DELETE' })).status).toBe(409);
  });

  it('plans a form that browsers can send, within its range and its family of types only', async () => {
    const { uploadId, kind, form } = await granted('/v1/uploads', {
      filename: 'photo.png',
      contentType: 'image/*',
      minSize: 1,
      maxSize: 100,
      metadata: { who: 'ann' },
    });
    expect([kind, form.contentTypePrefix, form.maxSize]).toEqual(['form', 'image/', 100]);
    const typed = (type: string) => ({ ...form, fields: { ...form.fields, 'Content-Type': type } });
    const outcome = async (response: Response) =>
      refusalFrom({ status: response.status, headers: {}, body: await response.text() });
    expect(await outcome(await post(typed('text/html'), BODY))).toBe('403 AccessDenied');
    expect(await outcome(await post(typed('image/png'), Buffer.alloc(101)))).toBe('400 EntityTooLarge');
    expect(await outcome(await post(typed('image/png'), Buffer.alloc(0)))).toBe('400 EntityTooSmall');
    expect((await post(typed('image/png'), BODY)).status).toBe(201);
    expect(await granted(`/v1/uploads/${uploadId}:complete`, {})).toMatchObject({
      size: 13,
      contentType: 'image/png',
    });
  });

  it('plans 10,000 parts, signs any 1000 of them, and frees them', async () => {
    const { uploadId, multipart } = await granted('/v1/uploads', {
      ...FILE,
      size: 10_000 * 16 * MIB,
      signParts: 1_000,
    });
    expect([multipart.partCount, multipart.parts.length]).toEqual([10_000, 1_000]);
    const { parts } = await granted(`/v1/uploads/${uploadId}/parts:sign`, {
      ranges: [{ first: 9_001, last: 10_000 }],
    });
    expect(parts.at(-1)).toMatchObject({ partNumber: 10_000, size: 16 * MIB, offset: 9_999 * 16 * MIB });
    expect(await granted(`/v1/uploads/${uploadId}/parts`)).toMatchObject({
      parts: [],
      missing: [{ first: 1, last: 10_000 }],
      partCount: 10_000,
    });
    await granted(`/v1/uploads/${uploadId}`, undefined, { method: 'DELETE' });
    await granted(`/v1/uploads/${uploadId}`, undefined, { method: 'DELETE' });
    expect(await granted(`/v1/uploads/${uploadId}`)).toMatchObject({ state: 'gone' });
  });

  it('plans a batch, each file by itself', async () => {
    const { results } = await granted('/v1/uploads:batch', {
      uploads: [FILE, { ...FILE, size: -1 }, { ...FILE, destination: 'nowhere' }, { ...FILE, filename: '' }],
    });
    expect(results[0].upload).toMatchObject({ kind: 'put' });
    const errors = results
      .slice(1)
      .map(({ error }: { error: { code: number; details: [{ field: string }] } }) => [
        error.code,
        error.details[0].field,
      ]);
    expect(errors).toEqual([
      [400, 'size'],
      [400, 'destination'],
      [400, 'filename'],
    ]);
    const tooMany = await call('/v1/uploads:batch', { uploads: Array.from({ length: 101 }, () => FILE) });
    expect(tooMany.status).toBe(400);
  });

  it('makes the same upload for the same request and key, and none for another request', async () => {
    const headers = { 'idempotency-key': 'once' };
    const first = await granted('/v1/uploads', FILE, { headers });
    const again = await granted('/v1/uploads', FILE, { headers });
    expect([again.uploadId, again.fileKey]).toEqual([first.uploadId, first.fileKey]);
    const other = await call('/v1/uploads', { ...FILE, size: 14 }, { headers });
    expect([other.status, other.answer.error]).toEqual([409, 'Conflict']);
    const put = await granted('/v1/upload/s3', FILE, { headers });
    expect((await granted('/v1/upload/s3', FILE, { headers })).fileKey).toBe(put.fileKey);
  });

  it('lets what was uploaded be read, by those whose it is', async () => {
    const { uploadId, put, fileKey } = await granted('/v1/uploads', FILE);
    await sendHttp1(put.url, { method: 'PUT', headers: put.headers, body: BODY });
    for (const request of [{ uploadId }, { fileKey }]) {
      const { url } = await granted('/v1/downloads', {
        ...request,
        contentDisposition: 'attachment',
        filename: 'Grüße.txt',
      });
      const read = await fetch(url, { headers: { range: 'bytes=0-4' } });
      expect([read.status, await read.text()]).toEqual([206, 'Hello']);
      expect(read.headers.get('content-disposition')).toContain("filename*=UTF-8''Gr%C3%BC%C3%9Fe.txt");
    }
    const stranger = await service.sandbox.createKey([
      '--scopes',
      'uploads:create,uploads:read',
      '--owner',
      'stranger',
    ]);
    const asked = { token: stranger.token };
    expect((await call('/v1/downloads', { uploadId }, asked)).status).toBe(404);
    expect((await call('/v1/downloads', { fileKey }, asked)).status).toBe(403);
    expect((await call(`/v1/uploads/${uploadId}`, undefined, asked)).status).toBe(404);
    const writer = await service.sandbox.createKey(['--owner', 'default']);
    expect((await call('/v1/downloads', { uploadId }, { token: writer.token })).status).toBe(403);
    const { results } = await granted('/v1/downloads:batch', {
      downloads: [{ uploadId }, { fileKey: 'stranger/x' }],
    });
    expect([results[0].download.fileKey, results[1].error.code]).toEqual([fileKey, 403]);
  });

  it('verifies the checksum that was declared, as S3 keeps it', async () => {
    const sha256 = createHash('sha256').update(BODY).digest('base64');
    const { uploadId, put } = await granted('/v1/uploads', { ...FILE, checksum: { sha256 } });
    await sendHttp1(put.url, { method: 'PUT', headers: put.headers, body: BODY });
    expect(await granted(`/v1/uploads/${uploadId}:complete`, {})).toMatchObject({
      checksum: { algorithm: 'sha256', value: sha256, type: 'full_object' },
    });
  });

  describe('an upload token', () => {
    const asToken = (token: string, origin = ORIGIN): Asked => ({ token, headers: { origin } });

    it('plans, signs and completes what it says, from its origin, and nothing else', async () => {
      const { token } = await granted('/v1/upload-tokens', {
        origin: ORIGIN,
        maxFiles: 2,
        policy: { contentTypes: ['text/plain'], keyPrefix: 'users/42/', maxSize: 100 },
      });
      expect(token).toMatch(/^pse_upl_1[A-Za-z0-9_-]+$/);
      const { uploadId, put, fileKey } = await granted('/v1/uploads', FILE, asToken(token));
      expect(fileKey).toContain('/users/42/');
      await sendHttp1(put.url, { method: 'PUT', headers: put.headers, body: BODY });
      await granted(`/v1/uploads/${uploadId}:complete`, {}, asToken(token));
      for (const [path, body, status] of [
        ['/v1/uploads', { ...FILE, contentType: 'image/png', filename: 'a.png' }, 403],
        ['/v1/uploads', { ...FILE, size: 101 }, 403],
        ['/v1/upload-tokens', {}, 403],
        ['/v1/downloads', { uploadId }, 403],
        ['/v1/api-keys', undefined, 403],
      ] as const)
        expect([path, (await call(path, body, asToken(token))).status]).toEqual([path, status]);
      expect((await call('/v1/uploads', FILE, asToken(token, 'https://evil.example'))).status).toBe(401);
      expect((await call('/v1/uploads', FILE, { token })).status).toBe(401);
      expect((await call('/v1/uploads', FILE, asToken(`${token.slice(0, -1)}x`))).status).toBe(401);
      await granted('/v1/uploads', FILE, asToken(token));
      expect((await call('/v1/uploads', FILE, asToken(token))).status).toBe(403);
    });

    /** For upload clients that can be given a base URL, and no header. */
    it('may stand in the path, and reaches nothing else there', async () => {
      const { token } = await granted('/v1/upload-tokens', {});
      const nobody = { token: '', headers: { authorization: '' } };
      const base = `/as/${token}`;
      const { uploadId, put } = await granted(`${base}/v1/uploads`, FILE, nobody);
      await sendHttp1(put.url, { method: 'PUT', headers: put.headers, body: BODY });
      expect(await granted(`${base}/v1/uploads/${uploadId}:complete`, {}, nobody)).toMatchObject({
        size: 13,
      });
      expect((await call(`${base}/v1/downloads`, { uploadId }, nobody)).status).toBe(403);
      expect((await call(`${base}/health`, undefined, nobody)).status).toBe(404);
      expect((await call(`/as/${key.token}/v1/uploads`, FILE, nobody)).status).toBe(404);
      expect(service.program.output()).not.toContain(token.slice(0, 40));
    });

    it('ends with its key', async () => {
      const other = await service.sandbox.createKey();
      const { token } = await granted('/v1/upload-tokens', {}, { token: other.token });
      await granted('/v1/uploads', FILE, { token });
      await service.sandbox.revokeKey(other.id);
      await expect
        .poll(async () => (await call('/v1/uploads', FILE, { token })).status, { timeout: 5_000 })
        .toBe(401);
    });

    it('is in no log', async () => {
      const { token } = await granted('/v1/upload-tokens', {});
      await call('/v1/uploads', FILE, { token });
      await call(`/v1/uploads/${token}`, undefined, {});
      expect(service.program.output()).not.toContain(token.slice(0, 40));
    });
  });
}

describeWith('minio', 'presignd serve on MinIO', (minio) => {
  describeUploads(() => openServiceOnMinio(minio, inject('redisUrl')));
});

describe('presignd dev on its own S3', () => {
  describeUploads(openDevService);
});
