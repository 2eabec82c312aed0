// What each S3 provider can do. Pure: plans are made from this table, and docs/destinations.md is generated from it.
import { BASELINE } from './provider-baseline.ts';
import { DIFFERENCES } from './provider-cells.ts';
import type { ChecksumAlgorithm } from './upload.ts';

export const PROVIDERS = ['aws', 'r2', 'b2', 'gcs', 'minio', 'wasabi', 'do-spaces', 'generic'] as const;
export type Provider = (typeof PROVIDERS)[number];

/** What a provider can do, as far as plans depend on it. */
export interface ProviderCapabilities {
  readonly provider: Provider;
  /** As people call it. */
  readonly title: string;
  /** It takes browser forms (POST policies). */
  readonly forms: boolean;
  /** The most bytes of a single PUT or form, and of an object. Plans stay within what S3 itself takes. */
  readonly singlePutMaxBytes: number;
  readonly objectMaxBytes: number;
  readonly partMinBytes: number;
  readonly partMaxBytes: number;
  readonly partsMax: number;
  /** All parts but the last must be of one size. Plans always are; this refuses nothing, it explains. */
  readonly equalParts: boolean;
  /** The header that makes a PUT one-shot, and its value; null where the provider has none. */
  readonly oneShotPut: { readonly header: string; readonly value: string } | null;
  /** CompleteMultipartUpload takes `If-None-Match: *`. */
  readonly oneShotMultipart: boolean;
  readonly checksums: readonly ChecksumAlgorithm[];
  /** Those that it reckons for a whole object from the parts of a multipart upload. */
  readonly fullObjectChecksums: readonly ChecksumAlgorithm[];
  readonly tags: boolean;
  readonly acl: boolean;
  readonly sseS3: boolean;
  readonly sseKms: boolean;
  /** Null: any that S3 knows. */
  readonly storageClasses: readonly string[] | null;
  /** The region to sign for where none is set. */
  readonly defaultRegion: string | undefined;
  /** It is found by an endpoint that the settings must name. */
  readonly needsEndpoint: boolean;
  /** Why it cannot do what it cannot, or only in part: completes "it …". */
  readonly because: Readonly<Partial<Record<ProviderLimit, string>>>;
  /** Where the cells come from. */
  readonly sources: readonly string[];
}

/** What a provider can lack. */
export const PROVIDER_LIMITS = [
  'forms',
  'oneShotPut',
  'oneShotMultipart',
  'checksums',
  'fullObjectChecksums',
  'tags',
  'acl',
  'sseS3',
  'sseKms',
  'storageClasses',
] as const;
export type ProviderLimit = (typeof PROVIDER_LIMITS)[number];

/**
 * A wish that a provider would refuse aloud counts as possible where its documentation is silent. One that it might take
 * and silently leave out, such as a condition or a checksum, counts as possible only where somebody has shown it.
 */
export const PROVIDER_CAPABILITIES: Readonly<Record<Provider, ProviderCapabilities>> = {
  aws: { ...BASELINE, ...DIFFERENCES.aws, provider: 'aws', title: 'Amazon S3' },
  r2: { ...BASELINE, ...DIFFERENCES.r2, provider: 'r2', title: 'Cloudflare R2' },
  b2: { ...BASELINE, ...DIFFERENCES.b2, provider: 'b2', title: 'Backblaze B2' },
  gcs: { ...BASELINE, ...DIFFERENCES.gcs, provider: 'gcs', title: 'Google Cloud Storage' },
  minio: { ...BASELINE, ...DIFFERENCES.minio, provider: 'minio', title: 'MinIO' },
  wasabi: { ...BASELINE, ...DIFFERENCES.wasabi, provider: 'wasabi', title: 'Wasabi' },
  'do-spaces': {
    ...BASELINE,
    ...DIFFERENCES['do-spaces'],
    provider: 'do-spaces',
    title: 'DigitalOcean Spaces',
  },
  generic: {
    ...BASELINE,
    ...DIFFERENCES.generic,
    provider: 'generic',
    title: 'any other S3-compatible server',
  },
};
