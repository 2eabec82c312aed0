import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/fault/fault.ts';
import type { SignedPut } from '../../src/uploads/ports.ts';
import type { ObjectKey, PutPlan } from '../../src/uploads/upload.ts';
import { planFor, uploadOptions } from '../support/upload-option-cases.ts';
import { describeForms, FORM } from './presigner/forms.ts';
import { describeParts, PARTS } from './presigner/parts.ts';
import {
  type ClosablePresigner,
  CREDENTIAL,
  DATE_MS,
  IDENTITY,
  OBJECT_URL,
  type OpenPresigner,
  PRESIGNER_NOW_MS,
} from './presigner/place.ts';
import { describeReads, GET } from './presigner/reads.ts';

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

/** A plan of each kind, signed. */
const signings: Record<string, (presigner: ClosablePresigner, ttlSeconds: number) => Signing> = {
  'a PUT': (presigner, ttlSeconds) => presigner.presignPut({ ...BASE, ttlSeconds }, PRESIGNER_NOW_MS),
  'a form': (presigner, ttlSeconds) => presigner.presignForm({ ...FORM, ttlSeconds }, PRESIGNER_NOW_MS),
  'a set of parts': (presigner, ttlSeconds) =>
    presigner.presignParts({ ...PARTS, ttlSeconds }, PRESIGNER_NOW_MS),
  'a GET': (presigner, ttlSeconds) => presigner.presignGet({ ...GET, ttlSeconds }, PRESIGNER_NOW_MS),
};
type Signing = Life | Promise<Life>;
type Life = Pick<SignedPut, 'expiresAtMs'>;

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
      expect(parameters.get('X-Amz-Credential')).toBe(CREDENTIAL);
      expect(parameters.get('X-Amz-Security-Token')).toBe(IDENTITY.sessionToken);
      expect(JSON.stringify(await presigner.presignPut(BASE, PRESIGNER_NOW_MS))).not.toContain('do-not-tell');
    });

    it('adds no checksum of its own', async () => {
      const names = [...(await query(BASE)).keys()];
      expect(names.filter((parameter) => /checksum/i.test(parameter))).toEqual([]);
      expect(names).toContain('X-Amz-Signature');
    });

    describeParts(() => presigner);
    describeReads(() => presigner);
    describeForms(() => presigner);

    describe.each(Object.keys(signings))('%s', (kind) => {
      const sign = async (signer: ClosablePresigner, ttlSeconds: number) =>
        signings[kind]?.(signer, ttlSeconds);

      it('is never signed beyond the life of the credentials', async () => {
        const expiration = new Date(PRESIGNER_NOW_MS + 120_000);
        const shortLived = await open(async () => ({ ...IDENTITY, expiration }));
        try {
          const signed = await sign(shortLived, 604_800);
          expect(signed?.expiresAtMs).toBeLessThanOrEqual(expiration.getTime());
          expect(signed?.expiresAtMs).toBeGreaterThan(PRESIGNER_NOW_MS + 100_000);
          for (const end of endsIn(signed)) expect(end).toBe(signed?.expiresAtMs);
          expect(endsIn(signed)).not.toEqual([]);
        } finally {
          shortLived.close();
        }
      });

      it('is not signed without credentials', async () => {
        const poor = await open(() => Promise.reject(new Error('none')));
        try {
          const refusal = await sign(poor, 60).catch((error: unknown) => error);
          expect(refusal).toBeInstanceOf(Fault);
          expect(refusal).toMatchObject({ reason: 'SIGNING_UNAVAILABLE' });
        } finally {
          poor.close();
        }
      });

      it.each([0, 604_801, 1.5])('is not signed for %s seconds', async (ttlSeconds) => {
        await expect(sign(presigner, ttlSeconds)).rejects.toMatchObject({ reason: 'INTERNAL' });
      });
    });
  });
}

/** When S3 stops accepting what was signed, read from what S3 is shown. Wall-clock milliseconds. */
function endsIn(signed: unknown): number[] {
  const text = JSON.stringify(signed);
  const inUrls = [...text.matchAll(/X-Amz-Expires=(\d+)/g)].map(
    ([, seconds]) => DATE_MS + Number(seconds) * 1000,
  );
  const inPolicies = [...text.matchAll(/"Policy":"([^"]+)"/g)].map(([, policy = '']) =>
    Date.parse(JSON.parse(Buffer.from(policy, 'base64').toString()).expiration),
  );
  return [...inUrls, ...inPolicies];
}
