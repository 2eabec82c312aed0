import { mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { ApiKey } from '../../src/keys/api-key.ts';
import { digestOf, storedKey } from './stored-key.ts';

/** The schema as the first release made it. Databases like this are out there: this text never changes. */
export const VERSION_1 = `
  CREATE TABLE api_keys (
    id TEXT PRIMARY KEY,
    digest TEXT NOT NULL UNIQUE,
    owner TEXT NOT NULL,
    name TEXT NOT NULL,
    environment TEXT NOT NULL CHECK (environment IN ('live', 'test')),
    start TEXT NOT NULL,
    "end" TEXT NOT NULL,
    scopes TEXT NOT NULL CHECK (json_type(scopes) = 'array'),
    status TEXT NOT NULL CHECK (status IN ('active', 'revoked', 'disabled')),
    version INTEGER NOT NULL,
    created_at_ms INTEGER NOT NULL,
    expires_at_ms INTEGER,
    revoked_at_ms INTEGER
  ) STRICT;
  CREATE INDEX api_keys_by_age ON api_keys (created_at_ms, id);
  CREATE INDEX api_keys_by_owner_and_age ON api_keys (owner, created_at_ms, id);
  CREATE TABLE api_key_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('created', 'revoked')),
    at_ms INTEGER NOT NULL
  ) STRICT;
  CREATE TABLE secrets (
    name TEXT PRIMARY KEY,
    value BLOB NOT NULL
  ) STRICT;
  PRAGMA application_id = ${0x70736764};
  PRAGMA user_version = 1;`;

export const VERSION_1_PEPPER = Buffer.from('the first pepper');

/** What `fillVersion1` puts there, as later versions see it. */
export function version1Keys(count: number): ApiKey[] {
  return Array.from({ length: count }, (_, n) =>
    storedKey(`old-${n}`, {
      createdAtMs: 1_000 + n,
      scopes: ['uploads:create', 'keys:read'],
      expiresAtMs: n % 3 === 0 ? 5_000_000_000_000 : null,
      ...(n % 2 === 0 ? { status: 'revoked', version: 2, revokedAtMs: 9_000 } : {}),
    }),
  );
}

/** Keys of both kinds, their events, of which the last was deleted since, and a secret. */
export function fillVersion1(db: DatabaseSync, count: number): void {
  db.exec('BEGIN');
  const insertKey = db.prepare('INSERT INTO api_keys VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)');
  const insertEvent = db.prepare(
    'INSERT INTO api_key_events (digest, version, kind, at_ms) VALUES (?, ?, ?, ?)',
  );
  for (const key of version1Keys(count)) {
    const { id, digest, owner, name, environment, start, end, status, version } = key;
    const { scopes, createdAtMs, expiresAtMs, revokedAtMs } = key;
    const json = JSON.stringify(scopes);
    insertKey.run(
      ...[id, digest, owner, name, environment, start, end, json, status],
      ...[version, createdAtMs, expiresAtMs, revokedAtMs],
    );
    insertEvent.run(digest, 1, 'created', createdAtMs);
    if (revokedAtMs !== null) insertEvent.run(digest, 2, 'revoked', revokedAtMs);
  }
  insertEvent.run(digestOf('gone'), 1, 'created', 1);
  db.prepare('DELETE FROM api_key_events WHERE digest = ?').run(digestOf('gone'));
  db.prepare('INSERT INTO secrets VALUES (?, ?)').run('pepper', VERSION_1_PEPPER);
  db.exec('COMMIT');
}

/** Makes the file as an installation of the first release left it. */
export function makeVersion1(path: string, count: number): void {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  const db = new DatabaseSync(path);
  db.exec('PRAGMA journal_mode = WAL');
  db.exec(VERSION_1);
  fillVersion1(db, count);
  db.close();
}
