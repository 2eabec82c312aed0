// The AWS SDK as the oracle: whatever the native signer makes, the SDK makes too, byte for byte.
import { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { ObjectKey, PutPlan, UploadOptions } from '../../../src/uploads/upload.ts';
import {
  atOnce,
  type Comparisons,
  compareWithSdk,
  contentType,
  lifeSeconds,
  moment,
  objectKey,
  openAnywhere,
  signingPlace,
} from '../../support/presign-cases.ts';
import { oraclePutUrl } from '../../support/presign-oracle.ts';
import { planFor, sdkInputOf, uploadOptions } from '../../support/upload-option-cases.ts';

describe('the native signer', () => {
  afterEach(() => vi.restoreAllMocks());

  it('makes the URL of the SDK wherever the SDK has one, and asks no network', async () => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    // The SDK prints the addresses that it cannot parse, such as a bucket's subdomain of an IP address.
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    const counts: Comparisons = { compared: 0, refused: 0 };
    const asked = fc.record({
      key: objectKey,
      contentType,
      sizeBytes: fc.integer({ min: 0, max: 5_368_709_120 }),
      options: fc.option(uploadOptions, { nil: undefined }),
      expiresSeconds: lifeSeconds,
      atMs: moment,
    });
    await fc.assert(
      fc.asyncProperty(signingPlace, fc.array(asked, { minLength: 1, maxLength: 4 }), (place, requests) =>
        compareWithSdk(
          place,
          requests,
          {
            sdk: async (config, { options = {}, ...request }) => {
              const input = sdkInputOf(options, planOf({ ...request, options }));
              const url = await oraclePutUrl(config, { bucket: place.bucket, ...request, input });
              return { url, publicUrl: url.slice(0, url.indexOf('?')) };
            },
            native: (presigner, request) => ({
              url: atOnce(presigner.presignPut(planOf(request), request.atMs)).url,
              publicUrl: presigner.publicUrl(request.key as ObjectKey),
            }),
          },
          counts,
        ),
      ),
      { numRuns: 150 },
    );
    expect(connect).not.toHaveBeenCalled();
    // Not a property that holds because hardly anything was compared.
    expect(counts.compared).toBeGreaterThan(100);
    expect(counts.refused).toBeLessThan(75);
  }, 60_000);

  it('finds every partition’s host where AWS has it', async () => {
    const hosts: Record<string, string> = {};
    for (const region of ['us-east-1', 'cn-north-1', 'us-gov-west-1']) {
      const { presigner } = await openAnywhere({ bucket: 'examplebucket', region, credentials });
      hosts[region] = new URL(presigner.publicUrl('k' as ObjectKey)).host;
      presigner.close();
    }
    expect(hosts).toEqual({
      'us-east-1': 'examplebucket.s3.us-east-1.amazonaws.com',
      'cn-north-1': 'examplebucket.s3.cn-north-1.amazonaws.com.cn',
      'us-gov-west-1': 'examplebucket.s3.us-gov-west-1.amazonaws.com',
    });
  });

  it('puts a dotted bucket into the path over https, where no certificate could match its host', async () => {
    const { presigner } = await openAnywhere({
      bucket: 'my.dotted.bucket',
      region: 'us-east-1',
      credentials,
    });
    expect(presigner.publicUrl('k' as ObjectKey)).toBe(
      'https://s3.us-east-1.amazonaws.com/my.dotted.bucket/k',
    );
    presigner.close();
  });

  /** One at a time and all at once, so that none is only ever seen in company. */
  it('makes the URL of the SDK for each option alone and for all together', async () => {
    const { presigner } = await openAnywhere({
      bucket: 'examplebucket',
      region: 'eu-central-1',
      credentials,
    });
    const all: UploadOptions = {
      checksum: { kept: { algorithm: 'crc64nvme', value: 'jSnVw/bqjr4=' }, md5: 'XrY7u+Ae7tCTyyK7j1rNww==' },
      overwrite: 'never',
      cacheControl: 'max-age=60,  public',
      contentLanguage: 'de, en',
      contentEncoding: 'gzip',
      contentDisposition: 'attachment',
      metadata: { who: 'Ann', ['__proto__']: 'kept', "!#$%&'*+-.^_`|~": 'a  b', ort: 'Köln' },
      tags: { 'a b': 'c+d', 日: '' },
      encryption: { type: 'kms', kmsKeyId: 'arn:aws:kms:eu-central-1:1:key/x' },
      storageClass: 'STANDARD_IA',
      acl: 'private',
    };
    const cases = [...Object.entries(all).map(([name, value]): UploadOptions => ({ [name]: value })), all];
    for (const options of cases) {
      const request = { key: 'k', contentType: 'a/b', sizeBytes: 7, expiresSeconds: 60, atMs: 0 };
      const plan = planOf({ ...request, options });
      const input = sdkInputOf(options, plan);
      const config = { region: 'eu-central-1', credentials: await credentials() };
      const { url } = await presigner.presignPut(plan, 0);
      expect(url).toBe(await oraclePutUrl(config, { bucket: 'examplebucket', ...request, input }));
      expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toBe(
        [...Object.keys(plan.headers), 'host'].sort().join(';'),
      );
    }
    presigner.close();
  });

  /** Checksums that the SDK adds on its own break uploads to R2, Garage and SeaweedFS. */
  it.each<[UploadOptions, string]>([
    [{}, 'content-length;content-type;host'],
    [{ overwrite: 'never' }, 'content-length;content-type;host;if-none-match'],
    [
      {
        checksum: { kept: { algorithm: 'crc32', value: 'DUoRhQ==' } },
        tags: { a: 'b' },
        metadata: { c: 'd' },
      },
      'content-length;content-type;host;x-amz-checksum-crc32;x-amz-meta-c;x-amz-tagging',
    ],
  ])(
    'has nothing but the signature in the URL for the options %j, and signs %s',
    async (options, headers) => {
      const { presigner } = await openAnywhere({ bucket: 'examplebucket', region: 'us-east-1', credentials });
      const plan = planOf({ key: 'k', contentType: 'a/b', sizeBytes: 0, expiresSeconds: 60, options });
      const { searchParams } = new URL((await presigner.presignPut(plan, Date.UTC(2026, 0, 1))).url);
      expect([...searchParams.keys()].sort()).toEqual([
        'X-Amz-Algorithm',
        'X-Amz-Content-Sha256',
        'X-Amz-Credential',
        'X-Amz-Date',
        'X-Amz-Expires',
        'X-Amz-Signature',
        'X-Amz-SignedHeaders',
        'x-id',
      ]);
      expect(searchParams.get('X-Amz-SignedHeaders')).toBe(headers);
      presigner.close();
    },
  );

  /** The SDK has no member for it, and GCS no other way of saying that nothing must be overwritten. */
  it('signs a header of Google’s as the SDK does when it is handed one', async () => {
    const plan = planOf({ key: 'k', contentType: 'a/b', sizeBytes: 7, expiresSeconds: 60 });
    const once = { ...plan, headers: { ...plan.headers, 'x-goog-if-generation-match': '0' } };
    const place = {
      bucket: 'examplebucket',
      region: 'auto',
      endpoint: 'https://storage.googleapis.com',
      credentials,
    };
    const urls: string[] = [];
    for (const signer of ['auto', 'sdk'] as const) {
      const { presigner } = await openAnywhere({ ...place, signer });
      urls.push((await presigner.presignPut(once, 0)).url);
      presigner.close();
    }
    expect(urls[0]).toBe(urls[1]);
    const { searchParams } = new URL(urls[0] ?? '');
    expect(searchParams.get('X-Amz-SignedHeaders')).toBe(
      'content-length;content-type;host;x-goog-if-generation-match',
    );
    expect(searchParams.has('x-goog-if-generation-match')).toBe(false);
  });

  it('signs any number of different header names rightly', async () => {
    const { presigner } = await openAnywhere({ bucket: 'examplebucket', region: 'us-east-1', credentials });
    const config = { region: 'us-east-1', credentials: await credentials() };
    for (const round of [0, 1]) {
      for (let index = 0; index < 600; index += 1) {
        const options = { metadata: { [`name-${index}`]: 'x' } };
        const request = { key: 'k', contentType: 'a/b', sizeBytes: 7, expiresSeconds: 60 };
        const plan = planOf({ ...request, options });
        const { url } = await presigner.presignPut(plan, round * 86_400_000);
        expect(new URL(url).searchParams.get('X-Amz-SignedHeaders')).toContain(`x-amz-meta-name-${index}`);
        if (index % 200 !== 0) continue;
        const atMs = round * 86_400_000;
        const input = sdkInputOf(options, plan);
        expect(url).toBe(await oraclePutUrl(config, { bucket: 'examplebucket', ...request, atMs, input }));
      }
    }
    presigner.close();
  });
});

interface Asked {
  readonly key: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly expiresSeconds: number;
  readonly options?: UploadOptions | undefined;
}

/** The plan of the request, for a key and a type that the decision itself would not make or take. */
function planOf({ key: objectKey, contentType, sizeBytes, expiresSeconds, options }: Asked): PutPlan {
  const plan = planFor({ filename: 'Grüße "1".txt', contentType: 'a/b', sizeBytes, options });
  return {
    ...plan,
    objectKey: objectKey as ObjectKey,
    ttlSeconds: expiresSeconds,
    headers: { ...plan.headers, 'content-type': contentType },
  };
}

async function credentials() {
  return { accessKeyId: 'AKIAIOSFODNN7EXAMPLE', secretAccessKey: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY' };
}
