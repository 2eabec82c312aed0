// How the audit log lies in its table, `audit_log`, which has the same columns in every database.
import type { AuditEntry, AuditRecord } from '../keys/ports.ts';
import { type ColumnValue, integer, jsonObject, oneOf, type Row, text } from './columns.ts';
import { auditedKeyFromRow, jsonFromAuditedKey } from './key-row.ts';

const ACTIONS = ['create', 'update', 'revoke', 'rotate'] as const satisfies readonly AuditEntry['action'][];

export function rowFromAuditEntry(entry: AuditEntry) {
  return {
    at_ms: entry.atMs,
    action: entry.action,
    actor: entry.actor,
    address: entry.address,
    request_id: entry.requestId,
    owner: entry.owner,
    key_id: entry.keyId,
    key_before: entry.before && jsonFromAuditedKey(entry.before),
    key_after: jsonFromAuditedKey(entry.after),
  } satisfies Record<string, ColumnValue>;
}

export function auditRecordFromRow(row: Row): AuditRecord {
  return {
    seq: integer(row, 'seq'),
    atMs: integer(row, 'at_ms'),
    action: oneOf(ACTIONS, row, 'action'),
    actor: text(row, 'actor'),
    address: text(row, 'address'),
    requestId: text(row, 'request_id'),
    owner: text(row, 'owner'),
    keyId: text(row, 'key_id'),
    before: row['key_before'] === null ? null : auditedKeyFromRow(jsonObject(row, 'key_before')),
    after: auditedKeyFromRow(jsonObject(row, 'key_after')),
  };
}
