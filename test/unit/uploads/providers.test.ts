import { describe, expect, it } from 'vitest';
import { PROVIDER_CAPABILITIES, PROVIDER_LIMITS, PROVIDERS } from '../../../src/uploads/providers.ts';
import { STORAGE_CLASSES } from '../../../src/uploads/storage-headers.ts';
import { SINGLE_PUT_MAX_BYTES } from '../../../src/uploads/upload.ts';

const MIB = 1_048_576;
const CHECKSUMS = ['crc32', 'crc32c', 'crc64nvme', 'sha1', 'sha256'];

describe.each(PROVIDERS)('the row of %s', (provider) => {
  const row = PROVIDER_CAPABILITIES[provider];

  it('is its own', () => {
    expect(row.provider).toBe(provider);
    expect(row.sources.length).toBeGreaterThan(0);
  });

  it('has a reason for everything that it cannot do, and for nothing else', () => {
    const lacking = {
      forms: !row.forms,
      oneShotPut: row.oneShotPut === null,
      oneShotMultipart: !row.oneShotMultipart,
      checksums: row.checksums.length < CHECKSUMS.length,
      fullObjectChecksums: row.fullObjectChecksums.length < 3,
      tags: !row.tags,
      acl: !row.acl,
      sseS3: !row.sseS3,
      sseKms: !row.sseKms,
      storageClasses: row.storageClasses !== null,
    } satisfies Record<(typeof PROVIDER_LIMITS)[number], boolean>;
    expect(Object.keys(row.because).sort()).toEqual(PROVIDER_LIMITS.filter((limit) => lacking[limit]).sort());
  });

  it('names checksums and classes that a request can ask for', () => {
    expect(CHECKSUMS).toEqual(expect.arrayContaining([...row.checksums]));
    expect(row.checksums).toEqual(expect.arrayContaining([...row.fullObjectChecksums]));
    expect(STORAGE_CLASSES).toEqual(expect.arrayContaining([...(row.storageClasses ?? [])]));
  });

  it('has whole sizes, of which the largest object can be put together from parts', () => {
    const { singlePutMaxBytes, objectMaxBytes, partMinBytes, partMaxBytes, partsMax } = row;
    for (const size of [singlePutMaxBytes, objectMaxBytes, partMinBytes, partMaxBytes, partsMax])
      expect(Number.isSafeInteger(size)).toBe(true);
    expect(partMinBytes).toBeLessThanOrEqual(5 * MIB);
    expect(partMaxBytes).toBeLessThanOrEqual(SINGLE_PUT_MAX_BYTES);
    expect(partMaxBytes * partsMax).toBeGreaterThanOrEqual(objectMaxBytes);
  });

  it('promises to overwrite nothing in parts only where it can with a PUT', () => {
    expect([true, row.oneShotMultipart]).toContain(row.oneShotPut !== null);
  });
});

/** https://developers.cloudflare.com/r2/platform/limits/ */
it('takes up to 4.995 GiB and TiB on R2, in parts of one size', () => {
  expect(PROVIDER_CAPABILITIES.r2).toMatchObject({
    singlePutMaxBytes: 5_363_340_410,
    objectMaxBytes: 5_492_060_580_741,
    equalParts: true,
    defaultRegion: 'auto',
  });
});

it('makes a PUT one-shot on Google by its own header', () => {
  expect(PROVIDER_CAPABILITIES.gcs.oneShotPut).toEqual({ header: 'x-goog-if-generation-match', value: '0' });
});
