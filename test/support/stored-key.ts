import { createHash } from 'node:crypto';
import type { ApiKey, KeyDigest } from '../../src/keys/api-key.ts';

/** The digest of a made-up token. */
export function digestOf(token: string): KeyDigest {
  return createHash('sha256').update(token).digest('base64url') as KeyDigest;
}

/** A key as a store keeps it, whose id and digest derive from `label`. */
export function storedKey(label: string, overrides: Partial<ApiKey> = {}): ApiKey {
  return {
    id: `key_${label}`,
    digest: digestOf(label),
    owner: 'acme',
    name: 'Uploads of the web shop',
    environment: 'live',
    start: 'pse_live_1abc',
    end: 'wxyz',
    scopes: ['uploads:create'],
    status: 'active',
    version: 1,
    createdAtMs: 1_800_000_000_000,
    expiresAtMs: null,
    revokedAtMs: null,
    revokeReason: null,
    lastUsedAtMs: null,
    rotatedFrom: null,
    rotatedTo: null,
    overlapEndsAtMs: null,
    policy: null,
    rateLimit: null,
    ...overrides,
  };
}
