import type { DatabaseSync } from 'node:sqlite';
import { integer } from './columns.ts';
import {
  type MigrationPlan,
  planMigration,
  refuseTooNew,
  refuseTooOld,
  type SchemaState,
  type SchemaStep,
  usableFrom,
} from './schema-steps.ts';
import { inTransaction } from './sqlite-connection.ts';

/** Marks a database file as ours ("psgd"), so that we never write into another program's database. */
const APPLICATION_ID = 0x70736764;

/** What says who may use a schema that is newer than a program; the version itself is the database's `user_version`. */
const MIGRATIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    usable_from INTEGER NOT NULL
  ) STRICT`;

/** Step n brings the schema from version n to n + 1. */
export const SQLITE_STEPS: readonly SchemaStep[] = [
  {
    compatible: false,
    sql: `
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
  },
  {
    // A key of the first release knows no policy.
    compatible: false,
    sql: `
  ALTER TABLE api_keys ADD COLUMN policy TEXT CHECK (json_type(policy) = 'object');
  ALTER TABLE api_keys ADD COLUMN rate_limit TEXT CHECK (json_type(rate_limit) = 'object');
  ALTER TABLE api_keys ADD COLUMN revoke_reason TEXT;
  ALTER TABLE api_keys ADD COLUMN last_used_at_ms INTEGER;
  ALTER TABLE api_keys ADD COLUMN rotated_from TEXT;
  ALTER TABLE api_keys ADD COLUMN rotated_to TEXT;
  ALTER TABLE api_keys ADD COLUMN overlap_ends_at_ms INTEGER;
  -- With what a status is told by at the end, so that a filtered list is counted without looking at the rows.
  DROP INDEX api_keys_by_age;
  DROP INDEX api_keys_by_owner_and_age;
  CREATE INDEX api_keys_by_age ON api_keys (created_at_ms, id, status, expires_at_ms);
  CREATE INDEX api_keys_by_owner_and_age ON api_keys (owner, created_at_ms, id, status, expires_at_ms);

  -- SQLite cannot change a CHECK, so the table is made anew. A seq must not be given out twice, not even that of a
  -- row which is gone: the counter is taken along.
  CREATE TABLE new_api_key_events (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    digest TEXT NOT NULL,
    version INTEGER NOT NULL,
    kind TEXT NOT NULL CHECK (kind IN ('created', 'updated', 'revoked')),
    at_ms INTEGER NOT NULL
  ) STRICT;
  INSERT INTO new_api_key_events SELECT seq, digest, version, kind, at_ms FROM api_key_events;
  DELETE FROM sqlite_sequence WHERE name = 'new_api_key_events';
  INSERT INTO sqlite_sequence (name, seq)
    SELECT 'new_api_key_events', seq FROM sqlite_sequence WHERE name = 'api_key_events';
  DROP TABLE api_key_events;
  ALTER TABLE new_api_key_events RENAME TO api_key_events;

  CREATE TABLE audit_log (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms INTEGER NOT NULL,
    action TEXT NOT NULL CHECK (action IN ('create', 'update', 'revoke', 'rotate')),
    actor TEXT NOT NULL,
    address TEXT NOT NULL,
    request_id TEXT NOT NULL,
    owner TEXT NOT NULL,
    key_id TEXT NOT NULL,
    key_before TEXT CHECK (json_type(key_before) = 'object'),
    key_after TEXT NOT NULL CHECK (json_type(key_after) = 'object')
  ) STRICT;
  CREATE INDEX audit_log_by_owner ON audit_log (owner);
  CREATE INDEX audit_log_by_key ON audit_log (key_id);

  CREATE TABLE idempotency_keys (
    owner TEXT NOT NULL,
    key_hash TEXT NOT NULL,
    fingerprint TEXT NOT NULL,
    key_id TEXT NOT NULL,
    used_at_ms INTEGER NOT NULL,
    PRIMARY KEY (owner, key_hash)
  ) STRICT, WITHOUT ROWID;
  CREATE INDEX idempotency_keys_by_age ON idempotency_keys (owner, used_at_ms);

  CREATE TABLE key_usage (
    key_id TEXT NOT NULL,
    period TEXT NOT NULL,
    bytes INTEGER NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (key_id, period)
  ) STRICT, WITHOUT ROWID;
  `,
  },
];

/** The versions of the schema before and after; equal when it was up to date. */
export interface Migrated {
  readonly from: number;
  readonly to: number;
}

/**
 * Brings the schema up to date, in one transaction: processes that start at once take turns, and a step that
 * fails leaves the database as it was. A newer schema is left alone where it says that this program may use it.
 * Throws when it does not, and when the database is another program's.
 */
export function migrate(db: DatabaseSync, steps: readonly SchemaStep[] = SQLITE_STEPS): Migrated {
  const to = steps.length;
  const { version } = schemaState(db, steps);
  if (version >= to) return { from: version, to: version };
  return inTransaction(db, () => {
    const { version: from } = schemaState(db, steps);
    if (from >= to) return { from, to: from };
    db.exec(MIGRATIONS_TABLE);
    const note = db.prepare('INSERT INTO migrations (version, usable_from) VALUES (?, ?)');
    for (const [n, { sql }] of steps.slice(from).entries()) {
      const version = from + n + 1;
      db.exec(sql);
      note.run(version, usableFrom(steps, version));
    }
    db.exec(`PRAGMA application_id = ${APPLICATION_ID}; PRAGMA user_version = ${to}`);
    return { from, to };
  });
}

/** Throws when the schema is too old or there is no database, and as `migrate` does. Changes nothing. */
export function assertMigrated(
  db: DatabaseSync | undefined,
  steps: readonly SchemaStep[] = SQLITE_STEPS,
): void {
  const state = db === undefined ? { version: 0, usableFrom: undefined } : schemaState(db, steps);
  refuseTooOld(state, steps);
}

/** What `migrate` would do. Changes nothing, and throws as it does. */
export function planSqliteMigration(db: DatabaseSync): MigrationPlan {
  return planMigration(schemaState(db, SQLITE_STEPS), SQLITE_STEPS);
}

function schemaState(db: DatabaseSync, steps: readonly SchemaStep[]): SchemaState {
  const read = (sql: string) => Number(Object.values(db.prepare(sql).get() ?? {})[0]);
  const isEmpty = read('SELECT count(*) FROM sqlite_schema') === 0;
  if (!isEmpty && read('PRAGMA application_id') !== APPLICATION_ID) {
    throw new Error('it is the database of another program');
  }
  const version = isEmpty ? 0 : read('PRAGMA user_version');
  const says =
    version > steps.length && read("SELECT count(*) FROM sqlite_schema WHERE name = 'migrations'") > 0;
  const state = {
    version,
    usableFrom: says ? readUsableFrom(db, version) : undefined,
  };
  refuseTooNew(state, steps);
  return state;
}

function readUsableFrom(db: DatabaseSync, version: number): number | undefined {
  const row = db.prepare('SELECT usable_from FROM migrations WHERE version = ?').get(version);
  return row === undefined ? undefined : integer(row, 'usable_from');
}
