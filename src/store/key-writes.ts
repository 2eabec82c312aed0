import type { DatabaseSync } from 'node:sqlite';
import type { ApiKey, KeyDigest } from '../keys/api-key.ts';
import type { KeyEvent } from '../keys/ports.ts';
import { apiKeyFromRow, rowFromApiKey } from './key-row.ts';
import { inTransaction } from './sqlite-connection.ts';

/** Every change of the store. Each is one transaction, on the disk when it returns. */
export interface KeyWrites {
  insert(key: ApiKey): void;
  revoke(revocation: { readonly id: string; readonly atMs: number }): ApiKey | undefined;
  secretOnce(secret: { readonly name: string; readonly candidate: Uint8Array }): Uint8Array;
}

export const SELECT_SECRET = 'SELECT value FROM secrets WHERE name = ?';
export const SELECT_KEY_BY_ID = 'SELECT * FROM api_keys WHERE id = ?';

export function createKeyWrites(db: DatabaseSync): KeyWrites {
  const insertKey = db.prepare(`
    INSERT INTO api_keys (id, digest, owner, name, environment, start, "end", scopes, status, version,
      created_at_ms, expires_at_ms, revoked_at_ms)
    VALUES (:id, :digest, :owner, :name, :environment, :start, :end, :scopes, :status, :version,
      :created_at_ms, :expires_at_ms, :revoked_at_ms)`);
  const revokeKey = db.prepare(`
    UPDATE api_keys SET status = 'revoked', revoked_at_ms = :atMs, version = version + 1
    WHERE id = :id AND status <> 'revoked' RETURNING *`);
  const insertEvent = db.prepare(
    'INSERT INTO api_key_events (digest, version, kind, at_ms) VALUES (:digest, :version, :kind, :atMs)',
  );
  const insertSecret = db.prepare(
    'INSERT INTO secrets (name, value) VALUES (:name, :candidate) ON CONFLICT DO NOTHING',
  );
  const selectKey = db.prepare(SELECT_KEY_BY_ID);
  const selectSecret = db.prepare(SELECT_SECRET);

  function record(key: { digest: KeyDigest; version: number }, kind: KeyEvent['kind'], atMs: number): void {
    insertEvent.run({ digest: key.digest, version: key.version, kind, atMs });
  }

  return {
    insert(key) {
      inTransaction(db, () => {
        insertKey.run(rowFromApiKey(key));
        record(key, 'created', key.createdAtMs);
      });
    },
    revoke({ id, atMs }) {
      return inTransaction(db, () => {
        const changed = revokeKey.get({ id, atMs });
        if (changed !== undefined) record(apiKeyFromRow(changed), 'revoked', atMs);
        const row = changed ?? selectKey.get(id);
        return row === undefined ? undefined : apiKeyFromRow(row);
      });
    },
    secretOnce({ name, candidate }) {
      return inTransaction(db, () => {
        insertSecret.run({ name, candidate });
        return secretFromRow(selectSecret.get(name));
      });
    },
  };
}

export function secretFromRow(row: Readonly<Record<string, unknown>> | undefined): Uint8Array {
  const value = row?.['value'];
  if (!(value instanceof Uint8Array)) throw new Error('the secret is not there or is not bytes');
  return value;
}
