import type { Client } from 'pg';
import type { Migrated, SchemaState } from './migrations.ts';
import { causeOf, codeOf } from './postgres-fault.ts';
import { LOCKS, SCHEMA } from './postgres-schema.ts';

/** Step n brings the schema from version n to n + 1. A step that has been released is never changed. */
const MIGRATIONS: readonly string[] = [
  // Text compares by its bytes (COLLATE "C"), so that lists have one order in every database.
  // Room is left in the pages of api_keys, where a row is changed in place each time its last use is noted.
  `
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
];

/** How long a process waits for another one that brings the schema up to date. */
const TURN_TIMEOUT_MS = 60_000;
/** Whoever uses a table waits as long as we wait for it. */
const TABLE_TIMEOUT_MS = 5_000;

const UNDEFINED_COLUMN = '42703';

/**
 * Brings the schema up to date, in one transaction: processes that start at once take turns, and a step that fails
 * leaves the database as it was. Throws when the schema is another program's or a newer one.
 */
export async function migratePostgresSchema(
  client: Client,
  steps: readonly string[] = MIGRATIONS,
): Promise<Migrated> {
  const to = steps.length;
  if ((await schemaVersion(client, to)) === to) return { from: to, to };
  await client.query(
    `BEGIN ISOLATION LEVEL READ COMMITTED;
    SET LOCAL statement_timeout = 0;
    SET LOCAL lock_timeout = ${TURN_TIMEOUT_MS};
    SELECT pg_advisory_xact_lock(${LOCKS.migration});
    SET LOCAL lock_timeout = ${TABLE_TIMEOUT_MS}`,
  );
  const from = await schemaVersion(client, to);
  // Neither is tried where it is there already: the role may not be allowed to.
  if (from === 0) await createSchema(client);
  for (const [n, step] of steps.slice(from).entries()) {
    await client.query(step);
    await client.query(`INSERT INTO ${SCHEMA}.migrations (version) VALUES ($1)`, [from + n + 1]);
  }
  await client.query('COMMIT');
  return { from, to };
}

/** Throws when the schema is not up to date, and as `migratePostgresSchema` does. Changes nothing. */
export async function assertPostgresMigrated(
  client: Client,
  steps: readonly string[] = MIGRATIONS,
): Promise<void> {
  const version = await schemaVersion(client, steps.length);
  if (version === steps.length) return;
  const state = version === 0 ? 'it has no schema yet' : `its schema has version ${version}`;
  throw new Error(`${state}, and this presignd needs version ${steps.length}. Run: presignd migrate`);
}

/** Changes nothing. */
export async function schemaStateOf(client: Client): Promise<SchemaState> {
  const known = MIGRATIONS.length;
  try {
    return { found: await schemaVersion(client, known), known, refusal: undefined };
  } catch (error) {
    return { found: undefined, known, refusal: causeOf(error).message };
  }
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

/** 0 for a database without our schema, or with an empty one. */
async function schemaVersion(client: Client, known: number): Promise<number> {
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
  if (tables.length === 0) return 0;
  if (!tables.includes('migrations')) throw anotherProgram();
  const version = await latestMigration(client);
  if (version > known) {
    throw new Error(
      `its schema has version ${version}, made by a newer presignd; this one knows versions up to ${known}`,
    );
  }
  return version;
}

async function latestMigration(client: Client): Promise<number> {
  try {
    const { rows } = await client.query<{ version: number | null }>(
      `SELECT max(version) AS version FROM ${SCHEMA}.migrations WHERE migrated_at IS NOT NULL`,
    );
    return rows[0]?.version ?? 0;
  } catch (error) {
    throw codeOf(error) === UNDEFINED_COLUMN ? anotherProgram() : error;
  }
}

function anotherProgram(): Error {
  return new Error(`its schema "${SCHEMA}" holds the tables of another program`);
}
