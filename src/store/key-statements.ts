// The SQL that SQLite and Postgres share. Parameters are written $1, $2 and so on.
import type { ApiKey, ShownStatus } from '../keys/api-key.ts';
import type { AuditEntry, AuditQuery, IdempotentUse, KeyEvent, KeyQuery } from '../keys/ports.ts';
import { rowFromAuditEntry } from './audit-row.ts';
import type { ColumnValue } from './columns.ts';
import { rowFromApiKey } from './key-row.ts';

export interface Statement {
  readonly sql: string;
  readonly values: readonly ColumnValue[];
}

/** A condition for each status that a key is shown with. `now` is the parameter of the present moment. */
const STATUS_CONDITIONS = {
  active: (now) => `status = 'active' AND (expires_at_ms IS NULL OR expires_at_ms > ${now()})`,
  expired: (now) => `status = 'active' AND expires_at_ms <= ${now()}`,
  disabled: () => `status = 'disabled'`,
  revoked: () => `status = 'revoked'`,
} as const satisfies Record<ShownStatus, (now: () => string) => string>;

export const ANY_KEY: Statement = { sql: 'SELECT 1 FROM api_keys LIMIT 1', values: [] };

export const insertKey = (key: ApiKey) => insertInto('api_keys', rowFromApiKey(key));

export const insertAudit = (entry: AuditEntry) => insertInto('audit_log', rowFromAuditEntry(entry));

export const insertEvent = ({ digest, version, kind, atMs }: Omit<KeyEvent, 'seq'>) =>
  insertInto('api_key_events', { digest, version, kind, at_ms: atMs });

/** Answers the id if the key had the version. What `touch` notes stays: it is not part of a version. */
export function updateKey(key: ApiKey, fromVersion: number): Statement {
  const { id, digest: _, last_used_at_ms: __, ...columns } = rowFromApiKey(key);
  const sets = Object.keys(columns).map((column, n) => `"${column}" = $${n + 3}`);
  return {
    sql: `UPDATE api_keys SET ${sets.join(', ')} WHERE id = $1 AND version = $2 RETURNING id`,
    values: [id, fromVersion, ...Object.values(columns)],
  };
}

/** An earlier moment never replaces a later one. */
export const touchKey = ({ id, atMs }: { readonly id: string; readonly atMs: number }): Statement => ({
  sql: `UPDATE api_keys SET last_used_at_ms = $2
    WHERE id = $1 AND (last_used_at_ms IS NULL OR last_used_at_ms < $2)`,
  values: [id, atMs],
});

export const forgetUses = ({ owner, validSinceMs }: IdempotentUse): Statement => ({
  sql: 'DELETE FROM idempotency_keys WHERE owner = $1 AND used_at_ms < $2',
  values: [owner, validSinceMs],
});

/** Answers the key's id if there was no such use. */
export function insertUse(use: IdempotentUse, keyId: string, atMs: number): Statement {
  const { owner, keyHash, fingerprint } = use;
  const { sql, values } = insertInto('idempotency_keys', {
    owner,
    key_hash: keyHash,
    fingerprint,
    key_id: keyId,
    used_at_ms: atMs,
  });
  return { sql: `${sql} ON CONFLICT DO NOTHING RETURNING key_id`, values };
}

export const selectUse = ({ owner, keyHash }: IdempotentUse): Statement => ({
  sql: 'SELECT key_id, fingerprint FROM idempotency_keys WHERE owner = $1 AND key_hash = $2',
  values: [owner, keyHash],
});

export function selectKeys(query: KeyQuery): Statement {
  const { where, values, bind } = keyFilter(query);
  const page = `LIMIT ${bind(query.limit)} OFFSET ${bind(query.offset)}`;
  return { sql: `SELECT * FROM api_keys${where} ORDER BY created_at_ms DESC, id DESC ${page}`, values };
}

export function countKeys(query: KeyQuery): Statement {
  const { where, values } = keyFilter(query);
  return { sql: `SELECT count(*) AS total FROM api_keys${where}`, values };
}

export function selectAudit({ owner, keyId, beforeSeq, limit }: AuditQuery): Statement {
  const { values, bind } = parameters();
  const where = whereAll([
    owner !== undefined && `owner = ${bind(owner)}`,
    keyId !== undefined && `key_id = ${bind(keyId)}`,
    beforeSeq !== undefined && `seq < ${bind(beforeSeq)}`,
  ]);
  return { sql: `SELECT * FROM audit_log${where} ORDER BY seq DESC LIMIT ${bind(limit)}`, values };
}

function keyFilter({ owner, status, nowMs }: KeyQuery) {
  const { values, bind } = parameters();
  const where = whereAll([
    owner !== undefined && `owner = ${bind(owner)}`,
    status !== undefined && STATUS_CONDITIONS[status](() => bind(nowMs)),
  ]);
  return { where, values, bind };
}

function whereAll(conditions: readonly (string | false)[]): string {
  const held = conditions.filter((condition) => condition !== false);
  return held.length === 0 ? '' : ` WHERE ${held.join(' AND ')}`;
}

/** `bind` notes a value and answers its placeholder. */
function parameters() {
  const values: ColumnValue[] = [];
  return { values, bind: (value: ColumnValue) => `$${values.push(value)}` };
}

function insertInto(table: string, row: Readonly<Record<string, ColumnValue>>): Statement {
  const columns = Object.keys(row).map((column) => `"${column}"`);
  const places = columns.map((_, n) => `$${n + 1}`);
  return {
    sql: `INSERT INTO ${table} (${columns.join(', ')}) VALUES (${places.join(', ')})`,
    values: Object.values(row),
  };
}
