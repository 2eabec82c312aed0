// The nouns of this room. Pure types; no I/O, no clock.

/** What a key may be allowed to do. A method names its scope in the contract (access.v1.access). */
export const SCOPES = [
  'uploads:create',
  'uploads:read',
  'uploads:manage',
  'keys:read',
  'keys:write',
] as const;
export type Scope = (typeof SCOPES)[number];

export type KeyEnvironment = 'live' | 'test';
export type KeyStatus = 'active' | 'revoked' | 'disabled';
/** What a key's owner is shown: an active key past its end is `expired`. */
export const SHOWN_STATUSES = ['active', 'disabled', 'expired', 'revoked'] as const;
export type ShownStatus = (typeof SHOWN_STATUSES)[number];

/** SHA-256 of the whole token in base64url without padding (43 characters). All that is ever stored of a token. */
export type KeyDigest = string & { readonly __brand: 'KeyDigest' };

/** What a key may upload. A rule that is not there restricts nothing. */
export interface KeyPolicy {
  /** Lower-case media types such as `image/png`, or families such as `image/*`. Never empty. */
  readonly contentTypes?: readonly string[];
  /** Lower-case file name extensions without the dot. Never empty. */
  readonly extensions?: readonly string[];
  readonly maxSizeBytes?: number;
  /** The longest life of an upload URL. */
  readonly maxTtlSeconds?: number;
  /** What every object key has behind its owner's folder: path segments that end in a slash. */
  readonly objectKeyPrefix?: string;
  /** Names of destinations. Never empty. */
  readonly destinations?: readonly string[];
  /** False: an upload never replaces an object that exists. */
  readonly allowOverwrite?: boolean;
}

/** How much a key may do. What is not there is not limited, except that without a rate the default plan applies. */
export interface KeyRateLimit {
  /** A plan of the settings. Never beside `requests`. */
  readonly plan?: string;
  /** Calls that a window takes; always beside `windowSeconds`. */
  readonly requests?: number;
  readonly windowSeconds?: number;
  /** Bytes that may be declared for upload in a UTC day, and in a UTC month. */
  readonly bytesPerDay?: number;
  readonly bytesPerMonth?: number;
}

/** What a decision needs to know of a key: small, immutable, cached in every tier. */
export interface KeyRecord {
  readonly id: string;
  readonly owner: string;
  readonly scopes: readonly Scope[];
  readonly status: KeyStatus;
  /** Grows by one with every change of the key. A higher version always wins over a lower one. */
  readonly version: number;
  /** Wall-clock milliseconds, or null for a key that does not expire. */
  readonly expiresAtMs: number | null;
  /** Null for a key without restrictions. */
  readonly policy: KeyPolicy | null;
  /** Null for a key to which the default plan applies. */
  readonly rateLimit: KeyRateLimit | null;
}

/** A key as its owner sees it: everything but the secret. */
export interface ApiKey extends KeyRecord {
  readonly digest: KeyDigest;
  readonly name: string;
  readonly environment: KeyEnvironment;
  /** The token's first characters, shown so that people can tell their keys apart. */
  readonly start: string;
  /** The token's last four characters. */
  readonly end: string;
  readonly createdAtMs: number;
  readonly revokedAtMs: number | null;
  readonly revokeReason: string | null;
  /** When the key was last accepted, as late as the last flush. Not part of a version. */
  readonly lastUsedAtMs: number | null;
  /** The id of the key that this one replaces. */
  readonly rotatedFrom: string | null;
  /** The id of the key that replaces this one. */
  readonly rotatedTo: string | null;
  /** Until when the replaced key works beside its replacement; the same on both. */
  readonly overlapEndsAtMs: number | null;
}

/** Who is calling: what authentication hands forward. */
export interface Principal {
  /** What counts and logs know the caller by: the id of the key, or `cert:` and the name of a certificate. */
  readonly keyId: string;
  readonly owner: string;
  readonly scopes: readonly Scope[];
  readonly policy: KeyPolicy | null;
  readonly rateLimit: KeyRateLimit | null;
  /** The digest of the key's token, from which an upload token finds its key. None where a certificate took its place. */
  readonly digest?: KeyDigest | undefined;
  /** There only where an upload token was sent in place of the API key: what it narrows the key down to. */
  readonly uploadToken?: UploadTokenGrant | undefined;
}

/** What an upload token can be used for. A method names its action in the contract (access.v1.access). */
export const TOKEN_ACTIONS = ['create', 'sign', 'complete'] as const;
export type TokenAction = (typeof TOKEN_ACTIONS)[number];

/** What an upload token allows, beside which all limits of its API key stand. */
export interface UploadTokenGrant {
  readonly id: string;
  readonly actions: readonly TokenAction[];
  /** Wall-clock milliseconds, whole seconds. */
  readonly expiresAtMs: number;
  readonly maxFiles: number;
  /** Of all files together; null for no limit. */
  readonly maxTotalBytes: number | null;
  /** Null for none beside the key's own. */
  readonly policy: KeyPolicy | null;
  /** The only `Origin` that may send it; null for any. */
  readonly origin: string | null;
}
