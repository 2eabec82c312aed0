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

/** SHA-256 of the whole token in base64url without padding (43 characters). All that is ever stored of a token. */
export type KeyDigest = string & { readonly __brand: 'KeyDigest' };

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
}

/** Who is calling: what authentication hands forward. */
export interface Principal {
  readonly keyId: string;
  readonly owner: string;
  readonly scopes: readonly Scope[];
}
