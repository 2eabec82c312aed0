import { expect, it } from 'vitest';
import type { PartsPlan } from '../../../src/uploads/plan.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import { type ClosablePresigner, CREDENTIAL, DATE_MS, OBJECT_URL, PRESIGNER_NOW_MS } from './place.ts';

export const PARTS: PartsPlan = {
  objectKey: 'acme/a b' as ObjectKey,
  s3UploadId: '2~up/+=',
  ttlSeconds: 900,
  parts: [
    { partNumber: 1, sizeBytes: 5_242_880, headers: { 'x-amz-checksum-crc32': 'DUoRhQ==' } },
    { partNumber: 2, sizeBytes: 5_242_880, headers: { 'content-md5': '1B2M2Y8AsgTpgAmY7PhCfg==' } },
    { partNumber: 10_000, sizeBytes: 7, headers: {} },
  ],
};

/** What presigners promise of parts. */
export function describeParts(presignerOf: () => ClosablePresigner): void {
  it('signs the length and every header of each part, in the order of the plan', async () => {
    const { parts } = await presignerOf().presignParts(PARTS, PRESIGNER_NOW_MS);
    expect(parts.map(({ headers }) => headers)).toEqual(
      PARTS.parts.map(({ sizeBytes, headers }) => ({ 'content-length': String(sizeBytes), ...headers })),
    );
    for (const { url, headers } of parts) {
      const { searchParams } = new URL(url);
      const names = Object.keys(headers);
      expect(searchParams.get('X-Amz-SignedHeaders')).toBe([...names, 'host'].sort().join(';'));
      expect([...searchParams.keys()].filter((name) => names.includes(name.toLowerCase()))).toEqual([]);
    }
  });

  it('names the upload and the number in the URL of a part', async () => {
    const { parts } = await presignerOf().presignParts(PARTS, PRESIGNER_NOW_MS);
    for (const [index, { url }] of parts.entries()) {
      const { searchParams } = new URL(url);
      expect(url.split('?', 1)).toEqual([`${OBJECT_URL}/acme/a%20b`]);
      expect(searchParams.get('uploadId')).toBe(PARTS.s3UploadId);
      expect(searchParams.get('partNumber')).toBe(String(PARTS.parts[index]?.partNumber));
      expect(searchParams.get('x-id')).toBe('UploadPart');
      expect(searchParams.get('X-Amz-Credential')).toBe(CREDENTIAL);
    }
  });

  /** Otherwise a part could be sent as another one, or into another upload. */
  it('gives parts of other numbers, uploads, sizes and checksums different signatures', async () => {
    const [first] = PARTS.parts;
    if (first === undefined) throw new Error('no part');
    const one: PartsPlan = { ...PARTS, parts: [first] };
    const plans: PartsPlan[] = [
      one,
      { ...one, objectKey: 'acme/b' as ObjectKey },
      { ...one, s3UploadId: 'other' },
      { ...one, ttlSeconds: 901 },
      { ...one, parts: [{ ...first, partNumber: 2 }] },
      { ...one, parts: [{ ...first, sizeBytes: first.sizeBytes + 1 }] },
      { ...one, parts: [{ ...first, headers: {} }] },
      { ...one, parts: [{ ...first, headers: { 'x-amz-checksum-crc32': 'AAAAAA==' } }] },
    ];
    const signatures = await Promise.all(
      plans.map(async (plan) => {
        const { parts } = await presignerOf().presignParts(plan, PRESIGNER_NOW_MS);
        return parts.map(({ url }) => new URL(url).searchParams.get('X-Amz-Signature'));
      }),
    );
    expect(new Set(signatures.flat()).size).toBe(plans.length);
  });

  it('signs as many parts as there are, all for the same time', async () => {
    const parts = Array.from({ length: 50 }, (_, index) => ({
      partNumber: index + 1,
      sizeBytes: 1,
      headers: {},
    }));
    const signed = await presignerOf().presignParts({ ...PARTS, parts }, PRESIGNER_NOW_MS);
    expect(signed.expiresAtMs).toBe(DATE_MS + 900_000);
    const queries = signed.parts.map(({ url }) => new URL(url).searchParams);
    expect(queries.map((query) => query.get('partNumber'))).toEqual(
      parts.map(({ partNumber }) => String(partNumber)),
    );
    expect(new Set(queries.map((query) => query.get('X-Amz-Date')))).toEqual(new Set(['20260701T235959Z']));
    expect(new Set(queries.map((query) => query.get('X-Amz-Expires')))).toEqual(new Set(['900']));
    expect(await presignerOf().presignParts({ ...PARTS, parts: [] }, PRESIGNER_NOW_MS)).toEqual({
      parts: [],
      expiresAtMs: DATE_MS + 900_000,
    });
  });
}
