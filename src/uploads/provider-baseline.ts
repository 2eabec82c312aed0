// S3 as AWS has it, from which the cells of other providers differ. Pure.
import type { ProviderCapabilities } from './providers.ts';

const MIB = 1_048_576;
export const GIB = 1_024 * MIB;
export const TIB = 1_024 * GIB;
export const MB = 1_000_000;
export const GB = 1_000 * MB;
export const TB = 1_000 * GB;

export type ProviderCells = Omit<ProviderCapabilities, 'provider' | 'title'>;

/** What is not said of a provider is as here. */
export const BASELINE: ProviderCells = {
  forms: true,
  singlePutMaxBytes: 5 * GIB,
  // 10,000 parts of 5 GiB, raised from 5 TB in December 2025.
  objectMaxBytes: 10_000 * 5 * GIB,
  partMinBytes: 5 * MIB,
  partMaxBytes: 5 * GIB,
  partsMax: 10_000,
  equalParts: false,
  oneShotPut: { header: 'if-none-match', value: '*' },
  oneShotMultipart: true,
  checksums: ['sha256', 'sha1', 'crc32', 'crc32c', 'crc64nvme'],
  fullObjectChecksums: ['crc32', 'crc32c', 'crc64nvme'],
  tags: true,
  acl: true,
  sseS3: true,
  sseKms: true,
  storageClasses: null,
  defaultRegion: undefined,
  needsEndpoint: true,
  because: {},
  sources: [],
};
