import { GetObjectCommand } from '@aws-sdk/client-s3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { expectedAnswer, type S3Subject } from './subject.ts';

const BODY = 'hello world';
const ETAG = '"5eb63bbbe01eeed093cb22bb8f5acdc3"';

/** How objects are read: whole, in ranges, under conditions. */
export function describeReads(subjectOf: () => S3Subject): void {
  describe('reads', () => {
    let subject: S3Subject;
    let s3: S3Access;
    let key: string;
    beforeAll(async () => {
      subject = subjectOf();
      s3 = accessTo(subject);
      key = s3.newKey();
      await s3.put(key, BODY);
    });
    afterAll(() => s3.destroy());

    it('gives the content type of S3 to what was stored without one', async () => {
      expect((await s3.get(key)).headers['content-type']).toBe('binary/octet-stream');
    });

    it.each([
      ['bytes=0-0', 'h', 'bytes 0-0/11'],
      ['bytes=2-5', 'llo ', 'bytes 2-5/11'],
      ['bytes=6-', 'world', 'bytes 6-10/11'],
      ['bytes=6-999', 'world', 'bytes 6-10/11'],
      ['bytes=-3', 'rld', 'bytes 8-10/11'],
      ['bytes=-999', BODY, 'bytes 0-10/11'],
    ])('answers the range %s', async (range, body, contentRange) => {
      const answer = await s3.get(key, { range });
      expect([answer.status, answer.body.toString(), answer.headers['content-range']]).toEqual([
        206,
        body,
        contentRange,
      ]);
      expect(answer.headers['content-length']).toBe(String(body.length));
    });

    it('refuses a range beyond the end', async () => {
      expect((await s3.get(key, { range: 'bytes=11-' })).outcome).toBe(
        expectedAnswer(subject, 'a range beyond the end'),
      );
    });

    it('answers 304 to whoever has the version, by ETag or by time', async () => {
      const modified = (await s3.get(key)).headers['last-modified'] ?? '';
      expect((await s3.get(key, { 'if-none-match': ETAG })).status).toBe(304);
      const listed = await s3.get(key, { 'if-none-match': `"other", ${ETAG}` });
      expect(listed.outcome).toBe(expectedAnswer(subject, 'an If-None-Match that lists versions'));
      expect((await s3.get(key, { 'if-none-match': '"other"' })).status).toBe(200);
      expect((await s3.get(key, { 'if-modified-since': modified })).status).toBe(304);
      expect((await s3.get(key, { 'if-modified-since': 'Mon, 01 Jan 2001 00:00:00 GMT' })).status).toBe(200);
    });

    it('reads only the version that If-Match names', async () => {
      expect((await s3.get(key, { 'if-match': ETAG })).status).toBe(200);
      expect((await s3.get(key, { 'if-match': '"other"' })).outcome).toBe(
        expectedAnswer(subject, 'a failed If-Match'),
      );
    });

    it('answers with the headers that the signed URL asks for', async () => {
      const url = await s3.presignGet({
        Key: key,
        ResponseContentType: 'application/x-test',
        ResponseContentDisposition: 'attachment; filename="ä.txt"',
        ResponseCacheControl: 'no-store',
      });
      const { headers, outcome } = await send('GET', url);
      expect(outcome).toBe('200');
      expect(headers['content-type']).toBe('application/x-test');
      expect(headers['cache-control']).toBe('no-store');
      expect(headers['content-disposition']).toMatch(/^attachment; filename=/);
    });

    it('gives HEAD the headers of GET and nothing else', async () => {
      const [get, head] = [await s3.get(key), await send('HEAD', await s3.presignHead(key))];
      for (const name of ['etag', 'content-length', 'content-type', 'last-modified', 'accept-ranges'])
        expect(head.headers[name]).toBe(get.headers[name]);
      expect(head.body).toHaveLength(0);
      const absent = await send('HEAD', await s3.presignHead(s3.newKey()));
      expect([absent.status, absent.body.length]).toEqual([404, 0]);
    });

    it('says what is not there', async () => {
      expect((await s3.get(s3.newKey())).outcome).toBe(expectedAnswer(subject, 'an absent key'));
      const command = new GetObjectCommand({ Bucket: 'no-such-bucket-here', Key: 'x' });
      expect((await send('GET', await s3.presign(command))).outcome).toBe(
        expectedAnswer(subject, 'an absent bucket'),
      );
    });
  });
}
