import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { IssuedPart } from '../../../src/uploads/outcomes.ts';
import type { PlanRequest } from '../../../src/uploads/plan.ts';
import { accessTo, type S3Access, withParameter } from './client.ts';
import { send } from './http.ts';
import {
  ACME,
  bytesOf,
  crc32Of,
  headersFor,
  MIB,
  openShapeRoom,
  reasonOf,
  type ShapeRoom,
  sha256Of,
} from './shape-fixture.ts';
import { expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

const PART = 5 * MIB;
const FILE = Buffer.concat([bytesOf(PART, 'first'), bytesOf(PART, 'second'), bytesOf(7, 'last')]);

const REQUEST: PlanRequest = {
  filename: 'film.mp4',
  contentType: 'video/mp4',
  sizeBytes: FILE.length,
  kind: 'multipart',
  partSizeBytes: PART,
};

interface Sent {
  readonly method?: string;
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: Buffer;
}

interface Variation {
  readonly request: S3Request;
  readonly vary: (part: IssuedPart, body: Buffer) => Sent;
}

/** Each way in which a part differs from what was signed. */
const FORBIDDEN: Readonly<Record<string, Variation>> = {
  'one byte more': {
    request: 'a signed header changed',
    vary: ({ headers }, body) => withBody(headers, Buffer.concat([body, Buffer.from('!')])),
  },
  'one byte less': {
    request: 'a signed header changed',
    vary: ({ headers }, body) => withBody(headers, body.subarray(1)),
  },
  'other bytes than those of its checksum': {
    request: 'a checksum of other bytes',
    vary: (_part, body) => ({ body: bytesOf(body.length, 'other') }),
  },
  'another checksum': {
    request: 'a signed header changed',
    vary: ({ headers }, body) => {
      const other = bytesOf(body.length, 'other');
      return { body: other, headers: { ...headers, 'x-amz-checksum-sha256': sha256Of(other) } };
    },
  },
  'no checksum': {
    request: 'a signed header left out',
    vary: ({ headers: { 'x-amz-checksum-sha256': _, ...headers } }) => ({ headers }),
  },
  'another part number': {
    request: 'another part number',
    vary: ({ url }) => ({ url: withParameter(url, 'partNumber', '2') }),
  },
  'another method': { request: 'another method', vary: () => ({ method: 'DELETE' }) },
  'another key': {
    request: 'another key in the path',
    vary: ({ url }) => ({ url: url.replace(/\?/, 'x?') }),
  },
  'metadata beside': {
    request: 'an unsigned x-amz-* header',
    vary: ({ headers }) => ({ headers: { ...headers, 'x-amz-meta-added': 'later' } }),
  },
};

/** A planned multipart upload: S3 takes its parts as planned, and puts them together only when all are there. */
export function describePartShape(getSubject: () => S3Subject): void {
  describe('a planned multipart upload', () => {
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

    const begin = (change: Partial<PlanRequest> = {}) => room.uploads.create({ ...REQUEST, ...change }, ACME);
    const bodyOf = ({ offsetBytes, sizeBytes }: IssuedPart) =>
      FILE.subarray(offsetBytes, offsetBytes + sizeBytes);

    async function signed(
      uploadId: string,
      checksum?: (bytes: Buffer) => string,
    ): Promise<readonly IssuedPart[]> {
      const parts = [1, 2, 3].map((partNumber) => {
        const bytes = FILE.subarray((partNumber - 1) * PART, partNumber * PART);
        return { partNumber, ...(checksum && { checksum: checksum(bytes) }) };
      });
      return room.uploads.signParts(uploadId, { ranges: [], parts }, ACME);
    }

    async function sendPart(part: IssuedPart, sent: Sent = {}) {
      const { method = 'PUT', url = part.url, headers = part.headers, body = bodyOf(part) } = sent;
      return send(method, url, { headers, body });
    }

    it('is put together byte for byte, without a word of the client about its parts', async () => {
      const { uploadId, objectKey, plan } = await begin({ options: { metadata: { who: 'ann' } } });
      if (plan.kind !== 'multipart') throw new Error(`planned as ${plan.kind}`);
      for (const part of plan.parts) expect((await sendPart(part)).outcome).toBe('200');
      const { object } = await room.uploads.complete(uploadId, [], ACME);
      expect(object).toMatchObject({ sizeBytes: FILE.length, contentType: 'video/mp4' });
      const read = await s3.get(objectKey);
      expect(read.body.equals(FILE)).toBe(true);
      expect(read.headers['x-amz-meta-who']).toBe('ann');
      // Again, as when the answer got lost.
      expect(await room.uploads.complete(uploadId, [], ACME)).toMatchObject({
        object: { etag: object.etag },
      });
      expect(await reasonOf(room.uploads.abort(uploadId, ACME))).toBe('UPLOAD_COMPLETED');
    });

    it('goes on where it was interrupted: S3 knows its parts', async () => {
      const { uploadId } = await begin();
      const parts = await signed(uploadId);
      const [, second] = parts;
      if (second === undefined) throw new Error('no second part');
      await sendPart(second);
      expect(await room.uploads.listParts(uploadId, ACME)).toMatchObject({
        parts: [{ partNumber: 2, sizeBytes: PART }],
        missing: [
          { first: 1, last: 1 },
          { first: 3, last: 3 },
        ],
      });
      expect(await room.uploads.status(uploadId, ACME)).toMatchObject({
        state: 'uploading',
        receivedBytes: PART,
      });
      expect(await reasonOf(room.uploads.complete(uploadId, [], ACME))).toBe('UPLOAD_INCOMPLETE');
      for (const part of parts) await sendPart(part);
      expect(await room.uploads.complete(uploadId, [], ACME)).toMatchObject({
        object: { sizeBytes: FILE.length },
      });
    });

    it('keeps a composite of the checksums of its parts', async () => {
      const { uploadId } = await begin({ partChecksum: 'sha256' });
      for (const part of await signed(uploadId, sha256Of)) expect((await sendPart(part)).outcome).toBe('200');
      const { object } = await room.uploads.complete(uploadId, [], ACME);
      expect(object.checksum).toMatchObject({ algorithm: 'sha256', type: 'composite' });
      expect(object.checksum?.value).toMatch(/-3$/);
    });

    it('keeps the checksum of the whole file, and takes none that is wrong', async () => {
      const whole = (value: string) =>
        begin({ options: { checksum: { kept: { algorithm: 'crc32', value } } } });
      const right = await whole(crc32Of(FILE));
      for (const part of await signed(right.uploadId, crc32Of)) await sendPart(part);
      expect(await room.uploads.complete(right.uploadId, [], ACME)).toMatchObject({
        object: { checksum: { algorithm: 'crc32', value: crc32Of(FILE), type: 'full_object' } },
      });
      const wrong = await whole(crc32Of(Buffer.from('other')));
      for (const part of await signed(wrong.uploadId, crc32Of)) await sendPart(part);
      expect(await reasonOf(room.uploads.complete(wrong.uploadId, [], ACME))).toBe('UPLOAD_MISMATCH');
    });

    it.each(Object.keys(FORBIDDEN))('has no part stored with %s', async (name) => {
      const { uploadId } = await begin({ partChecksum: 'sha256' });
      // A small one: a server that refuses a large one at once cuts it off, and its answer may get lost.
      const [, , part] = await signed(uploadId, sha256Of);
      if (part === undefined) throw new Error('no last part');
      const { request, vary } = FORBIDDEN[name] ?? never(name);
      const answer = await sendPart(part, vary(part, bodyOf(part)));
      expect(answer.outcome).toBe(expectedAnswer(subject, request));
      expect((await room.uploads.listParts(uploadId, ACME)).parts).toEqual([]);
      await room.uploads.abort(uploadId, ACME);
    });

    it('takes no part that was signed for another upload, nor one after its life', async () => {
      const [one, other] = [await begin(), await begin()];
      const [, , part] = await signed(one.uploadId);
      const [, , foreign] = await signed(other.uploadId);
      if (part === undefined || foreign === undefined) throw new Error('no last part');
      const foreignId = new URL(foreign.url).searchParams.get('uploadId') ?? '';
      const { outcome } = await sendPart(part, { url: withParameter(part.url, 'uploadId', foreignId) });
      expect(outcome).toBe(expectedAnswer(subject, 'a part of another upload'));
      const late = await room.past.create({ ...REQUEST, options: { expiresInSeconds: 60 } }, ACME);
      const [, , expired] = late.plan.kind === 'multipart' ? late.plan.parts : [];
      if (expired === undefined) throw new Error('no last part');
      expect((await sendPart(expired)).outcome).toBe(expectedAnswer(subject, 'an expired URL'));
      for (const { uploadId } of [one, other, late]) await room.uploads.abort(uploadId, ACME);
    });

    it('is completed with no ETag but those that S3 has', async () => {
      const { uploadId } = await begin();
      for (const part of await signed(uploadId)) await sendPart(part);
      const etag = '"00000000000000000000000000000000"';
      expect(await reasonOf(room.uploads.complete(uploadId, [{ partNumber: 1, etag }], ACME))).toBe(
        'UPLOAD_MISMATCH',
      );
      expect(await room.uploads.status(uploadId, ACME)).toMatchObject({ state: 'uploading' });
      await room.uploads.abort(uploadId, ACME);
    });

    it('overwrites no object where it may not', async () => {
      const { uploadId, objectKey } = await begin({ options: { overwrite: 'never' } });
      for (const part of await signed(uploadId)) await sendPart(part);
      await s3.put(objectKey, 'there before');
      expect(await reasonOf(room.uploads.complete(uploadId, [], ACME))).toBe('OBJECT_EXISTS');
      expect((await s3.get(objectKey)).body.toString()).toBe('there before');
    });

    it('is gone after it was aborted, as often as it is, and takes no more parts', async () => {
      const { uploadId } = await begin();
      const [, , part] = await signed(uploadId);
      await room.uploads.abort(uploadId, ACME);
      await room.uploads.abort(uploadId, ACME);
      if (part === undefined) throw new Error('no last part');
      expect((await sendPart(part)).outcome).toBe(expectedAnswer(subject, 'an unknown upload'));
      expect(await room.uploads.status(uploadId, ACME)).toMatchObject({ state: 'gone' });
      expect(await reasonOf(room.uploads.complete(uploadId, [], ACME))).toBe('UPLOAD_NOT_FOUND');
    });
  });
}

function withBody(headers: Readonly<Record<string, string>>, body: Buffer): Sent {
  return { body, headers: headersFor(headers, body) };
}

function never(name: string): never {
  throw new Error(`no variation ${name}`);
}
