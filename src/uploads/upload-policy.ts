import type { ActiveContentPolicy } from './active-content.ts';
import type { ObjectKeyTemplate } from './object-key-template.ts';

/** What the operator allows. The policy of an API key can only narrow it. */
export interface UploadPolicy {
  /** How long an upload URL is accepted unless the request says: 1 to 604800 seconds. */
  readonly ttlSeconds: number;
  /** The longest life that a request can ask for. Never below `ttlSeconds`. */
  readonly maxTtlSeconds: number;
  readonly template: ObjectKeyTemplate;
  readonly activeContent: ActiveContentPolicy;
  /** The canned ACLs that a request can ask for. */
  readonly allowedAcls: readonly string[];
  /** What a download can have S3 answer instead of what is stored. */
  readonly allowedOverrides: readonly DownloadOverride[];
}

export const DOWNLOAD_OVERRIDES = ['contentType', 'contentDisposition'] as const;
export type DownloadOverride = (typeof DOWNLOAD_OVERRIDES)[number];

/** The longest life where the operator has not set any. */
const MAX_TTL_DEFAULT_SECONDS = 3_600;

type UploadPolicyInput = Omit<UploadPolicy, 'maxTtlSeconds'> & { readonly maxTtlSeconds: number | undefined };

/** Throws a RangeError for a longest life that is shorter than the usual one. */
export function createUploadPolicy(input: UploadPolicyInput): UploadPolicy {
  const { ttlSeconds, maxTtlSeconds = Math.max(ttlSeconds, MAX_TTL_DEFAULT_SECONDS) } = input;
  if (maxTtlSeconds < ttlSeconds) {
    throw new RangeError('PRESIGND_URL_MAX_TTL must not be shorter than PRESIGND_URL_TTL');
  }
  return { ...input, maxTtlSeconds };
}
