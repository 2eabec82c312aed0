// Places to sign for and requests to sign, for properties that compare signers; and the comparison.
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import fc from 'fast-check';
import { expect } from 'vitest';
import { openPresigner, type PresignerOptions, type S3Presigner } from '../../src/s3/presigner.ts';

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
export const objectKey = fc.oneof(
  fc.string({ unit: 'binary', minLength: 1, maxLength: 100 }),
  fc.string({ unit: fc.constantFrom(...'/.%+ ~!*\'()=&?#;:@$,[]{}<>"^`|\\aZ0é€😀'), minLength: 1 }),
  fc.constantFrom('/lead', 'trail/', 'a//b', './a/../b', '.', '..', '%2F', '\u0000', '\n'),
);
export const contentType = fc.oneof(
  fc.stringMatching(/^[\x21-\x7e](?:[\x20-\x7e]{0,80}[\x21-\x7e])?$/),
  fc.constantFrom('text/plain', 'a  b', 'multipart/x;  boundary="a   b"', 'example_string', '\u007f'),
);
const secret = fc.string({ minLength: 1, maxLength: 44 });
const token = fc.option(fc.stringMatching(/^[A-Za-z0-9+/=%&? ]{1,400}$/), { nil: undefined });
const accessKey = fc.stringMatching(/^[A-Z0-9]{4,20}$/);
export const moment = fc.integer({ min: 0, max: Date.UTC(2100, 0, 1) });
export const lifeSeconds = fc.oneof(fc.integer({ min: 1, max: 604_800 }), fc.constantFrom(1, 604_800));

/** A bucket, where it is, and who signs. */
export const signingPlace = fc.record({
  bucket,
  region: fc.constantFrom(...REGIONS),
  endpoint: fc.constantFrom(...ENDPOINTS),
  forcePathStyle: fc.boolean(),
  credentials: fc.record({ accessKeyId: accessKey, secretAccessKey: secret, sessionToken: token }),
});
export type SigningPlace = typeof signingPlace extends fc.Arbitrary<infer Place> ? Place : never;

export async function openAnywhere(options: Partial<PresignerOptions>) {
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

/** How often signers were compared, and how often the SDK had no address to compare at. */
export interface Comparisons {
  compared: number;
  refused: number;
}

/**
 * Expects that the native signer makes of each request what the SDK makes of it, or that it has no address where the SDK
 * has none.
 */
export async function compareWithSdk<Request, Signed>(
  place: SigningPlace,
  requests: readonly Request[],
  signers: {
    readonly sdk: (config: S3ClientConfig, request: Request) => Promise<Signed>;
    /** Answers at once: the native signer waits for nothing. */
    readonly native: (presigner: S3Presigner, request: Request) => Signed;
  },
  counts: Comparisons,
): Promise<void> {
  const { bucket: name, endpoint, credentials, ...rest } = place;
  const { sessionToken, ...keys } = credentials;
  const identity = { ...keys, ...(sessionToken === undefined ? {} : { sessionToken }) };
  const config = {
    ...rest,
    ...(endpoint === undefined ? {} : { endpoint }),
    credentials: identity,
    disableS3ExpressSessionAuth: true,
  };
  const expected = await Promise.all(requests.map((request) => signers.sdk(config, request))).catch(
    () => undefined,
  );
  const opening = openAnywhere({ ...rest, bucket: name, endpoint, credentials: async () => identity });
  if (expected === undefined) {
    counts.refused += 1;
    await expect(opening).rejects.toThrow('no address that can be signed for');
    return;
  }
  const { presigner, failures } = await opening;
  try {
    expect(failures).toEqual([]);
    expect(presigner.status()).toEqual({ signer: 'native', reason: 'proven' });
    expect(requests.map((request) => signers.native(presigner, request))).toEqual(expected);
    counts.compared += requests.length;
  } finally {
    presigner.close();
  }
}

/** The answer of a signer that answers at once. */
export function atOnce<Signed>(answer: Signed | Promise<Signed>): Signed {
  if (answer instanceof Promise) throw new Error('a promise');
  return answer;
}
