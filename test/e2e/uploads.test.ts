import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { sendHttp1 } from '../support/http-requests.ts';
import { openRawConnection } from '../support/raw-connection.ts';
import { openDevService, openServiceOnMinio, type Service } from '../support/service.ts';
import { type File, getUpload, HELLO, upload } from '../support/upload-calls.ts';
import {
  DENIED,
  FORBIDDEN_VARIATIONS,
  type ForbiddenVariation,
  refusalFrom,
  signedPut,
} from './s3-refusals.ts';

const FILES: Readonly<Record<string, File>> = {
  'a small file': HELLO,
  'an empty file': { filename: 'empty', contentType: 'application/octet-stream', content: Buffer.alloc(0) },
  '5 MiB of random bytes': {
    filename: 'random.bin',
    contentType: 'application/octet-stream',
    content: randomBytes(5 * 2 ** 20),
  },
  'a name in many scripts': { ...HELLO, filename: 'Übergrößenträger – 日本語 عربى 😀.pdf' },
  'a name that looks like a path': { ...HELLO, filename: '../../etc/passwd' },
  'a name of 1024 characters': { ...HELLO, filename: '文'.repeat(1024) },
  'a type with parameters': { ...HELLO, contentType: 'text/html; charset="utf-8"; x=1' },
  'a type that is none': { ...HELLO, contentType: 'example_string' },
};

function describeUploads(
  open: (env?: Readonly<Record<string, string>>) => Promise<Service>,
  refusalOf: (variation: ForbiddenVariation) => string,
): void {
  let service: Service;
  beforeAll(async () => {
    service = await open();
  });
  afterAll(() => service[Symbol.asyncDispose]());

  it.each(Object.entries(FILES))('takes %s and gives it back byte by byte', async (_, file) => {
    const answer = await getUpload(service.url, service.token, file);
    const { status, body } = await upload(answer, file.content);
    expect({ status, body }).toEqual({ status: 200, body: '' });

    const read = await fetch(answer.publicUrl);
    expect(read.status).toBe(200);
    expect(read.headers.get('content-type')).toBe(file.contentType);
    expect(Buffer.from(await read.arrayBuffer()).equals(file.content)).toBe(true);
  });

  /** Security property: the URL allows exactly the upload that was asked for, and S3 itself sees to it. */
  /** Security property: the URL allows exactly the upload that was asked for, and S3 itself sees to it. */
  it.each(FORBIDDEN_VARIATIONS)('does not let an upload pass with $name', async (variation) => {
    const answer = await getUpload(service.url, service.token);
    const { url, ...put } = variation.vary(signedPut(answer, HELLO), answer);
    expect(refusalFrom(await sendHttp1(url, put))).toBe(refusalOf(variation));
    // AWS tells nobody that an object is not there who may not list the bucket.
    expect([403, 404]).toContain((await fetch(answer.publicUrl)).status);
    // The refusal was for the variation: what was signed still passes.
    expect((await upload(answer, HELLO.content)).status).toBe(200);
  });

  it('shows nothing of an upload that broke off', async () => {
    const answer = await getUpload(service.url, service.token);
    const { port, pathname, search, host } = new URL(answer.uploadUrl);
    const connection = await openRawConnection(Number(port));
    const headers = Object.entries(answer.headers).map(([name, value]) => `${name}: ${value}\r\n`);
    connection.send(`PUT ${pathname}${search} HTTP/1.1\r\nHost: ${host}\r\n${headers.join('')}\r\nHello`);
    await delay(200);
    connection.socket.destroy();
    await delay(200);
    expect([403, 404]).toContain((await fetch(answer.publicUrl)).status);
    expect((await upload(answer, HELLO.content)).status).toBe(200);
  });

  it('does not let anyone list or delete through a URL of an upload', async () => {
    const answer = await getUpload(service.url, service.token);
    await upload(answer, HELLO.content);
    const bucketUrl = new URL('.', answer.publicUrl.replace(answer.fileKey, '')).href;
    expect((await fetch(bucketUrl)).status).toBe(403);
    expect((await fetch(answer.publicUrl, { method: 'DELETE' })).status).toBe(403);
    expect((await fetch(answer.publicUrl)).status).toBe(200);
  });

  it('never gives two uploads the same key', async () => {
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => getUpload(service.url, service.token)),
    );
    expect(new Set(answers.map(({ fileKey }) => fileKey)).size).toBe(answers.length);
  });

  /** Security property: a URL that leaks later is worth nothing. */
  it('does not let an upload pass after its URL has expired', async () => {
    await using shortLived = await open({ PRESIGND_URL_TTL: '1s' });
    const answer = await getUpload(shortLived.url, shortLived.token);
    expect(Date.parse(answer.expiresAt)).toBeLessThanOrEqual(Date.now() + 1_000);
    await delay(Date.parse(answer.expiresAt) - Date.now() + 1_500);
    expect(refusalFrom(await upload(answer, HELLO.content))).toBe(DENIED);
  });
}

describeWith('minio', 'presignd serve on MinIO', (minio) => {
  describeUploads(
    (env) => openServiceOnMinio(minio, inject('redisUrl'), env),
    ({ refusalOfMinio, refusal }) => refusalOfMinio ?? refusal,
  );
});

describe('presignd dev on its own S3', () => {
  describeUploads(openDevService, ({ refusal }) => refusal);
});
