// The AWS SDK as the oracle of signed forms.
import { Socket } from 'node:net';
import type { PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { FormPlan } from '../../../src/uploads/plan.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import {
  atOnce,
  type Comparisons,
  compareWithSdk,
  lifeSeconds,
  moment,
  objectKey,
  openAnywhere,
  signingPlace,
} from '../../support/presign-cases.ts';
import { oracleForm, oraclePutUrl } from '../../support/presign-oracle.ts';

const value = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.string({ unit: fc.constantFrom(...'"\\\u2028\u2029</>&{}[]$ é€😀\n\u0000'), maxLength: 20 }),
);
const fieldName = fc.oneof(
  fc.constantFrom(
    'Content-Type',
    'Cache-Control',
    'acl',
    'tagging',
    'success_action_status',
    '__proto__',
    '7',
    '1',
  ),
  fc.stringMatching(/^x-amz-meta-[a-z0-9!#$%&'*+.^_`|~-]{1,12}$/),
);
const form = fc.record({
  objectKey,
  fields: fc.uniqueArray(fc.tuple(fieldName, value), { selector: ([name]) => name, maxLength: 6 }),
  contentTypePrefix: fc.option(fc.constantFrom('image/', '', 'a"b'), { nil: undefined }),
  minSizeBytes: fc.integer({ min: 0, max: 5_368_709_120 }),
  maxSizeBytes: fc.integer({ min: 0, max: 5_368_709_120 }),
  expiresSeconds: lifeSeconds,
});

type Form = typeof form extends fc.Arbitrary<infer Value> ? Value : never;

const PLAN: FormPlan = {
  objectKey: 'acme/a.png' as ObjectKey,
  ttlSeconds: 900,
  fields: { 'Content-Type': 'image/png', success_action_status: '201' },
  contentTypePrefix: undefined,
  minSizeBytes: 1,
  maxSizeBytes: 1_000,
};

describe('the native signer', () => {
  beforeEach(() => {
    // The oracle reads the clock.
    vi.useFakeTimers({ toFake: ['Date'] });
  });

  afterEach(() => {
    vi.useRealTimers();
    vi.restoreAllMocks();
  });

  it('makes the form of the SDK, field by field and in its order, and asks no network', async () => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    // The SDK prints the addresses that it cannot parse, such as a bucket's subdomain of an IP address.
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    const counts: Comparisons = { compared: 0, refused: 0 };
    await fc.assert(
      fc.asyncProperty(
        signingPlace,
        moment,
        fc.array(form, { minLength: 1, maxLength: 4 }),
        async (place, atMs, forms) => {
          vi.setSystemTime(atMs);
          await compareWithSdk(
            place,
            forms,
            {
              sdk: async (config, asked) => {
                const region = await signingRegion(config, place.bucket);
                return textOf(await oracleForm({ ...config, region }, optionsOf(place.bucket, asked)));
              },
              native: (presigner, asked) => {
                const { url, fields } = atOnce(presigner.presignForm(planOf(asked), atMs));
                return textOf({ url, fields });
              },
            },
            counts,
          );
        },
      ),
      { numRuns: 80 },
    );
    expect(connect).not.toHaveBeenCalled();
    // Not a property that holds because hardly anything was compared.
    expect(counts.compared).toBeGreaterThan(50);
    expect(counts.refused).toBeLessThan(40);
  }, 60_000);

  /** S3 would put the name of the client's file there: a key of the client's choice. */
  it.each(['auto', 'sdk'] as const)(
    'refuses a key with S3’s variable, with the signer %s',
    async (signer) => {
      const { presigner } = await openAnywhere({ signer, region: 'us-east-1', credentials });
      const plan = { ...PLAN, objectKey: ('acme/$' + '{filename}') as ObjectKey };
      await expect(async () => presigner.presignForm(plan, 0)).rejects.toThrow(RangeError);
      presigner.close();
    },
  );

  /** The SDK asks the clock, whatever the service's own says. */
  it('is dated by the moment that it is asked for, whoever signs', async () => {
    vi.setSystemTime(Date.UTC(2026, 5, 1));
    const forms = [];
    for (const signer of ['auto', 'sdk'] as const) {
      const { presigner } = await openAnywhere({ signer, region: 'us-east-1', credentials });
      forms.push(await presigner.presignForm(PLAN, Date.UTC(2026, 5, 2, 0, 0, 0, 999)));
      presigner.close();
    }
    expect(forms[0]).toEqual(forms[1]);
    expect(forms[0]?.fields).toMatchObject({ 'X-Amz-Date': '20260602T000000Z' });
  });
});

/** URLs and forms are signed for one region; the SDK alone would sign forms for names such as aws-global. */
async function signingRegion(config: Parameters<typeof oraclePutUrl>[0], bucket: string): Promise<string> {
  const moment = { expiresSeconds: 1, atMs: 0 };
  const url = await oraclePutUrl(config, { bucket, key: 'k', contentType: 'a/b', sizeBytes: 0, ...moment });
  return new URL(url).searchParams.get('X-Amz-Credential')?.split('/')[2] ?? '';
}

/** The order of the fields counts: S3 reads a form from its beginning. */
function textOf(made: { readonly url: string; readonly fields: Readonly<Record<string, string>> }): string {
  return JSON.stringify([made.url, Object.entries(made.fields)]);
}

function optionsOf(Bucket: string, asked: Form): PresignedPostOptions {
  return {
    Bucket,
    Key: asked.objectKey,
    Expires: asked.expiresSeconds,
    Fields: Object.fromEntries(asked.fields),
    Conditions: [
      ['content-length-range', asked.minSizeBytes, asked.maxSizeBytes],
      ...(asked.contentTypePrefix === undefined
        ? []
        : [['starts-with', '$Content-Type', asked.contentTypePrefix] as ['starts-with', string, string]]),
    ],
  };
}

function planOf({ expiresSeconds, fields, ...asked }: Form): FormPlan {
  return {
    ...asked,
    objectKey: asked.objectKey as ObjectKey,
    ttlSeconds: expiresSeconds,
    fields: Object.fromEntries(fields),
  };
}

async function credentials() {
  return { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
}
