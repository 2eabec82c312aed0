import type { DatabaseSync } from 'node:sqlite';
import { inTransaction } from './sqlite-connection.ts';

/** Marks a database file as ours ("psgd"), so that we never write into another program's database. */
const APPLICATION_ID = 0x70736764;

/** Step n brings the schema from version n to n + 1. A step that has been released is never changed. */
const MIGRATIONS: readonly string[] = [
  `
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
  `,
];

/**
 * Brings the schema up to date, in one transaction: processes that start at once take turns, and a step that
 * fails leaves the database as it was. Throws when the database is another program's or has a newer schema.
 */
export function migrate(db: DatabaseSync, steps: readonly string[] = MIGRATIONS): void {
  if (pendingSteps(db, steps).length === 0) return;
  inTransaction(db, () => {
    for (const step of pendingSteps(db, steps)) db.exec(step);
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${steps.length}`);
  });
}

function pendingSteps(db: DatabaseSync, steps: readonly string[]): readonly string[] {
  const read = (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0]);
  const isEmpty = read('SELECT count(*) FROM sqlite_schema') === 0;
  if (!isEmpty && read('PRAGMA application_id') !== APPLICATION_ID) {
    throw new Error('it is the database of another program');
  }
  const version = isEmpty ? 0 : read('PRAGMA user_version');
  if (version > steps.length) {
    throw new Error(
      `its schema has version ${version}, made by a newer presignd; this one knows versions up to ${steps.length}`,
    );
  }
  return steps.slice(version);
}
