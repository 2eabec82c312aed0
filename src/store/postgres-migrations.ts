import type { Client } from 'pg';
import type { Migrated } from './migrations.ts';
import { causeOf, codeOf } from './postgres-fault.ts';
import { LOCKS, SCHEMA } from './postgres-schema.ts';
import { POSTGRES_STEPS } from './postgres-steps.ts';
import {
  type MigrationPlan,
  planMigration,
  refuseTooNew,
  refuseTooOld,
  type SchemaStanding,
  type SchemaState,
  type SchemaStep,
  usableFrom,
} from './schema-steps.ts';

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

/** Changes nothing. */
export async function schemaStandingOf(client: Client): Promise<SchemaStanding> {
  const known = POSTGRES_STEPS.length;
  try {
    const { version: found } = await schemaState(client, POSTGRES_STEPS);
    return { found, known, refusal: undefined };
  } catch (error) {
    return { found: undefined, known, refusal: causeOf(error).message };
  }
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
