import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { openDevService, openServiceOnMinio, type Service } from '../support/service.ts';
import { UPLOAD_PATH, type UploadAnswer, upload } from '../support/upload-calls.ts';
import { refusalFrom } from './s3-refusals.ts';

const BODY = Buffer.from('Hello, world!');
const OTHER = Buffer.from('Hello, World?');
const SHA256 = createHash('sha256').update(BODY).digest('base64');
const FILE = { filename: 'Grüße.txt', contentType: 'text/plain', size: BODY.length };
const NAMED = 'filename="Gr__e.txt"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe.txt';

function describeOptions(
  open: (env?: Readonly<Record<string, string>>) => Promise<Service>,
  refusals: { readonly wrongChecksum: string; readonly headerLeftOut: string },
): void {
  let service: Service;
  beforeAll(async () => {
    service = await open({ PRESIGND_URL_MAX_TTL: '30m' });
  });
  afterAll(() => service[Symbol.asyncDispose]());

  async function ask(request: object, { url, token } = service) {
    const { status, body } = await sendHttp1(url + UPLOAD_PATH, {
      method: 'POST',
      headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
      body: JSON.stringify({ ...FILE, ...request }),
    });
    return { status, answer: JSON.parse(body) };
  }

  async function granted(request: object, asked = service): Promise<UploadAnswer> {
    const { status, answer } = await ask(request, asked);
    expect(answer).toMatchObject({ method: 'PUT' });
    expect(status).toBe(200);
    return answer;
  }

  it('stores the file with all that was asked for', async () => {
    const answer = await granted({
      checksum: { sha256: SHA256 },
      cacheControl: 'max-age=60',
      contentLanguage: 'de',
      contentDisposition: 'attachment',
      metadata: { Who: 'ann', ort: 'Köln' },
      tags: { team: 'blue' },
      storageClass: 'REDUCED_REDUNDANCY',
    });
    expect(answer.headers).toEqual({
      'content-length': '13',
      'content-type': 'text/plain',
      'x-amz-checksum-sha256': SHA256,
      'cache-control': 'max-age=60',
      'content-language': 'de',
      'content-disposition': `attachment; ${NAMED}`,
      'x-amz-meta-who': 'ann',
      'x-amz-meta-ort': '=?UTF-8?B?S8O2bG4=?=',
      'x-amz-tagging': 'team=blue',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    });
    expect((await upload(answer, BODY)).status).toBe(200);
    const read = await fetch(answer.publicUrl, { headers: { 'x-amz-checksum-mode': 'ENABLED' } });
    expect(Buffer.from(await read.arrayBuffer()).equals(BODY)).toBe(true);
    expect(Object.fromEntries(read.headers)).toMatchObject({
      'cache-control': 'max-age=60',
      'content-language': 'de',
      'content-disposition': `attachment; ${NAMED}`,
      'x-amz-meta-who': 'ann',
      'x-amz-checksum-sha256': SHA256,
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    });
  });

  /** Security property: what S3 stores is the very file that the caller has promised. */
  it('does not store other bytes than those of the checksum, nor any without it', async () => {
    const answer = await granted({ checksum: { sha256: SHA256 } });
    expect(refusalFrom(await upload(answer, OTHER))).toBe(refusals.wrongChecksum);
    const { 'x-amz-checksum-sha256': _, ...headers } = answer.headers;
    expect(refusalFrom(await upload({ ...answer, headers }, BODY))).toBe(refusals.headerLeftOut);
    expect((await upload(answer, BODY)).status).toBe(200);
  });

  /** Security property: a URL that leaks after the upload cannot replace the file. */
  it('stores a file once where it may never be overwritten', async () => {
    const answer = await granted({ overwrite: 'never' });
    expect((await upload(answer, BODY)).status).toBe(200);
    expect(refusalFrom(await upload(answer, OTHER))).toBe('412 PreconditionFailed');
    expect(await (await fetch(answer.publicUrl)).text()).toBe(String(BODY));
  });

  /** Security property: a page of a stranger does not run on the site that serves the uploads. */
  it('has pages saved instead of shown, and refuses to have them shown', async () => {
    const page = { filename: 'page.html', contentType: 'text/html' };
    const answer = await granted(page);
    const shown = { ...answer.headers, 'content-disposition': 'inline' };
    expect(refusalFrom(await upload({ ...answer, headers: shown }, BODY))).toBe('403 SignatureDoesNotMatch');
    expect((await upload(answer, BODY)).status).toBe(200);
    const read = await fetch(answer.publicUrl);
    expect(read.headers.get('content-disposition')).toBe('attachment; filename="page.html"');
    expect(await ask({ ...page, contentDisposition: 'inline' })).toMatchObject({
      status: 403,
      answer: { error: 'Forbidden', details: [{ field: 'contentDisposition' }] },
    });
  });

  it('gives the URL the life that was asked for, up to the limit of the settings', async () => {
    for (const seconds of [60, 1800]) {
      const { expiresAt } = await granted({ expiresIn: seconds });
      const left = Date.parse(expiresAt) - Date.now();
      expect([left > (seconds - 30) * 1000, left <= seconds * 1000]).toEqual([true, true]);
    }
    const { status, answer } = await ask({ expiresIn: 1801 });
    expect([status, answer.details]).toEqual([
      400,
      [
        {
          field: 'expiresIn',
          message:
            'must be an integer from 1 to 1800, the longest life in seconds that this server gives a URL',
        },
      ],
    ]);
  });

  it.each<[string, object, string[]]>([
    ['two checksums that S3 would keep', { checksum: { sha256: SHA256, sha1: 'x' } }, ['checksum.sha1']],
    ['a checksum that it does not know', { checksum: { sha512: 'x' } }, ['checksum']],
    ['metadata that is no text', { metadata: { a: 5 } }, ['metadata["a"]']],
    ['metadata that is too much', { metadata: { a: 'x'.repeat(2048) } }, ['metadata']],
    ['an ACL that nobody allowed', { acl: 'public-read' }, ['acl']],
    ['a key of a customer', { encryption: { type: 'customer' } }, ['encryption.type']],
  ])('refuses %s', async (_name, request, fields) => {
    const { status, answer } = await ask(request);
    expect([status, answer.details?.map(({ field }: { field: string }) => field)]).toEqual([400, fields]);
  });

  it('takes what the operator allows, and refuses pages where none are wanted', async () => {
    await using other = await open({ PRESIGND_ALLOWED_ACLS: 'private', PRESIGND_ACTIVE_CONTENT: 'deny' });
    const answer = await granted({ acl: 'private' }, other);
    expect((await upload(answer, BODY)).status).toBe(200);
    const refused = await ask({ filename: 'a.svg', contentType: 'image/svg+xml' }, other);
    expect(refused).toMatchObject({ status: 403, answer: { details: [{ field: 'contentType' }] } });
  });
}

describeWith('minio', 'presignd serve on MinIO', (minio) => {
  describeOptions((env) => openServiceOnMinio(minio, inject('redisUrl'), env), {
    wrongChecksum: '400 XAmzContentChecksumMismatch',
    headerLeftOut: '400 AccessDenied',
  });
});

describe('presignd dev on its own S3', () => {
  describeOptions(openDevService, {
    wrongChecksum: '400 BadDigest',
    headerLeftOut: '403 SignatureDoesNotMatch',
  });
});
