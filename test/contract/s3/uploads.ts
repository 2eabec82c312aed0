import http from 'node:http';
import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { presignWithHeaders, putWithSignedHeaders } from './signed-put.ts';
import { expectedAnswer, type S3Subject } from './subject.ts';

const BODY = 'hello world';

/** What a PUT stores, and when it stores nothing. */
export function describeUploads(subjectOf: () => S3Subject): void {
  describe('uploads', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    it('stores an empty object and replaces an object', async () => {
      const key = s3.newKey();
      await s3.put(key, 'a long first version');
      await s3.put(key, '');
      const read = await s3.get(key);
      expect([read.status, read.body.length]).toEqual([200, 0]);
      await s3.put(key, 'third');
      expect((await s3.get(key)).body.toString()).toBe('third');
    });

    it('keeps the headers of the content and the metadata, also from the query of the URL', async () => {
      const Key = s3.newKey();
      await s3.client.send(
        new PutObjectCommand({
          Bucket: subject.bucket,
          Key,
          Body: BODY,
          ContentType: 'text/csv',
          ContentDisposition: 'attachment; filename="a.csv"',
          ContentEncoding: 'identity',
          ContentLanguage: 'de',
          CacheControl: 'no-cache',
          Metadata: { who: 'ann' },
        }),
      );
      const { headers } = await s3.get(Key);
      expect(headers).toMatchObject({
        'content-type': 'text/csv',
        'content-disposition': 'attachment; filename="a.csv"',
        'content-encoding': 'identity',
        'content-language': 'de',
        'cache-control': 'no-cache',
        'x-amz-meta-who': 'ann',
      });
      const other = s3.newKey();
      await s3.put(other, BODY, { Metadata: { hoisted: 'yes' } });
      expect((await s3.get(other)).headers['x-amz-meta-hoisted']).toBe('yes');
    });

    it('refuses more metadata than 2 KB', async () => {
      const { outcome } = await putWithSignedHeaders(
        s3,
        { 'x-amz-meta-big': 'x'.repeat(2050) },
        { body: BODY },
      );
      expect(outcome).toBe(expectedAnswer(subject, 'metadata over 2 KB'));
    });

    it('refuses a body without a length', async () => {
      const { outcome } = await putWithSignedHeaders(s3, {}, { body: BODY, isChunked: true });
      expect(outcome).toBe(expectedAnswer(subject, 'a body without a length'));
    });

    it('refuses a length over 5 GiB before the body comes', async () => {
      const key = s3.newKey();
      const outcome = await sendHeaderOnly(await s3.presignPut({ Key: key }), {
        'content-length': '5368709121',
      });
      expect(outcome).toBe(expectedAnswer(subject, 'a length over 5 GiB'));
    });

    it('refuses to overwrite with If-None-Match: *, and lets one of many writers win', async () => {
      const key = s3.newKey();
      const url = await presignWithHeaders(s3, key, { 'if-none-match': '*' });
      const attempt = (body: string) => send('PUT', url, { body, headers: { 'if-none-match': '*' } });
      const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => attempt(`writer ${index}`)));
      const winners = answers.flatMap(({ status }, index) => (status === 200 ? [`writer ${index}`] : []));
      expect(winners).toHaveLength(1);
      const refused = answers.find(({ status }) => status !== 200)?.outcome;
      expect([expectedAnswer(subject, 'a key that exists'), '409 ConditionalRequestConflict']).toContain(
        refused,
      );
      expect((await attempt('late')).outcome).toBe(expectedAnswer(subject, 'a key that exists'));
      expect((await s3.get(key)).body.toString()).toBe(winners[0]);
    });

    /** Leaving the condition out must not turn a create-only URL into one that overwrites. */
    it('refuses a PUT without the If-None-Match that was signed', async () => {
      const key = s3.newKey();
      const url = await presignWithHeaders(s3, key, { 'if-none-match': '*' });
      const answer = await send('PUT', url, { body: BODY });
      expect(answer.outcome).toBe(expectedAnswer(subject, 'a signed header left out'));
      expect((await s3.get(key)).status).toBe(404);
    });

    it('leaves nothing of an upload that broke off, and keeps the object it would have replaced', async () => {
      const [fresh, existing] = [s3.newKey(), s3.newKey()];
      await s3.put(existing, 'old');
      for (const key of [fresh, existing]) {
        const broken = send('PUT', await s3.presignPut({ Key: key }), {
          body: Buffer.alloc(400_000),
          headers: { 'content-length': '400000' },
          cutAfter: 200_000,
        });
        await expect(broken).rejects.toThrow('cut on purpose');
      }
      expect((await s3.get(fresh)).outcome).toBe('404 NoSuchKey');
      expect((await s3.get(existing)).body.toString()).toBe('old');
    });

    it('asks a client that waits for it to send the body, and refuses a bad one before', async () => {
      const key = s3.newKey();
      const url = await s3.presignPut({ Key: key });
      expect(await sendExpecting(url, BODY)).toEqual({ status: 200, wasAsked: true });
      expect((await s3.get(key)).body.toString()).toBe(BODY);
      const forged = url.replace(/X-Amz-Signature=./, 'X-Amz-Signature=z');
      expect(await sendExpecting(forged, BODY)).toEqual({ status: 403, wasAsked: false });
    });
  });
}

/** Sends the header of a request whose body never comes, and tells the outcome, or that there was none in a second. */
function sendHeaderOnly(url: string, headers: Record<string, string>): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = http.request(url, { method: 'PUT', headers, agent: false }, async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      resolve(`${response.statusCode} ${/<Code>([^<]+)</.exec(text)?.[1]}`);
      request.destroy();
    });
    request.on('error', reject);
    request.setTimeout(1_000, () => {
      resolve('waits for the body');
      request.destroy();
    });
    request.flushHeaders();
  });
}

function sendExpecting(
  url: string,
  body: string,
): Promise<{ status: number | undefined; wasAsked: boolean }> {
  return new Promise((resolve, reject) => {
    let wasAsked = false;
    const headers = { expect: '100-continue', 'content-length': String(body.length) };
    const request = http.request(url, { method: 'PUT', headers, agent: false }, (response) => {
      response.resume();
      response.on('end', () => {
        resolve({ status: response.statusCode, wasAsked });
        request.destroy();
      });
    });
    request.on('continue', () => {
      wasAsked = true;
      request.end(body);
    });
    request.on('error', reject);
    request.flushHeaders();
  });
}
