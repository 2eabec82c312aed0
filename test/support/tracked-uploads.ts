import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { CHECKSUMS } from '../../src/uploads/checksum-headers.ts';
import { PLAN_KINDS } from '../../src/uploads/plan.ts';
import type { TrackedMultipart, TrackedUpload } from '../../src/uploads/tracked-upload.ts';
import type { ChecksumAlgorithm, ObjectKey } from '../../src/uploads/upload.ts';

const ALGORITHMS: readonly ChecksumAlgorithm[] = ['sha256', 'sha1', 'crc32', 'crc32c', 'crc64nvme'];
const sizes = fc.oneof(fc.nat(), fc.maxSafeNat(), fc.constantFrom(0, 127, 128, 2 ** 32, 5 * 2 ** 40));
const algorithms = fc.constantFrom(...ALGORITHMS);
const headerValues = fc.string({
  unit: fc.integer({ min: 0x20, max: 0x7e }).map((code) => String.fromCharCode(code)),
  maxLength: 255,
});

const checksums = algorithms.chain((algorithm) => {
  const length = CHECKSUMS[algorithm].bytes;
  return fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes) => ({ algorithm, value: Buffer.from(bytes).toString('base64') }));
});

const multiparts: fc.Arbitrary<TrackedMultipart> = fc.record({
  s3UploadId: fc.oneof(
    fc.string({ maxLength: 200 }),
    fc.string({ unit: 'grapheme', maxLength: 60 }),
    fc.uint8Array({ maxLength: 150 }).map((bytes) => Buffer.from(bytes).toString('base64url')),
    fc.base64String({ maxLength: 200 }),
  ),
  partSizeBytes: sizes,
  checksum: fc.option(
    fc.record({ algorithm: algorithms, type: fc.constantFrom('full_object', 'composite') }),
    { nil: undefined },
  ),
});

/** Uploads of every shape that the types allow. */
export const trackedUploads: fc.Arbitrary<TrackedUpload> = fc
  .record({
    kind: fc.constantFrom(...PLAN_KINDS),
    destination: fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/),
    objectKey: fc.stringMatching(/^[A-Za-z0-9._/-]{1,250}$/).map((key) => key as ObjectKey),
    expiresAtMs: fc.nat(8_640_000_000_000).map((seconds) => seconds * 1000),
    contentType: headerValues,
    contentTypeIsPrefix: fc.boolean(),
    range: fc.oneof(
      sizes.map((size) => [size, size] as const),
      fc.tuple(sizes, sizes),
    ),
    checksum: fc.option(checksums, { nil: undefined }),
    oneShot: fc.boolean(),
    multipart: fc.option(multiparts, { nil: undefined }),
  })
  .map(({ range: [minSizeBytes, maxSizeBytes], ...upload }) => ({ ...upload, minSizeBytes, maxSizeBytes }));

export const TRACKED_PUT: TrackedUpload = {
  kind: 'put',
  destination: 'default',
  objectKey: 'acme/01890a5d-ac96-774b-bcce-b302099a8057/report.pdf' as ObjectKey,
  expiresAtMs: 1_700_000_000_000,
  contentType: 'application/pdf',
  contentTypeIsPrefix: false,
  minSizeBytes: 1_048_576,
  maxSizeBytes: 1_048_576,
  checksum: undefined,
  oneShot: false,
  multipart: undefined,
};

/** Of the alphabet of each provider’s ids, and longer than those that are known. */
export const PROVIDER_IDS = {
  aws: `${randomBytes(63).toString('base64url')}.${randomBytes(48).toString('base64url')}_-`,
  minio: Buffer.from(
    '9d0d8b6f-6f0e-4c55-b3b5-f4f3fb9d9a50.5ad9f2a4-4b8f-4e9c-9d57-3d6f0a6c1b2ex1700000000000000000',
  ).toString('base64url'),
  r2: randomBytes(300).toString('base64url'),
} as const;

/** As large as S3 takes. */
export function multipartUpload(s3UploadId: string, upload: Partial<TrackedUpload> = {}): TrackedUpload {
  return {
    ...TRACKED_PUT,
    kind: 'multipart',
    minSizeBytes: 5 * 2 ** 40,
    maxSizeBytes: 5 * 2 ** 40,
    checksum: { algorithm: 'crc64nvme', value: 'AAECAwQFBgc=' },
    multipart: {
      s3UploadId,
      partSizeBytes: 600 * 2 ** 20,
      checksum: { algorithm: 'crc64nvme', type: 'full_object' },
    },
    ...upload,
  };
}
