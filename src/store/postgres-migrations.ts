import type { Client } from 'pg';
import type { Migrated } from './migrations.ts';
import { codeOf } from './postgres-fault.ts';
import { LOCKS, SCHEMA } from './postgres-schema.ts';
import {
  type MigrationPlan,
  planMigration,
  refuseTooNew,
  refuseTooOld,
  type SchemaState,
  type SchemaStep,
  usableFrom,
} from './schema-steps.ts';

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

/** How long a process waits for another one that brings the schema up to date. */
const TURN_TIMEOUT_MS = 60_000;
/** Whoever uses a table waits as long as we wait for it. */
const TABLE_TIMEOUT_MS = 5_000;

const UNDEFINED_COLUMN = '42703';

/**
 * Brings the schema up to date, in one transaction: processes that start at once take turns, and a step that fails
 * leaves the database as it was. A newer schema is left alone where it says that this program may use it. Throws when
 * it does not, and when the schema is another program's.
 */
export async function migratePostgresSchema(
  client: Client,
  steps: readonly SchemaStep[] = POSTGRES_STEPS,
): Promise<Migrated> {
  const to = steps.length;
  const { version } = await schemaState(client, steps);
  if (version >= to) return { from: version, to: version };
  await client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = ${TURN_TIMEOUT_MS};
    SELECT pg_advisory_xact_lock(${LOCKS.migration});
    SET LOCAL lock_timeout = ${TABLE_TIMEOUT_MS}`,
  );
  const { version: from } = await schemaState(client, steps);
  // Neither is tried where it is there already: the role may not be allowed to.
  if (from === 0) await createSchema(client);
  if (from < to)
    await client.query(`ALTER TABLE ${SCHEMA}.migrations ADD COLUMN IF NOT EXISTS usable_from integer`);
  for (const [n, { sql }] of steps.slice(from).entries()) {
    const version = from + n + 1;
    await client.query(sql);
    await client.query(`INSERT INTO ${SCHEMA}.migrations (version, usable_from) VALUES ($1, $2)`, [
      version,
      usableFrom(steps, version),
    ]);
  }
  await client.query('COMMIT');
  return { from, to: Math.max(from, to) };
}

/** Throws when the schema is too old, and as `migratePostgresSchema` does. Changes nothing. */
export async function assertPostgresMigrated(
  client: Client,
  steps: readonly SchemaStep[] = POSTGRES_STEPS,
): Promise<void> {
  refuseTooOld(await schemaState(client, steps), steps);
}

/** What `migratePostgresSchema` would do. Changes nothing, and throws as it does. */
export async function planPostgresSchema(client: Client): Promise<MigrationPlan> {
  return planMigration(await schemaState(client, POSTGRES_STEPS), POSTGRES_STEPS);
}

async function createSchema(client: Client): Promise<void> {
  const { rows } = await client.query('SELECT 1 FROM pg_namespace WHERE nspname = $1', [SCHEMA]);
  if (rows.length === 0) await client.query(`CREATE SCHEMA ${SCHEMA}`);
  await client.query(
    `CREATE TABLE IF NOT EXISTS ${SCHEMA}.migrations (
      version integer PRIMARY KEY,
      migrated_at timestamptz NOT NULL DEFAULT now()
    )`,
  );
}

/** Version 0 for a database without our schema, or with an empty one. */
async function schemaState(client: Client, steps: readonly SchemaStep[]): Promise<SchemaState> {
  const { rows } = await client.query<{ encoding: string; tables: string[] }>(
    `SELECT current_setting('server_encoding') AS encoding, array(
      SELECT relname::text FROM pg_class WHERE relnamespace = (
        SELECT oid FROM pg_namespace WHERE nspname = $1
      ) AND relkind IN ('r', 'p', 'v', 'm', 'f')
    ) AS tables`,
    [SCHEMA],
  );
  const { encoding = '', tables = [] } = rows[0] ?? {};
  if (encoding !== 'UTF8') throw new Error(`its encoding is ${encoding}, which must be UTF8`);
  if (tables.length === 0) return { version: 0, usableFrom: undefined };
  if (!tables.includes('migrations')) throw anotherProgram();
  const state = await latestMigration(client);
  refuseTooNew(state, steps);
  return state;
}

/** Read as JSON, where a column that is not there yet is no error. */
async function latestMigration(client: Client): Promise<SchemaState> {
  try {
    const { rows } = await client.query<{ version: number; usable_from: number | null }>(
      `SELECT version, (to_jsonb(migrations)->>'usable_from')::integer AS usable_from
      FROM ${SCHEMA}.migrations WHERE migrated_at IS NOT NULL ORDER BY version DESC LIMIT 1`,
    );
    const { version = 0, usable_from = null } = rows[0] ?? {};
    return { version, usableFrom: usable_from ?? undefined };
  } catch (error) {
    throw codeOf(error) === UNDEFINED_COLUMN ? anotherProgram() : error;
  }
}

function anotherProgram(): Error {
  return new Error(`its schema "${SCHEMA}" holds the tables of another program`);
}
