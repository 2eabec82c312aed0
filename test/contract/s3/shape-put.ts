import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { UploadOptions } from '../../../src/uploads/upload.ts';
import { accessTo, type S3Access, withParameter } from './client.ts';
import { type HttpAnswer, send } from './http.ts';
import {
  ACME,
  bytesOf,
  crc32Of,
  headersFor,
  openShapeRoom,
  reasonOf,
  type ShapeRoom,
} from './shape-fixture.ts';
import { expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

const BODY = bytesOf(1_000);
const OTHER = bytesOf(1_000, 'other');

interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

/** Each way in which a PUT differs from its plan, and what S3 says to it. */
const FORBIDDEN: Readonly<
  Record<
    string,
    { readonly request: S3Request; readonly vary: (url: string, headers: Record<string, string>) => Sent }
  >
> = {
  'one byte more': {
    request: 'a signed header changed',
    vary: (_url, headers) => withBody(headers, Buffer.concat([BODY, Buffer.from('!')])),
  },
  'one byte less': {
    request: 'a signed header changed',
    vary: (_url, headers) => withBody(headers, BODY.subarray(1)),
  },
  'another type': {
    request: 'a signed header changed',
    vary: (_url, headers) => ({ headers: { ...headers, 'content-type': 'text/html' } }),
  },
  'no type': {
    request: 'a signed header left out',
    vary: (_url, { 'content-type': _, ...headers }) => ({ headers }),
  },
  'other bytes than those of the checksum': {
    request: 'a checksum of other bytes',
    vary: () => ({ body: OTHER }),
  },
  'another checksum': {
    request: 'a signed header changed',
    vary: (_url, headers) => ({
      body: OTHER,
      headers: { ...headers, 'x-amz-checksum-crc32': crc32Of(OTHER) },
    }),
  },
  'no checksum': {
    request: 'a signed header left out',
    vary: (_url, { 'x-amz-checksum-crc32': _, ...headers }) => ({ headers }),
  },
  'no condition': {
    request: 'a signed header left out',
    vary: (_url, { 'if-none-match': _, ...headers }) => ({ headers }),
  },
  'metadata beside': {
    request: 'an unsigned x-amz-* header',
    vary: (_url, headers) => ({ headers: { ...headers, 'x-amz-meta-added': 'later' } }),
  },
  'another key': {
    request: 'another key in the path',
    vary: (url) => ({ url: url.replace(/\?/, 'x?') }),
  },
  'another method': { request: 'another method', vary: () => ({ method: 'DELETE' }) },
  'a longer life': {
    request: 'a longer expiry',
    vary: (url) => ({ url: withParameter(url, 'X-Amz-Expires', '604800') }),
  },
};

const OPTIONS: UploadOptions = {
  checksum: { kept: { algorithm: 'crc32', value: crc32Of(BODY) } },
  overwrite: 'never',
};

/** A planned PUT: S3 takes what was planned, once, and nothing else. */
export function describePutShape(getSubject: () => S3Subject): void {
  describe('a planned PUT', () => {
    let subject: S3Subject;
    let s3: S3Access;
    let room: ShapeRoom;

    beforeAll(async () => {
      subject = getSubject();
      s3 = accessTo(subject);
      room = await openShapeRoom(subject);
    });
    afterAll(() => {
      room[Symbol.dispose]();
      s3.destroy();
    });

    const request = {
      filename: 'a.bin',
      contentType: 'application/x-test',
      sizeBytes: BODY.length,
      options: OPTIONS,
    };

    async function planned(uploads = room.uploads, expiresInSeconds = 300) {
      const created = await uploads.create({ ...request, options: { ...OPTIONS, expiresInSeconds } }, ACME);
      const { plan } = created;
      if (plan.kind !== 'put') throw new Error(`planned as ${plan.kind}`);
      const sendIt = ({ method = 'PUT', url = plan.url, headers = plan.headers, body = BODY }: Sent = {}) =>
        send(method, url, { headers, body });
      return { ...created, plan, sendIt };
    }

    it('is stored byte for byte, once, and then complete', async () => {
      const { uploadId, objectKey, sendIt } = await planned();
      expect(await reasonOf(room.uploads.complete(uploadId, [], ACME))).toBe('UPLOAD_INCOMPLETE');
      expect((await sendIt()).outcome).toBe('200');
      expect((await sendIt()).outcome).toBe(expectedAnswer(subject, 'a key that exists'));
      expect((await s3.get(objectKey)).body.equals(BODY)).toBe(true);
      const { object } = await room.uploads.complete(uploadId, [], ACME);
      expect(object).toMatchObject({
        sizeBytes: BODY.length,
        contentType: request.contentType,
        checksum: { algorithm: 'crc32', value: crc32Of(BODY), type: 'full_object' },
      });
      expect(await room.uploads.status(uploadId, ACME)).toMatchObject({ state: 'complete' });
      expect(await reasonOf(room.uploads.abort(uploadId, ACME))).toBe('UPLOAD_COMPLETED');
    });

    it.each(Object.keys(FORBIDDEN))('is refused with %s, and nothing is stored', async (name) => {
      const { plan, objectKey, sendIt } = await planned();
      const { request: asked, vary } = FORBIDDEN[name] ?? never(name);
      const answer: HttpAnswer = await sendIt(vary(plan.url, { ...plan.headers }));
      expect(answer.outcome).toBe(expectedAnswer(subject, asked));
      expect((await s3.get(objectKey)).status).toBe(404);
    });

    it('is refused after its life', async () => {
      const { objectKey, sendIt } = await planned(room.past, 60);
      expect((await sendIt()).outcome).toBe(expectedAnswer(subject, 'an expired URL'));
      expect((await s3.get(objectKey)).status).toBe(404);
    });

    it('is read through a download that overrides how S3 answers, and in ranges', async () => {
      const { uploadId, sendIt } = await planned();
      await sendIt();
      const { url } = await room.uploads.createDownload(
        { uploadId, contentDisposition: 'attachment', filename: 'Grüße.bin', contentType: 'text/x-other' },
        ACME,
      );
      const answer = await send('GET', url, { headers: { range: 'bytes=0-99' } });
      expect([answer.status, answer.body.equals(BODY.subarray(0, 100))]).toEqual([206, true]);
      expect(answer.headers).toMatchObject({
        'content-type': 'text/x-other',
        'content-disposition': 'attachment; filename="Gr__e.bin"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe.bin',
      });
      const changed = withParameter(url, 'response-content-type', 'text/html');
      expect((await send('GET', changed)).status).toBe(403);
      expect((await send('PUT', url, { body: BODY })).status).toBe(403);
    });
  });
}

function withBody(headers: Record<string, string>, body: Buffer): Sent {
  return { body, headers: headersFor(headers, body) };
}

function never(name: string): never {
  throw new Error(`no variation ${name}`);
}
