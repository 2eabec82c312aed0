import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessTo, type S3Access } from './client.ts';
import { send } from './http.ts';
import { ALLOWED_ORIGIN, expectedAnswer, type S3Subject } from './subject.ts';

/** What browsers on other origins are let do. */
export function describeCors(subjectOf: () => S3Subject): void {
  describe('CORS', () => {
    let subject: S3Subject;
    let s3: S3Access;
    beforeAll(() => {
      subject = subjectOf();
      s3 = accessTo(subject);
    });
    afterAll(() => s3.destroy());

    const isAllowed = (header: string | undefined): boolean => header === '*' || header === ALLOWED_ORIGIN;

    it('answers the preflight of an upload', async () => {
      const answer = await send('OPTIONS', await s3.presignPut({ Key: s3.newKey() }), {
        headers: {
          origin: ALLOWED_ORIGIN,
          'access-control-request-method': 'PUT',
          'access-control-request-headers': 'content-type, x-amz-checksum-sha256',
        },
      });
      expect([200, 204]).toContain(answer.status);
      expect(isAllowed(answer.headers['access-control-allow-origin'])).toBe(true);
      expect(answer.headers['access-control-allow-methods']).toContain('PUT');
      const allowed = answer.headers['access-control-allow-headers']?.toLowerCase() ?? '';
      expect(allowed).toContain('content-type');
      expect(allowed).toContain('x-amz-checksum-sha256');
    });

    it('answers the preflight of a foreign origin', async () => {
      const answer = await send('OPTIONS', await s3.presignPut({ Key: s3.newKey() }), {
        headers: { origin: 'https://foreign.example', 'access-control-request-method': 'PUT' },
      });
      expect(answer.outcome).toBe(expectedAnswer(subject, 'a preflight of a foreign origin'));
    });

    it('lets scripts read the ETag of what they uploaded', async () => {
      const url = await s3.presignPut({ Key: s3.newKey() });
      const { headers, outcome } = await send('PUT', url, { body: 'x', headers: { origin: ALLOWED_ORIGIN } });
      expect(outcome).toBe('200');
      expect(isAllowed(headers['access-control-allow-origin'])).toBe(true);
      expect(headers['access-control-expose-headers']).toMatch(/\betag\b|^\*$/i);
      expect(headers.vary).toContain('Origin');
    });

    it('lets scripts read why they were refused', async () => {
      const url = (await s3.presignPut({ Key: s3.newKey() })).replace(
        /X-Amz-Signature=./,
        'X-Amz-Signature=z',
      );
      const { headers, outcome } = await send('PUT', url, { body: 'x', headers: { origin: ALLOWED_ORIGIN } });
      expect(outcome).toBe('403 SignatureDoesNotMatch');
      expect(isAllowed(headers['access-control-allow-origin'])).toBe(true);
    });
  });
}
