// How a key and an event lie in their tables, which have the same columns in every database.
import {
  type ApiKey,
  type KeyDigest,
  type KeyEnvironment,
  type KeyStatus,
  SCOPES,
  type Scope,
} from '../keys/api-key.ts';
import type { AuditedKey, KeyEvent } from '../keys/ports.ts';
import {
  type ColumnValue,
  integer,
  integerOrNull,
  json,
  oneOf,
  type Row,
  text,
  textOrNull,
  unexpected,
} from './columns.ts';
import { policyFromRow, rateLimitFromRow } from './key-rules.ts';

const ENVIRONMENTS = ['live', 'test'] as const satisfies readonly KeyEnvironment[];
const STATUSES = ['active', 'revoked', 'disabled'] as const satisfies readonly KeyStatus[];
const EVENT_KINDS = ['created', 'updated', 'revoked'] as const satisfies readonly KeyEvent['kind'][];

/** What `api_keys` holds of a key. Policy, rate limit and scopes are JSON text. */
export function rowFromApiKey(key: ApiKey) {
  return {
    ...plainColumns(key),
    digest: key.digest,
    scopes: JSON.stringify(key.scopes),
    policy: key.policy && JSON.stringify(key.policy),
    rate_limit: key.rateLimit && JSON.stringify(key.rateLimit),
    last_used_at_ms: key.lastUsedAtMs,
  } satisfies Record<string, ColumnValue>;
}

/**
 * What the audit log keeps of a key: these members alone, whatever else the object holds, because a whole key with
 * its digest would pass for one.
 */
export function jsonFromAuditedKey(key: AuditedKey): string {
  const { scopes, policy, rateLimit } = key;
  return JSON.stringify({ ...plainColumns(key), scopes, policy, rate_limit: rateLimit });
}

function plainColumns(key: AuditedKey) {
  return {
    id: key.id,
    owner: key.owner,
    name: key.name,
    environment: key.environment,
    start: key.start,
    end: key.end,
    status: key.status,
    version: key.version,
    created_at_ms: key.createdAtMs,
    expires_at_ms: key.expiresAtMs,
    revoked_at_ms: key.revokedAtMs,
    revoke_reason: key.revokeReason,
    rotated_from: key.rotatedFrom,
    rotated_to: key.rotatedTo,
    overlap_ends_at_ms: key.overlapEndsAtMs,
  };
}

/** Throws when the row is not what this program writes. */
export function apiKeyFromRow(row: Row): ApiKey {
  return {
    ...auditedKeyFromRow(row),
    digest: text(row, 'digest') as KeyDigest,
    lastUsedAtMs: integerOrNull(row, 'last_used_at_ms'),
  };
}

/** The same of a row, or of the JSON of the audit log. */
export function auditedKeyFromRow(row: Row): AuditedKey {
  return {
    id: text(row, 'id'),
    owner: text(row, 'owner'),
    name: text(row, 'name'),
    environment: oneOf(ENVIRONMENTS, row, 'environment'),
    start: text(row, 'start'),
    end: text(row, 'end'),
    scopes: scopesFromRow(row),
    status: oneOf(STATUSES, row, 'status'),
    version: integer(row, 'version'),
    createdAtMs: integer(row, 'created_at_ms'),
    expiresAtMs: integerOrNull(row, 'expires_at_ms'),
    revokedAtMs: integerOrNull(row, 'revoked_at_ms'),
    revokeReason: textOrNull(row, 'revoke_reason'),
    rotatedFrom: textOrNull(row, 'rotated_from'),
    rotatedTo: textOrNull(row, 'rotated_to'),
    overlapEndsAtMs: integerOrNull(row, 'overlap_ends_at_ms'),
    policy: policyFromRow(row),
    rateLimit: rateLimitFromRow(row),
  };
}

export function keyEventFromRow(row: Row): KeyEvent {
  return {
    seq: integer(row, 'seq'),
    digest: text(row, 'digest') as KeyDigest,
    version: integer(row, 'version'),
    kind: oneOf(EVENT_KINDS, row, 'kind'),
    atMs: integer(row, 'at_ms'),
  };
}

/** A scope that only a newer presignd knows grants nothing here, so it is left out. */
function scopesFromRow(row: Row): readonly Scope[] {
  const names = json(row, 'scopes');
  if (!Array.isArray(names)) throw unexpected('scopes');
  return names.filter((name): name is Scope => SCOPES.some((scope) => scope === name));
}
