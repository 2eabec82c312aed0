import { ListObjectsV2Command } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

/** Segments that are legal everywhere: no control characters, not `.` or `..`, no more than 255 bytes. */
const segment = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 20 })
  .filter(
    (text) => !/^\.{1,2}$|[/\\\p{Cc}\p{Cs}\p{Cn}]|^\s|\s$/u.test(text) && text.normalize('NFC') === text,
  );

/** Which names objects may have. */
export function describeKeys(subjectOf: () => S3Subject): void {
  describe('keys', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    async function roundTrip(key: string): Promise<void> {
      await s3.put(key, `content of ${key}`);
      expect((await s3.get(key)).body.toString()).toBe(`content of ${key}`);
      const listed = await s3.client.send(
        new ListObjectsV2Command({ Bucket: subject.bucket, Prefix: key, MaxKeys: 1 }),
      );
      expect(listed.Contents?.map(({ Key }) => Key)).toEqual([key]);
    }

    it('keeps every character of a key', async () => {
      for (const name of [
        'ünï/日本語 😀.txt',
        "sp ace/plus+and&eq=q?h#p%25(1)'!*.txt",
        'folder/',
        '<xml>&amp;"\'',
        '.hidden/..twodots',
        'x'.repeat(200),
      ])
        await roundTrip(s3.newKey(name));
    });

    it('keeps any key of several segments', async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 4 }), (segments) =>
          roundTrip(s3.newKey(segments.join('/'))),
        ),
        { numRuns: 40 },
      );
    });

    it('keeps a key apart from those that it begins', async () => {
      const key = s3.newKey('a');
      await s3.put(key, 'short');
      await s3.put(`${key}/b`, 'long');
      expect([(await s3.get(key)).body.toString(), (await s3.get(`${key}/b`)).body.toString()]).toEqual([
        'short',
        'long',
      ]);
    });

    it.each([
      ['a key with an empty segment', 'dd//e.txt'],
      ['a key with a segment over 255 bytes', 'x'.repeat(900)],
      ['a key over 1024 bytes', 'xy/'.repeat(400)],
    ] as const satisfies readonly (readonly [S3Request, string])[])(
      'answers a PUT of %s',
      async (request, name) => {
        const key = s3.newKey(name);
        const answer = await send('PUT', await s3.presignPut({ Key: key }), { body: 'x' });
        expect(answer.outcome).toBe(expectedAnswer(subject, request));
        if (answer.status === 200) expect((await s3.get(key)).body.toString()).toBe('x');
      },
    );

    /** Keys are names, not paths: whatever they look like, they reach nothing but their own object. */
    it('does not let a key climb out of its bucket', async () => {
      const victim = s3.newKey('victim');
      await s3.put(victim, 'kept');
      for (const path of [
        `x/../${victim}`,
        `x%2F..%2F${victim}`,
        `..%2f${subject.bucket}%2f${victim}`,
        `%2e%2e/${victim}`,
      ]) {
        const url = `${subject.endpoint}/${subject.bucket}/${path}`;
        const anonymous = await send('PUT', url, { body: 'forged' });
        expect(anonymous.status).toBeGreaterThanOrEqual(400);
      }
      const signed = await s3.presignPut({ Key: 'x%2F..%2Fvictim' });
      await send('PUT', signed.replace('%252F', '%2F'), { body: 'forged' });
      expect((await s3.get(victim)).body.toString()).toBe('kept');
    });
  });
}
