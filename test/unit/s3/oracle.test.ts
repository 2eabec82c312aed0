// The AWS SDK as the oracle: whatever the native signer makes, the SDK makes too, byte for byte.
import { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { openPresigner, type PresignerOptions } from '../../../src/s3/presigner.ts';
import type { ObjectKey, PutPlan, UploadOptions } from '../../../src/uploads/upload.ts';
import { oraclePutUrl } from '../../support/presign-oracle.ts';
import { planFor, sdkInputOf, uploadOptions } from '../../support/upload-option-cases.ts';

const REGIONS = [
  'us-east-1',
  'eu-central-1',
  'cn-north-1',
  'us-gov-west-1',
  'ap-southeast-7',
  'aws-global',
  'auto',
];
const ENDPOINTS = [
  undefined,
  undefined,
  'http://127.0.0.1:9000',
  'http://[::1]:9000',
  'http://localhost:9000',
  'https://s3.example.com',
  'https://s3.example.com:443/',
  'http://s3.example.com:80',
  'https://s3.example.com:8443/base/path/',
  'https://s3.example.com/with%20space/é',
  'https://account.r2.cloudflarestorage.com',
];

const label = fc.stringMatching(/^[a-z0-9][a-z0-9-]{1,12}[a-z0-9]$/);
const bucket = fc.oneof(
  label,
  fc.array(label, { minLength: 2, maxLength: 3 }).map((labels) => labels.join('.')),
  fc.constantFrom('Old_Bucket', 'arn:aws:s3:us-east-1:123456789012:accesspoint/point', 'b--use1-az4--x-s3'),
);
const key = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
  fc.string({ unit: fc.constantFrom(...'/.%+ ~!*\'()=&?#;:@$,[]{}<>"^`|\\aZ0é€😀'), minLength: 1 }),
  fc.constantFrom('/lead', 'trail/', 'a//b', './a/../b', '.', '..', '%2F', '\u0000', '\n'),
);
const contentType = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e](?:[\x20-\x7e]{0,80}[\x21-\x7e])?$/),
  fc.constantFrom('text/plain', 'a  b', 'multipart/x;  boundary="a   b"', 'example_string', '\u007f'),
);
const secret = fc.string({ minLength: 1, maxLength: 44 });
const token = fc.option(fc.stringMatching(/^[A-Za-z0-9+/=%&? ]{1,400}$/), { nil: undefined });
const accessKey = fc.stringMatching(/^[A-Z0-9]{4,20}$/);
const second = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });

async function open(options: Partial<PresignerOptions>) {
  const failures: unknown[] = [];
  const presigner = await openPresigner({
    bucket: 'b',
    forcePathStyle: false,
    signer: 'auto',
    wallClockMs: () => Date.UTC(2026, 0, 1),
    onSignerChange: () => {},
    onCredentialFailure: (error) => failures.push(error),
    ...options,
  });
  return { presigner, failures };
}

describe('the native signer', () => {
  afterEach(() => vi.restoreAllMocks());

  it('makes the URL of the SDK wherever the SDK has one, and asks no network', async () => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    // The SDK prints the addresses that it cannot parse, such as a bucket's subdomain of an IP address.
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    let compared = 0;
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.record({
          bucket,
          region: fc.constantFrom(...REGIONS),
          endpoint: fc.constantFrom(...ENDPOINTS),
          forcePathStyle: fc.boolean(),
          credentials: fc.record({ accessKeyId: accessKey, secretAccessKey: secret, sessionToken: token }),
          requests: fc.array(
            fc.record({
              key,
              contentType,
              sizeBytes: fc.integer({ min: 0, max: 5_368_709_120 }),
              options: fc.option(uploadOptions, { nil: undefined }),
              expiresSeconds: fc.oneof(fc.integer({ min: 1, max: 604_800 }), fc.constantFrom(1, 604_800)),
              atMs: second,
            }),
            { minLength: 1, maxLength: 4 },
          ),
        }),
        async ({ requests, credentials: { sessionToken, ...keys }, endpoint, ...place }) => {
          const identity = { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) };
          const { bucket: name, ...address } = { ...place, ...(endpoint === undefined ? {} : { endpoint }) };
          const config = { ...address, credentials: identity, disableS3ExpressSessionAuth: true };
          const expected = await Promise.all(
            requests.map(({ options = {}, ...request }) => {
              const input = sdkInputOf(options, planOf({ ...request, options }));
              return oraclePutUrl(config, { bucket: name, ...request, input });
            }),
          ).catch(() => undefined);
          const opening = open({ ...place, endpoint, credentials: async () => identity });
          if (expected === undefined) {
            refused += 1;
            await expect(opening).rejects.toThrow('no address that can be signed for');
            return;
          }
          const { presigner, failures } = await opening;
          try {
            expect(failures).toEqual([]);
            expect(presigner.status()).toEqual({ signer: 'native', reason: 'proven' });
            const urls = requests.map((request) => {
              const signed = presigner.presignPut(planOf(request), request.atMs);
              return 'url' in signed ? signed.url : 'a promise';
            });
            expect(urls).toEqual(expected);
            expect(requests.map((request) => presigner.publicUrl(request.key as ObjectKey))).toEqual(
              urls.map((url) => url.slice(0, url.indexOf('?'))),
            );
            compared += urls.length;
          } finally {
            presigner.close();
          }
        },
      ),
      { numRuns: 150 },
    );
    expect(connect).not.toHaveBeenCalled();
    // Not a property that holds because hardly anything was compared.
    expect(compared).toBeGreaterThan(100);
    expect(refused).toBeLessThan(75);
  }, 60_000);

  it('finds every partition’s host where AWS has it', async () => {
    const hosts: Record<string, string> = {};
    for (const region of ['us-east-1', 'cn-north-1', 'us-gov-west-1']) {
      const { presigner } = await open({ bucket: 'examplebucket', region, credentials });
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
    const { presigner } = await open({ bucket: 'my.dotted.bucket', region: 'us-east-1', credentials });
    expect(presigner.publicUrl('k' as ObjectKey)).toBe(
      'https://s3.us-east-1.amazonaws.com/my.dotted.bucket/k',
    );
    presigner.close();
  });

  /** One at a time and all at once, so that none is only ever seen in company. */
  it('makes the URL of the SDK for each option alone and for all together', async () => {
    const { presigner } = await open({ bucket: 'examplebucket', region: 'eu-central-1', credentials });
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
      const { presigner } = await open({ bucket: 'examplebucket', region: 'us-east-1', credentials });
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

  it('signs any number of different header names rightly', async () => {
    const { presigner } = await open({ bucket: 'examplebucket', region: 'us-east-1', credentials });
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
