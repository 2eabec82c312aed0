// The AWS SDK as the oracle of signed parts.
import { Socket } from 'node:net';
import fc from 'fast-check';
import { afterEach, describe, expect, it, vi } from 'vitest';
import type { PartsPlan } from '../../../src/uploads/plan.ts';
import type { ObjectKey } from '../../../src/uploads/upload.ts';
import {
  atOnce,
  type Comparisons,
  compareWithSdk,
  lifeSeconds,
  moment,
  objectKey,
  signingPlace,
} from '../../support/presign-cases.ts';
import { oraclePartUrl } from '../../support/presign-oracle.ts';

const base64 = (bytes: number) =>
  fc.uint8Array({ minLength: bytes, maxLength: bytes }).map((value) => Buffer.from(value).toString('base64'));

/** Checksums by header and by the SDK's member. */
const checksums = fc.record(
  {
    ContentMD5: base64(16),
    ChecksumCRC32: base64(4),
    ChecksumCRC32C: base64(4),
    ChecksumCRC64NVME: base64(8),
    ChecksumSHA1: base64(20),
    ChecksumSHA256: base64(32),
  },
  { requiredKeys: [] },
);

function headersOf(members: Readonly<Record<string, string>>): Record<string, string> {
  const headers = Object.entries(members).map(([member, value]) => [
    member === 'ContentMD5'
      ? 'content-md5'
      : `x-amz-checksum-${member.slice('Checksum'.length).toLowerCase()}`,
    value,
  ]);
  return Object.fromEntries(headers);
}

const uploadId = fc.oneof(
  fc.stringMatching(/^[A-Za-z0-9._~-]{1,120}$/),
  fc.string({ unit: fc.constantFrom(..."/.%+ ~!*'()=&?#;:@$,é€😀aZ0"), minLength: 1, maxLength: 40 }),
);

describe('the native signer', () => {
  afterEach(() => vi.restoreAllMocks());

  it('makes the URL of the SDK for each part, and asks no network', async () => {
    const connect = vi.spyOn(Socket.prototype, 'connect');
    // The SDK prints the addresses that it cannot parse, such as a bucket's subdomain of an IP address.
    vi.spyOn(console, 'error').mockReturnValue(undefined);
    const counts: Comparisons = { compared: 0, refused: 0 };
    const part = fc.record({
      partNumber: fc.integer({ min: 1, max: 10_000 }),
      sizeBytes: fc.integer({ min: 0, max: 5_368_709_120 }),
      checksums,
    });
    const upload = fc.record({
      objectKey,
      uploadId,
      parts: fc.array(part, { minLength: 1, maxLength: 4 }),
      expiresSeconds: lifeSeconds,
      atMs: moment,
    });
    await fc.assert(
      fc.asyncProperty(signingPlace, fc.array(upload, { minLength: 1, maxLength: 3 }), (place, uploads) =>
        compareWithSdk(
          place,
          uploads,
          {
            sdk: (config, { parts, ...asked }) =>
              Promise.all(
                parts.map(({ partNumber, sizeBytes, checksums: members }) => {
                  const names = { Bucket: place.bucket, Key: asked.objectKey, UploadId: asked.uploadId };
                  const input = { ...names, PartNumber: partNumber, ContentLength: sizeBytes, ...members };
                  return oraclePartUrl(config, input, asked);
                }),
              ),
            native: (presigner, { parts, ...asked }) => {
              const plan: PartsPlan = {
                objectKey: asked.objectKey as ObjectKey,
                s3UploadId: asked.uploadId,
                ttlSeconds: asked.expiresSeconds,
                parts: parts.map(({ checksums: members, ...rest }) => ({
                  ...rest,
                  headers: headersOf(members),
                })),
              };
              return atOnce(presigner.presignParts(plan, asked.atMs)).parts.map(({ url }) => url);
            },
          },
          counts,
        ),
      ),
      { numRuns: 80 },
    );
    expect(connect).not.toHaveBeenCalled();
    // Not a property that holds because hardly anything was compared.
    expect(counts.compared).toBeGreaterThan(50);
    expect(counts.refused).toBeLessThan(40);
  }, 60_000);
});
