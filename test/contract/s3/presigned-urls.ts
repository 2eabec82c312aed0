import { HeadObjectCommand, PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access, sdkOutcome, withParameter } from './client.ts';
import { type HttpAnswer, send } from './http.ts';
import { AWS_ANSWERS, expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

const HOUR_MS = 3_600_000;

/** Makes a presigned PUT that has to be refused. */
type Forgery = (
  s3: S3Access,
  key: string,
  subject: S3Subject,
) => Promise<{
  readonly url: string;
  readonly method?: string;
  readonly headers?: Record<string, string>;
}>;

const FORGERIES = {
  'another signature': async (s3, Key) => {
    const url = await s3.presignPut({ Key });
    const signature = new URL(url).searchParams.get('X-Amz-Signature') ?? '';
    const other = (signature.startsWith('a') ? 'b' : 'a') + signature.slice(1);
    return { url: withParameter(url, 'X-Amz-Signature', other) };
  },
  'no signature': async (s3, Key) => ({
    url: withParameter(await s3.presignPut({ Key }), 'X-Amz-Signature', undefined),
  }),
  'another key in the path': async (s3, Key) => ({
    url: (await s3.presignPut({ Key: `${Key}.other` })).replace('.other', ''),
  }),
  'another bucket in the path': async (s3, Key, { bucket, publicBucket }) => ({
    url: (await s3.presignPut({ Key })).replace(`/${bucket}/`, `/${publicBucket}/`),
  }),
  'another method': async (s3, Key) => ({ url: await s3.presignGet({ Key }) }),
  'a longer expiry': async (s3, Key) => ({
    url: withParameter(await s3.presignPut({ Key }), 'X-Amz-Expires', '9999'),
  }),
  'an added parameter': async (s3, Key) => ({
    url: withParameter(await s3.presignPut({ Key }), 'response-expires', '1'),
  }),
  'an unknown access key id': async (_, Key, subject) => ({
    url: await presignAs(subject, { credentials: { accessKeyId: 'AKIANOBODY', secretAccessKey: 'x' } }, Key),
  }),
  'another secret key': async (_, Key, subject) => ({
    url: await presignAs(
      subject,
      { credentials: { accessKeyId: subject.accessKeyId, secretAccessKey: 'another-secret' } },
      Key,
    ),
  }),
  'another region': async (_, Key, subject) => ({
    url: await presignAs(subject, { region: 'xx-nowhere-9' }, Key),
  }),
  'an expired URL': async (s3, Key) => ({
    url: await s3.presignPut({ Key }, { expiresIn: 60, signingDate: new Date(Date.now() - HOUR_MS) }),
  }),
  'a URL of the future': async (s3, Key) => ({
    url: await s3.presignPut({ Key }, { signingDate: new Date(Date.now() + HOUR_MS) }),
  }),
  'an expiry beyond a week': async (s3, Key) => ({
    url: withParameter(await s3.presignPut({ Key }), 'X-Amz-Expires', '604801'),
  }),
  'an expiry that is no number': async (s3, Key) => ({
    url: withParameter(await s3.presignPut({ Key }), 'X-Amz-Expires', '1e3'),
  }),
  'a session token nobody issued': async (_, Key, { accessKeyId, secretAccessKey, ...subject }) => ({
    url: await presignAs(
      { ...subject, accessKeyId, secretAccessKey },
      { credentials: { accessKeyId, secretAccessKey, sessionToken: 'nobody-issued-this' } },
      Key,
    ),
  }),
  'a signature in query and header': async (s3, Key) => ({
    url: await s3.presignPut({ Key }),
    headers: { authorization: 'AWS4-HMAC-SHA256 Credential=x,SignedHeaders=host,Signature=y' },
  }),
  'an unsigned x-amz-* header': async (s3, Key) => ({
    url: await s3.presignPut({ Key }),
    headers: { 'x-amz-meta-added': 'later' },
  }),
  'a signed header left out': async (s3, Key) => ({
    url: await s3.presignPut(
      { Key, ContentType: 'image/png' },
      { signableHeaders: new Set(['content-type']) },
    ),
  }),
  'a signed header changed': async (s3, Key) => ({
    url: await s3.presignPut(
      { Key, ContentType: 'image/png' },
      { signableHeaders: new Set(['content-type']) },
    ),
    headers: { 'content-type': 'text/html' },
  }),
} as const satisfies Partial<Record<S3Request, Forgery>>;

/** What presigned URLs and signed requests allow, and nothing beyond it. */
export function describePresignedUrls(subjectOf: () => S3Subject): void {
  describe('signatures', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    it('accepts presigned PUT, GET, HEAD and DELETE', async () => {
      const key = s3.newKey();
      const stored = await send('PUT', await s3.presignPut({ Key: key }), { body: 'hello world' });
      expect(stored.outcome).toBe('200');
      expect(stored.headers.etag).toBe('"5eb63bbbe01eeed093cb22bb8f5acdc3"');
      const read = await s3.get(key);
      expect([read.outcome, read.body.toString()]).toEqual(['200', 'hello world']);
      const head = await send('HEAD', await s3.presignHead(key));
      expect([head.status, head.headers['content-length'], head.headers.etag]).toEqual([
        200,
        '11',
        stored.headers.etag,
      ]);
      expect((await send('DELETE', await s3.presignDelete(key))).outcome).toBe('204');
      expect((await s3.get(key)).outcome).toBe('404 NoSuchKey');
    });

    it('names the request and the time in every answer', async () => {
      for (const answer of [await s3.get(s3.newKey()), await s3.put(s3.newKey(), 'x')]) {
        expect(requestId(answer)).toMatch(/^[0-9A-Z]{16}$/);
        expect(Date.parse(answer.headers.date ?? '')).not.toBeNaN();
      }
      const refused = await s3.get(s3.newKey());
      expect(refused.body.toString()).toContain(`<RequestId>${requestId(refused)}</RequestId>`);
    });

    for (const [request, forge] of Object.entries(FORGERIES) as [keyof typeof FORGERIES, Forgery][]) {
      /** A URL is all an uploader has; whatever it changes in it, it must not get to store anything. */
      it(`refuses a presigned PUT with ${request}, and stores nothing`, async () => {
        const key = s3.newKey();
        const { url, headers = {} } = await forge(s3, key, subject);
        const answer = await send('PUT', url, { body: 'forged', headers });
        expect(answer.outcome).toBe(expectedAnswer(subject, request));
        const stored = await s3.get(key);
        // Where a server is known to accept the request, that it does is part of its contract.
        expect(stored.outcome).toBe(answer.status === 200 ? '200' : '404 NoSuchKey');
      });
    }

    /** A URL for uploading must not turn into one for destroying. */
    it('refuses to delete with a URL for PUT', async () => {
      const key = s3.newKey();
      await s3.put(key, 'kept');
      const answer = await send('DELETE', await s3.presignPut({ Key: key }));
      expect(answer.outcome).toBe(AWS_ANSWERS['another method']);
      expect((await s3.get(key)).body.toString()).toBe('kept');
    });

    it('binds the length, when it is signed, to the byte', async () => {
      for (const [body, outcome] of [
        ['12345', '200'],
        ['123456', '403 SignatureDoesNotMatch'],
        ['1234', '403 SignatureDoesNotMatch'],
        ['', '403 SignatureDoesNotMatch'],
      ] as const) {
        const key = s3.newKey();
        const url = await s3.presignPut({ Key: key, ContentLength: 5 });
        expect([body, (await send('PUT', url, { body })).outcome]).toEqual([body, outcome]);
        expect((await s3.get(key)).status).toBe(outcome === '200' ? 200 : 404);
      }
    });

    it('does not take a chunked body where a length is signed', async () => {
      const key = s3.newKey();
      const url = await s3.presignPut({ Key: key, ContentLength: 5 });
      const answer = await send('PUT', url, { body: 'x'.repeat(100), isChunked: true });
      const request = 'a chunked body where a length is signed';
      expect([expectedAnswer(subject, request), '403 SignatureDoesNotMatch']).toContain(answer.outcome);
      expect((await s3.get(key)).status).toBe(404);
    });

    it('accepts signed headers as they were signed, and binds metadata among them', async () => {
      const key = s3.newKey();
      const url = await s3.presignPut(
        { Key: key, ContentType: 'image/png', Metadata: { who: 'ann' } },
        { signableHeaders: new Set(['content-type']), unhoistableHeaders: new Set(['x-amz-meta-who']) },
      );
      const headers = { 'content-type': 'image/png', 'x-amz-meta-who': 'ann' };
      const forged = await send('PUT', url, { body: 'x', headers: { ...headers, 'x-amz-meta-who': 'bob' } });
      expect(forged.outcome).toBe('403 SignatureDoesNotMatch');
      expect((await send('PUT', url, { body: 'x', headers })).outcome).toBe('200');
      const stored = await s3.client.send(new HeadObjectCommand({ Bucket: subject.bucket, Key: key }));
      expect([stored.ContentType, stored.Metadata]).toEqual(['image/png', { who: 'ann' }]);
    });

    it('accepts requests signed in the Authorization header, and refuses forged ones', async () => {
      const command = (): PutObjectCommand =>
        new PutObjectCommand({ Bucket: subject.bucket, Key: s3.newKey(), Body: 'x' });
      await expect(sdkOutcome(s3.client.send(command()))).resolves.toBe('200');
      const forger = accessTo(subject, {
        credentials: { accessKeyId: subject.accessKeyId, secretAccessKey: 'another-secret' },
      });
      expect(await sdkOutcome(forger.client.send(command()))).toBe(
        expectedAnswer(subject, 'a header signature of another secret'),
      );
      forger.destroy();
    });

    it('refuses a header signature that is too old or too new', async () => {
      for (const systemClockOffset of [-HOUR_MS, HOUR_MS]) {
        const skewed = accessTo(subject, { systemClockOffset });
        const command = new PutObjectCommand({ Bucket: subject.bucket, Key: s3.newKey(), Body: 'x' });
        expect(await sdkOutcome(skewed.client.send(command))).toBe(
          expectedAnswer(subject, 'a header signature of another time'),
        );
        skewed.destroy();
      }
    });
  });
}

async function presignAs(
  subject: S3Subject,
  config: NonNullable<Parameters<typeof accessTo>[1]>,
  Key: string,
): Promise<string> {
  const other = accessTo(subject, config);
  try {
    return await other.presignPut({ Key });
  } finally {
    other.destroy();
  }
}

/** Node joins headers of one name, and the Versity gateway sends this one twice. */
function requestId({ headers }: HttpAnswer): string {
  return [...new Set(String(headers['x-amz-request-id']).split(', '))].join(', ');
}
