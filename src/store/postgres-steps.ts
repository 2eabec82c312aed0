import { SCHEMA } from './postgres-schema.ts';
import type { SchemaStep } from './schema-steps.ts';

/** Step n brings the schema from version n to n + 1. */
export const POSTGRES_STEPS: readonly SchemaStep[] = [
  // Text compares by its bytes (COLLATE "C"), so that lists have one order in every database.
  // Room is left in the pages of api_keys, where a row is changed in place each time its last use is noted.
  {
    compatible: false,
    sql: `
  CREATE TABLE ${SCHEMA}.api_keys (
    id text COLLATE "C" PRIMARY KEY,
    digest text COLLATE "C" NOT NULL UNIQUE,
    owner text COLLATE "C" NOT NULL,
    name text NOT NULL,
    environment text NOT NULL CHECK (environment IN ('live', 'test')),
    start text NOT NULL,
    "end" text NOT NULL,
    scopes jsonb NOT NULL CHECK (jsonb_typeof(scopes) = 'array'),
    status text NOT NULL CHECK (status IN ('active', 'revoked', 'disabled')),
    version bigint NOT NULL,
    created_at_ms bigint NOT NULL,
    expires_at_ms bigint,
    revoked_at_ms bigint,
    policy jsonb CHECK (jsonb_typeof(policy) = 'object'),
    rate_limit jsonb CHECK (jsonb_typeof(rate_limit) = 'object'),
    revoke_reason text,
    last_used_at_ms bigint,
    rotated_from text,
    rotated_to text,
    overlap_ends_at_ms bigint
  ) WITH (fillfactor = 80);
  -- With what a status is told by at the end, so that a filtered list is counted without looking at the rows.
  CREATE INDEX api_keys_by_age ON ${SCHEMA}.api_keys (created_at_ms, id, status, expires_at_ms);
  CREATE INDEX api_keys_by_owner_and_age
    ON ${SCHEMA}.api_keys (owner, created_at_ms, id, status, expires_at_ms);

  CREATE TABLE ${SCHEMA}.api_key_events (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    digest text NOT NULL,
    version bigint NOT NULL,
    kind text NOT NULL CHECK (kind IN ('created', 'updated', 'revoked')),
    at_ms bigint NOT NULL
  );

  CREATE TABLE ${SCHEMA}.audit_log (
    seq bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at_ms bigint NOT NULL,
    action text NOT NULL CHECK (action IN ('create', 'update', 'revoke', 'rotate')),
    actor text NOT NULL,
    address text NOT NULL,
    request_id text NOT NULL,
    owner text COLLATE "C" NOT NULL,
    key_id text COLLATE "C" NOT NULL,
    key_before jsonb CHECK (jsonb_typeof(key_before) = 'object'),
    key_after jsonb NOT NULL CHECK (jsonb_typeof(key_after) = 'object')
  );
  CREATE INDEX audit_log_by_owner ON ${SCHEMA}.audit_log (owner, seq);
  CREATE INDEX audit_log_by_key ON ${SCHEMA}.audit_log (key_id, seq);

  CREATE TABLE ${SCHEMA}.idempotency_keys (
    owner text COLLATE "C" NOT NULL,
    key_hash text COLLATE "C" NOT NULL,
    fingerprint text NOT NULL,
    key_id text NOT NULL,
    used_at_ms bigint NOT NULL,
    PRIMARY KEY (owner, key_hash)
  );
  CREATE INDEX idempotency_keys_by_age ON ${SCHEMA}.idempotency_keys (owner, used_at_ms);

  CREATE TABLE ${SCHEMA}.key_usage (
    key_id text COLLATE "C" NOT NULL,
    period text COLLATE "C" NOT NULL,
    bytes bigint NOT NULL CHECK (bytes >= 0),
    PRIMARY KEY (key_id, period)
  );

  CREATE TABLE ${SCHEMA}.secrets (
    name text COLLATE "C" PRIMARY KEY,
    value bytea NOT NULL
  );
  `,
  },
];
