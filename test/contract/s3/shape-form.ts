import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { PlanRequest } from '../../../src/uploads/plan.ts';
import { accessTo, type S3Access } from './client.ts';
import { postForm } from './form-body.ts';
import { ACME, crc32Of, openShapeRoom, reasonOf, type ShapeRoom } from './shape-fixture.ts';
import { expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

type Fields = Readonly<Record<string, string>>;

const FILE = 'twelve bytes';
const FORM: PlanRequest = {
  filename: 'photo.png',
  contentType: 'image/png',
  minSizeBytes: 5,
  maxSizeBytes: 12,
  options: {
    metadata: { who: 'ann' },
    cacheControl: 'max-age=60',
    contentDisposition: 'attachment',
    checksum: { kept: { algorithm: 'crc32', value: crc32Of(Buffer.from(FILE)) } },
  },
};

interface Variation {
  readonly request: S3Request;
  readonly fields?: (fields: Fields) => Fields;
  readonly file?: string;
}

const FORBIDDEN: Readonly<Record<string, Variation>> = {
  'a file one byte too large': { request: 'a form with a file too large', file: `${FILE}!` },
  'a file one byte too small': { request: 'a form with a file too small', file: 'four' },
  'other bytes than those of the checksum': { request: 'a checksum of other bytes', file: 'TWELVE BYTES' },
  'another key': changed('key', 'somewhere/else'),
  'another type': changed('Content-Type', 'text/html'),
  'another checksum': changed('x-amz-checksum-crc32', crc32Of(Buffer.from('x'))),
  'other metadata': changed('x-amz-meta-who', 'bob'),
  'another disposition': changed('Content-Disposition', 'inline'),
  'a field more': {
    request: 'a form with another field',
    fields: (fields) => ({ ...fields, 'x-amz-meta-more': 'added' }),
  },
  'its metadata left out': {
    request: 'a form that lacks a field',
    fields: ({ 'x-amz-meta-who': _, ...fields }) => fields,
  },
  'another signature': {
    request: 'a form of another signature',
    fields: (fields) => ({ ...fields, 'X-Amz-Signature': '0'.repeat(64) }),
  },
};

function changed(name: string, value: string): Variation {
  return { request: 'a form against its conditions', fields: (fields) => ({ ...fields, [name]: value }) };
}

/** A planned form: S3 takes it with exactly its fields and a file within its range. */
export function describeFormShape(getSubject: () => S3Subject): void {
  describe('a planned form', () => {
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

    async function planned(change: Partial<PlanRequest> = {}, uploads = room.uploads) {
      const created = await uploads.create({ ...FORM, ...change }, ACME);
      const { plan } = created;
      if (plan.kind !== 'form') throw new Error(`planned as ${plan.kind}`);
      return { ...created, plan };
    }

    it('is stored with all of its fields, and then complete', async () => {
      const { plan, objectKey, uploadId } = await planned();
      expect((await postForm(plan.url, plan.fields, FILE)).outcome).toBe('201');
      const read = await s3.get(objectKey);
      expect(read.body.toString()).toBe(FILE);
      expect(read.headers).toMatchObject({
        'content-type': 'image/png',
        'cache-control': 'max-age=60',
        'content-disposition': 'attachment; filename="photo.png"',
        'x-amz-meta-who': 'ann',
      });
      expect(await room.uploads.complete(uploadId, [], ACME)).toMatchObject({
        object: { sizeBytes: 12, contentType: 'image/png', checksum: { value: crc32Of(Buffer.from(FILE)) } },
      });
    });

    it.each(Object.keys(FORBIDDEN))('is refused with %s, and nothing is stored', async (name) => {
      const { plan, objectKey } = await planned();
      const { request, fields = (same: Fields) => same, file = FILE } = FORBIDDEN[name] ?? never(name);
      const answer = await postForm(plan.url, fields(plan.fields), file);
      expect(answer.outcome).toBe(expectedAnswer(subject, request));
      expect((await s3.get(objectKey)).status).toBe(404);
    });

    it('is refused after its life', async () => {
      const options = { ...FORM.options, expiresInSeconds: 60 };
      const { plan, objectKey } = await planned({ options }, room.past);
      const { outcome } = await postForm(plan.url, plan.fields, FILE);
      expect(outcome).toBe(expectedAnswer(subject, 'an expired form'));
      expect((await s3.get(objectKey)).status).toBe(404);
    });

    it('takes every type of its family, and no other', async () => {
      const family = { contentType: 'image/*', options: {} };
      const { plan, uploadId } = await planned(family);
      expect(plan.fields['Content-Type']).toBeUndefined();
      const typed = { ...plan.fields, 'Content-Type': 'text/html' };
      expect((await postForm(plan.url, typed, FILE)).outcome).toBe(
        expectedAnswer(subject, 'a form of another family'),
      );
      expect(await reasonOf(room.uploads.complete(uploadId, [], ACME))).toBe('UPLOAD_INCOMPLETE');
      const fitting = { ...plan.fields, 'Content-Type': 'image/webp' };
      expect((await postForm(plan.url, fitting, FILE)).outcome).toBe('201');
      expect(await room.uploads.complete(uploadId, [], ACME)).toMatchObject({
        object: { contentType: 'image/webp' },
      });
    });

    it('keeps tags where it has some', async () => {
      const { plan, objectKey } = await planned({ options: { tags: { team: 'blue', 'a b': 'c+d' } } });
      expect((await postForm(plan.url, plan.fields, FILE)).outcome).toBe('201');
      expect((await s3.get(objectKey)).headers['x-amz-tagging-count']).toBe('2');
    });
  });
}

function never(name: string): never {
  throw new Error(`no variation ${name}`);
}
