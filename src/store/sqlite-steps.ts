import type { SchemaStep } from './schema-steps.ts';

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
