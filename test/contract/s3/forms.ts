import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access } from './client.ts';
import { formBody, postForm as post } from './form-body.ts';
import { send } from './http.ts';
import { expectedAnswer, type S3Request, type S3Subject } from './subject.ts';

type Fields = Record<string, string>;

/** A form that has to be refused: the fields are changed after signing, or the file does not fit. */
interface BadForm {
  readonly conditions?: PresignedPostOptions['Conditions'];
  readonly sign?: Fields;
  readonly send?: (fields: Fields) => Fields;
  readonly file?: string;
}

const BAD_FORMS = {
  'a form of another signature': {
    send: (fields) => ({ ...fields, 'X-Amz-Signature': '0'.repeat(64) }),
  },
  'a form of an unknown key id': {
    send: (fields) => ({
      ...fields,
      'X-Amz-Credential': (fields['X-Amz-Credential'] ?? '').replace(/^[^/]+/, 'AKIANOBODY'),
    }),
  },
  'a form without a policy': { send: ({ key = '' }) => ({ key }) },
  'a form against its conditions': {
    conditions: [['starts-with', '$Content-Type', 'image/']],
    sign: { 'Content-Type': 'image/png' },
    send: (fields) => ({ ...fields, 'Content-Type': 'text/html' }),
  },
  'a form with another field': { send: (fields) => ({ ...fields, 'x-amz-meta-extra': 'not signed' }) },
  'a form with a file too large': { conditions: [['content-length-range', 1, 5]], file: '123456' },
  'a form with a file too small': { conditions: [['content-length-range', 3, 5]], file: '12' },
} as const satisfies Partial<Record<S3Request, BadForm>>;

/** Uploads by HTML form. */
export function describeForms(subjectOf: () => S3Subject): void {
  describe('POST forms', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    function sign(Key: string, form: BadForm = {}, Expires = 300): Promise<{ url: string; fields: Fields }> {
      return createPresignedPost(s3.client, {
        Bucket: subject.bucket,
        Key,
        Expires,
        ...(form.conditions && { Conditions: form.conditions }),
        ...(form.sign && { Fields: form.sign }),
      });
    }

    it('stores the file with the headers and the metadata of the form', async () => {
      const key = s3.newKey();
      const { url, fields } = await sign(key, {
        conditions: [['content-length-range', 11, 11]],
        sign: { 'Content-Type': 'text/x-form', 'x-amz-meta-who': 'ann' },
      });
      const answer = await post(url, fields, 'hello world');
      expect(answer.outcome).toBe('204');
      expect(answer.headers.etag).toBe('"5eb63bbbe01eeed093cb22bb8f5acdc3"');
      const read = await s3.get(key);
      expect(read.body.toString()).toBe('hello world');
      expect(read.headers).toMatchObject({ 'content-type': 'text/x-form', 'x-amz-meta-who': 'ann' });
    });

    it('puts the name of the file into the key where the form says so', async () => {
      const prefix = s3.newKey('');
      const { url, fields } = await sign(`${prefix}\${filename}`);
      expect((await post(url, fields, 'x', '../../dir/photo ä.png')).outcome).toBe('204');
      expect((await s3.get(`${prefix}photo ä.png`)).body.toString()).toBe('x');
    });

    it.each(['200', '201', '204'])('answers success_action_status %s', async (status) => {
      const key = s3.newKey();
      const { url, fields } = await sign(key, { sign: { success_action_status: status } });
      const answer = await post(url, fields, 'x');
      expect(answer.outcome).toBe(status);
      if (status === '201') expect(answer.body.toString()).toContain(`<Key>${key}</Key>`);
    });

    it('redirects the browser where the form says so', async () => {
      const key = s3.newKey();
      const { url, fields } = await sign(key, {
        sign: { success_action_redirect: 'https://app.example/done?a=1' },
      });
      const answer = await post(url, fields, 'x');
      expect(answer.outcome).toBe('303');
      const location = new URL(answer.headers.location ?? '');
      expect(location.origin + location.pathname).toBe('https://app.example/done');
      expect(location.searchParams.get('key')).toBe(key);
      expect(location.searchParams.get('bucket')).toBe(subject.bucket);
    });

    for (const [request, form] of Object.entries(BAD_FORMS) as [keyof typeof BAD_FORMS, BadForm][]) {
      it(`refuses ${request}, and stores nothing`, async () => {
        const key = s3.newKey();
        const { url, fields } = await sign(key, form);
        const sent = form.send?.(fields) ?? fields;
        expect((await post(url, sent, form.file ?? 'x')).outcome).toBe(expectedAnswer(subject, request));
        expect((await s3.get(key)).status).toBe(404);
      });
    }

    it('refuses a form after its policy has expired', async () => {
      const key = s3.newKey();
      const { url, fields } = await sign(key, {}, -60);
      expect((await post(url, fields, 'x')).outcome).toBe(expectedAnswer(subject, 'an expired form'));
      expect((await s3.get(key)).status).toBe(404);
    });

    it('refuses a form without a file', async () => {
      const { url, fields } = await sign(s3.newKey());
      expect((await post(url, fields)).outcome).toBe(expectedAnswer(subject, 'a form without a file'));
    });

    it('judges a form that lacks its last boundary as incomplete', async () => {
      const key = s3.newKey();
      const { url, fields } = await sign(key);
      const { body, contentType } = formBody(fields, 'x'.repeat(300_000), 'file.bin');
      const answer = await send('POST', url, {
        body: body.subarray(0, -8),
        headers: { 'content-type': contentType },
      });
      expect(answer.outcome).toBe(expectedAnswer(subject, 'a form cut before its last boundary'));
      expect((await s3.get(key)).status).toBe(answer.status === 400 ? 404 : 200);
    });

    it('stores nothing of a form that broke off', async () => {
      const key = s3.newKey();
      const { url, fields } = await sign(key);
      const { body, contentType } = formBody(fields, 'x'.repeat(300_000), 'file.bin');
      const headers = { 'content-type': contentType, 'content-length': String(body.length) };
      await expect(send('POST', url, { body, headers, cutAfter: 100_000 })).rejects.toThrow('cut on purpose');
      expect((await s3.get(key)).status).toBe(404);
    });
  });
}
