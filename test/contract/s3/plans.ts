import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { S3Presigner } from '../../../src/s3/presigner.ts';
import type { ObjectKey, PutPlan, UploadOptions } from '../../../src/uploads/upload.ts';
import { planFor } from '../../support/upload-option-cases.ts';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { openNativePresigner } from './native-presigner.ts';
import { expectedAnswer, type S3Subject } from './subject.ts';

const BODY = 'five!';

/** What our own presigner promises of a plan, the endpoint keeps. */
export function describePlans(getSubject: () => S3Subject): void {
  describe('a plan that our presigner signed', () => {
    let subject: S3Subject;
    let s3: S3Access;
    let presigner: S3Presigner;

    beforeAll(async () => {
      subject = getSubject();
      s3 = accessTo(subject);
      presigner = await openNativePresigner(subject);
    });

    afterAll(() => {
      presigner.close();
      s3.destroy();
    });

    function planned(options?: UploadOptions): PutPlan {
      const plan = planFor({
        filename: 'a.txt',
        contentType: 'text/plain; charset=utf-8',
        sizeBytes: BODY.length,
        options,
      });
      return { ...plan, objectKey: s3.newKey("it's a (name).txt") as ObjectKey };
    }

    it('is stored with the headers that it asks for, as often as they are sent', async () => {
      const plan = planned();
      const { url, headers } = await presigner.presignPut(plan, Date.now());
      for (let round = 0; round < 2; round += 1) {
        expect((await send('PUT', url, { body: BODY, headers })).outcome).toBe('200');
      }
      const stored = await s3.get(plan.objectKey);
      expect([stored.body.toString(), stored.headers['content-type']]).toEqual([
        BODY,
        headers['content-type'],
      ]);
    });

    it('is stored once where it may not overwrite, and then refused', async () => {
      const plan = planned({ overwrite: 'never' });
      const { url, headers } = await presigner.presignPut(plan, Date.now());
      expect((await send('PUT', url, { body: BODY, headers })).outcome).toBe('200');
      const again = await send('PUT', url, { body: 'other', headers });
      expect(again.outcome).toBe(expectedAnswer(subject, 'a key that exists'));
      expect((await s3.get(plan.objectKey)).body.toString()).toBe(BODY);
    });

    /** The condition is the server's word: whoever holds the URL must not be able to drop it. */
    it('is refused when the client leaves out the condition', async () => {
      const plan = planned({ overwrite: 'never' });
      const { url, headers } = await presigner.presignPut(plan, Date.now());
      const { 'if-none-match': condition, ...unconditional } = headers;
      expect(condition).toBe('*');
      const answer = await send('PUT', url, { body: BODY, headers: unconditional });
      expect(answer.outcome).toBe(expectedAnswer(subject, 'a signed header left out'));
      expect((await s3.get(plan.objectKey)).status).toBe(404);
    });
  });
}
