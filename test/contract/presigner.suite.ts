import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/fault/fault.ts';
import type { CredentialProvider } from '../../src/s3/credentials.ts';
import type { Presigner } from '../../src/uploads/ports.ts';
import type { ObjectKey, PutPlan } from '../../src/uploads/upload.ts';
import { planFor, uploadOptions } from '../support/upload-option-cases.ts';

/** Where the suite's presigners sign for. */
export const PRESIGNER_PLACE = {
  bucket: 'examplebucket',
  region: 'eu-central-1',
  endpoint: 'https://s3.example.com:8443/base',
  forcePathStyle: true,
} as const;

export const PRESIGNER_NOW_MS = Date.UTC(2026, 6, 1, 23, 59, 59, 999);

interface ClosablePresigner extends Presigner {
  close(): void;
}

type OpenPresigner = (credentials: CredentialProvider) => Promise<ClosablePresigner>;

const DATE_MS = PRESIGNER_NOW_MS - 999;
const OBJECT_URL = 'https://s3.example.com:8443/base/examplebucket';
const IDENTITY = { accessKeyId: 'AKIAEXAMPLE', secretAccessKey: 'do-not-tell', sessionToken: 'session/+=' };

const key = fc.string({ unit: 'binary', minLength: 1, maxLength: 60 }).map((text) => text as ObjectKey);
const contentType = fc.stringMatching(/^[\x21-\x7e](?:[\x20-\x7e]{0,60}[\x21-\x7e])?$/);
const plan: fc.Arbitrary<PutPlan> = fc
  .record({
    objectKey: key,
    contentType,
    sizeBytes: fc.integer({ min: 0, max: 5_368_709_120 }),
    ttlSeconds: fc.integer({ min: 1, max: 604_800 }),
    options: fc.option(uploadOptions, { nil: undefined }),
  })
  .map(({ objectKey, ttlSeconds, ...request }) => ({
    ...planFor({ filename: 'a.txt', ...request }),
    objectKey,
    ttlSeconds,
  }));
const BASE: PutPlan = {
  objectKey: 'a' as ObjectKey,
  sizeBytes: 1,
  ttlSeconds: 60,
  headers: { 'content-length': '1', 'content-type': 'a/b' },
};

/** What every presigner promises, however it signs. */
export function describePresigner(name: string, open: OpenPresigner): void {
  describe(`presigner: ${name}`, () => {
    let presigner: ClosablePresigner;

    beforeEach(async () => {
      presigner = await open(async () => IDENTITY);
    });

    afterEach(() => presigner.close());

    async function query(signedPlan: PutPlan): Promise<URLSearchParams> {
      return new URL((await presigner.presignPut(signedPlan, PRESIGNER_NOW_MS)).url).searchParams;
    }

    /** A header that is asked for but not signed can be left out, and then nothing holds the upload to it. */
    it('signs the host and exactly the headers of the plan, and moves none of them into the query', async () => {
      await fc.assert(
        fc.asyncProperty(plan, async (put) => {
          const signed = await presigner.presignPut(put, PRESIGNER_NOW_MS);
          expect(signed.headers).toEqual(put.headers);
          const { searchParams } = new URL(signed.url);
          expect(searchParams.get('X-Amz-SignedHeaders')).toBe(
            [...Object.keys(signed.headers), 'host'].sort().join(';'),
          );
          const names = new Set(Object.keys(put.headers));
          expect([...searchParams.keys()].filter((parameter) => names.has(parameter.toLowerCase()))).toEqual(
            [],
          );
        }),
      );
    });

    it('puts the key into the URL, percent-encoded by segment, as in the public URL', async () => {
      await fc.assert(
        fc.asyncProperty(plan, async (put) => {
          const { url } = await presigner.presignPut(put, PRESIGNER_NOW_MS);
          const [path] = url.split('?', 1);
          expect(path).toBe(presigner.publicUrl(put.objectKey));
          expect(path?.startsWith(`${OBJECT_URL}/`)).toBe(true);
          expect(path?.slice(OBJECT_URL.length + 1)).toMatch(/^(?:[-.\w~/]|%[0-9A-F]{2})*$/);
          expect(decodeURIComponent(path?.slice(OBJECT_URL.length + 1) ?? '')).toBe(put.objectKey);
        }),
      );
    });

    it('says exactly when the URL stops being accepted', async () => {
      await fc.assert(
        fc.asyncProperty(plan, async (put) => {
          const { url, expiresAtMs } = await presigner.presignPut(put, PRESIGNER_NOW_MS);
          const { searchParams } = new URL(url);
          expect(searchParams.get('X-Amz-Date')).toBe('20260701T235959Z');
          expect(searchParams.get('X-Amz-Expires')).toBe(String(put.ttlSeconds));
          expect(expiresAtMs).toBe(DATE_MS + put.ttlSeconds * 1000);
        }),
      );
    });

    it('gives different uploads different signatures', async () => {
      const plans = [
        BASE,
        { ...BASE, objectKey: 'b' as ObjectKey },
        { ...BASE, headers: { ...BASE.headers, 'content-type': 'a/c' } },
        { ...BASE, headers: { ...BASE.headers, 'content-length': '2' } },
        { ...BASE, ttlSeconds: 61 },
        { ...BASE, headers: { ...BASE.headers, 'if-none-match': '*' } },
        { ...BASE, headers: { ...BASE.headers, 'x-amz-meta-a': 'b' } },
        { ...BASE, headers: { ...BASE.headers, 'x-amz-meta-a': 'c' } },
        { ...BASE, headers: { ...BASE.headers, 'x-amz-meta-b': 'b' } },
      ];
      const signatures = await Promise.all(
        plans.map(async (put) => (await query(put)).get('X-Amz-Signature')),
      );
      expect(new Set(signatures).size).toBe(plans.length);
    });

    /** The secret key signs; it must not travel. */
    it('names the credentials and their token, and never shows the secret', async () => {
      const parameters = await query(BASE);
      expect(parameters.get('X-Amz-Credential')).toBe('AKIAEXAMPLE/20260701/eu-central-1/s3/aws4_request');
      expect(parameters.get('X-Amz-Security-Token')).toBe(IDENTITY.sessionToken);
      expect(JSON.stringify(await presigner.presignPut(BASE, PRESIGNER_NOW_MS))).not.toContain('do-not-tell');
    });

    it('adds no checksum of its own', async () => {
      const names = [...(await query(BASE)).keys()];
      expect(names.filter((parameter) => /checksum/i.test(parameter))).toEqual([]);
      expect(names).toContain('X-Amz-Signature');
    });

    it('never signs beyond the life of its credentials', async () => {
      const expiration = new Date(PRESIGNER_NOW_MS + 120_000);
      const shortLived = await open(async () => ({ ...IDENTITY, expiration }));
      try {
        const put = { ...BASE, ttlSeconds: 604_800 };
        const { url, expiresAtMs } = await shortLived.presignPut(put, PRESIGNER_NOW_MS);
        expect(expiresAtMs).toBeLessThanOrEqual(expiration.getTime());
        expect(expiresAtMs).toBeGreaterThan(PRESIGNER_NOW_MS + 100_000);
        expect(Number(new URL(url).searchParams.get('X-Amz-Expires')) * 1000 + DATE_MS).toBe(expiresAtMs);
      } finally {
        shortLived.close();
      }
    });

    it('is unavailable without credentials', async () => {
      const poor = await open(() => Promise.reject(new Error('none')));
      try {
        const refusal = await Promise.resolve(poor.presignPut(BASE, PRESIGNER_NOW_MS)).catch(
          (error: unknown) => error,
        );
        expect(refusal).toBeInstanceOf(Fault);
        expect(refusal).toMatchObject({ reason: 'SIGNING_UNAVAILABLE' });
      } finally {
        poor.close();
      }
    });
  });
}
