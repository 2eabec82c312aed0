import { PutObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { expectedAnswer, type S3Subject } from './subject.ts';

/** What those may do who have no keys: read what is public. */
export function describePublicReads(subjectOf: () => S3Subject): void {
  describe('anonymous requests', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    const publicUrl = (key: string): string => `${subject.endpoint}/${subject.publicBucket}/${key}`;

    async function putPublic(key: string): Promise<void> {
      await s3.client.send(
        new PutObjectCommand({
          Bucket: subject.publicBucket,
          Key: key,
          Body: 'for all',
          ContentType: 'text/plain',
        }),
      );
    }

    it('reads a public object with GET, HEAD and a range', async () => {
      const key = s3.newKey('a b.txt');
      await putPublic(key);
      const url = publicUrl(key).replace(' ', '%20');
      const read = await send('GET', url);
      expect([read.outcome, read.body.toString(), read.headers['content-type']]).toEqual([
        '200',
        'for all',
        'text/plain',
      ]);
      expect((await send('HEAD', url)).headers['content-length']).toBe('7');
      expect((await send('GET', url, { headers: { range: 'bytes=-3' } })).body.toString()).toBe('all');
    });

    it('does not tell whether a public object is absent', async () => {
      const answer = await send('GET', publicUrl(s3.newKey()));
      expect(answer.outcome).toBe(expectedAnswer(subject, 'an anonymous GET of an absent public object'));
    });

    it('does not let a link to a public object choose its headers', async () => {
      const key = s3.newKey();
      await putPublic(key);
      const answer = await send('GET', `${publicUrl(key)}?response-content-type=text%2Fhtml`);
      expect(answer.outcome).toBe(expectedAnswer(subject, 'an anonymous GET that sets headers'));
    });

    /** Public means readable: nobody writes, deletes or lists without keys, in no bucket. */
    it('does nothing else, in the public bucket or the private one', async () => {
      for (const bucket of [subject.bucket, subject.publicBucket]) {
        const key = s3.newKey();
        await s3.client.send(new PutObjectCommand({ Bucket: bucket, Key: key, Body: 'kept' }));
        const url = `${subject.endpoint}/${bucket}/${key}`;
        const outcome = async (method: string, target: string): Promise<string> =>
          (await send(method, target, { body: method === 'PUT' ? 'forged' : '' })).outcome;
        expect(await outcome('PUT', url)).toBe(expectedAnswer(subject, 'an anonymous PUT'));
        expect(await outcome('DELETE', url)).toBe(expectedAnswer(subject, 'an anonymous DELETE'));
        expect(await outcome('POST', `${url}?uploads=`)).toBe(
          expectedAnswer(subject, 'an anonymous multipart upload'),
        );
        expect(await outcome('GET', `${subject.endpoint}/${bucket}?list-type=2`)).toBe(
          expectedAnswer(subject, 'an anonymous list'),
        );
      }
      const key = s3.newKey();
      await s3.put(key, 'private');
      expect((await send('GET', `${subject.endpoint}/${subject.bucket}/${key}`)).outcome).toBe(
        expectedAnswer(subject, 'an anonymous GET'),
      );
      expect((await s3.get(key)).body.toString()).toBe('private');
    });
  });
}
