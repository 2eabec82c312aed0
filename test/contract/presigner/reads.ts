import { expect, it } from 'vitest';
import type { GetPlan } from '../../../src/uploads/plan.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import { type ClosablePresigner, DATE_MS, PRESIGNER_NOW_MS } from './place.ts';

export const GET: GetPlan = {
  objectKey: 'acme/a b' as ObjectKey,
  ttlSeconds: 900,
  overrides: {
    'response-content-disposition': `attachment; filename="a  b.txt"; filename*=UTF-8''%C3%84`,
    'response-content-type': 'text/plain',
  },
};

/** What presigners promise of reads. */
export function describeReads(presignerOf: () => ClosablePresigner): void {
  it('signs a read with exactly the overrides of the plan, and no header but the host', async () => {
    const { url, expiresAtMs } = await presignerOf().presignGet(GET, PRESIGNER_NOW_MS);
    const { searchParams } = new URL(url);
    expect(url.split('?', 1)).toEqual([presignerOf().publicUrl(GET.objectKey)]);
    expect(Object.fromEntries([...searchParams].filter(([name]) => !name.startsWith('X-Amz-')))).toEqual({
      ...GET.overrides,
      'x-id': 'GetObject',
    });
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe('host');
    expect(searchParams.get('X-Amz-Expires')).toBe('900');
    expect(expiresAtMs).toBe(DATE_MS + 900_000);
  });

  it('gives different reads different signatures', async () => {
    const plans: GetPlan[] = [
      GET,
      { ...GET, objectKey: 'acme/b' as ObjectKey },
      { ...GET, ttlSeconds: 901 },
      { ...GET, overrides: {} },
      { ...GET, overrides: { ...GET.overrides, 'response-content-type': 'text/html' } },
      { ...GET, overrides: { ...GET.overrides, versionId: '1' } },
    ];
    const signatures = await Promise.all(
      plans.map(async (plan) => {
        const { url } = await presignerOf().presignGet(plan, PRESIGNER_NOW_MS);
        return new URL(url).searchParams.get('X-Amz-Signature');
      }),
    );
    expect(new Set(signatures).size).toBe(plans.length);
  });
}
