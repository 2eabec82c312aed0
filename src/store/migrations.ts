import type { DatabaseSync } from 'node:sqlite';
import { integer } from './columns.ts';
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
import { inTransaction } from './sqlite-connection.ts';
import { SQLITE_STEPS } from './sqlite-steps.ts';

/** Marks a database file as ours ("psgd"), so that we never write into another program's database. */
const APPLICATION_ID = 0x70736764;

/** What says who may use a schema that is newer than a program; the version itself is the database's `user_version`. */
const MIGRATIONS_TABLE = `
  CREATE TABLE IF NOT EXISTS migrations (
    version INTEGER PRIMARY KEY,
    usable_from INTEGER NOT NULL
  ) STRICT`;

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

/** Undefined stands for a file that is not there yet. Changes nothing. */
export function schemaStandingOf(db: DatabaseSync | undefined): SchemaStanding {
  const known = SQLITE_STEPS.length;
  try {
    const found = db === undefined ? 0 : schemaState(db, SQLITE_STEPS).version;
    return { found, known, refusal: undefined };
  } catch (error) {
    return { found: undefined, known, refusal: error instanceof Error ? error.message : String(error) };
  }
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
