import { createHmac } from 'node:crypto';
import { expect, it } from 'vitest';
import type { FormPlan } from '../../../src/uploads/plan.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import {
  type ClosablePresigner,
  CREDENTIAL,
  DATE_MS,
  IDENTITY,
  OBJECT_URL,
  PRESIGNER_NOW_MS,
} from './place.ts';

export const FORM: FormPlan = {
  objectKey: 'acme/a b' as ObjectKey,
  ttlSeconds: 900,
  fields: {
    'Content-Type': 'image/png',
    success_action_status: '201',
    'x-amz-checksum-sha256': '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=',
    'x-amz-meta-who': 'Änn "A"',
  },
  contentTypePrefix: undefined,
  minSizeBytes: 1,
  maxSizeBytes: 5_000,
};

/** What presigners promise of forms. */
export function describeForms(presignerOf: () => ClosablePresigner): void {
  async function policyOf(plan: FormPlan) {
    const { fields } = await presignerOf().presignForm(plan, PRESIGNER_NOW_MS);
    const { Policy: encoded = '' } = fields;
    const policy: unknown = JSON.parse(Buffer.from(encoded, 'base64').toString());
    return { fields, encoded, policy };
  }

  /** A field without a condition would be refused by S3, and one with a loose condition could be changed. */
  it('binds every field of a form to its value, and the file to its size', async () => {
    const { fields, policy } = await policyOf(FORM);
    const { Policy: _, 'X-Amz-Signature': __, ...bound } = fields;
    expect(bound).toEqual({
      ...FORM.fields,
      bucket: 'examplebucket',
      key: FORM.objectKey,
      'X-Amz-Algorithm': 'AWS4-HMAC-SHA256',
      'X-Amz-Credential': CREDENTIAL,
      'X-Amz-Date': '20260701T235959Z',
      'X-Amz-Security-Token': IDENTITY.sessionToken,
    });
    expect(policy).toEqual({
      expiration: '2026-07-02T00:14:59Z',
      conditions: [
        ['content-length-range', FORM.minSizeBytes, FORM.maxSizeBytes],
        ...Object.entries(bound).map(([name, value]) => ({ [name]: value })),
      ],
    });
  });

  it('lets the client choose a type of the family, and binds the rest', async () => {
    const { 'Content-Type': _, ...fields } = FORM.fields;
    const { policy, ...made } = await policyOf({ ...FORM, fields, contentTypePrefix: 'image/' });
    expect(made.fields).not.toHaveProperty('Content-Type');
    expect(policy).toMatchObject({
      conditions: expect.arrayContaining([['starts-with', '$Content-Type', 'image/']]),
    });
  });

  it('posts a form to the bucket, and says exactly when that stops being accepted', async () => {
    const { url, expiresAtMs } = await presignerOf().presignForm(FORM, PRESIGNER_NOW_MS);
    expect(url).toBe(OBJECT_URL);
    expect(expiresAtMs).toBe(DATE_MS + 900_000);
  });

  /** AWS "Calculating a signature": the string to sign is the encoded policy. */
  it('signs the policy with the key of its day, and never shows the secret', async () => {
    const { fields, encoded } = await policyOf(FORM);
    const key = ['20260701', 'eu-central-1', 's3', 'aws4_request'].reduce<string | Buffer>(
      (previous, part) => createHmac('sha256', previous).update(part).digest(),
      `AWS4${IDENTITY.secretAccessKey}`,
    );
    expect(fields['X-Amz-Signature']).toBe(createHmac('sha256', key).update(encoded).digest('hex'));
    expect(JSON.stringify([fields, Buffer.from(encoded, 'base64').toString()])).not.toContain(
      IDENTITY.secretAccessKey,
    );
  });
}
