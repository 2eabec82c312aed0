import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { KeyStore } from '../keys/ports.ts';
import type { ByteLedger } from '../quota/ports.ts';
import { auditRecordFromRow } from './audit-row.ts';
import { integer, type Row } from './columns.ts';
import { apiKeyFromRow, keyEventFromRow } from './key-row.ts';
import { ANY_KEY, countKeys, selectAudit, selectKeys } from './key-statements.ts';
import { SELECT_SECRET, secretFromRow } from './key-writes.ts';
import { assertMigrated, type Migrated, migrate, planSqliteMigration } from './migrations.ts';
import { type MigrationPlan, planMigration } from './schema-steps.ts';
import { assertSameFile, fileIdentity, openConnection } from './sqlite-connection.ts';
import { createStatements } from './sqlite-statements.ts';
import { SQLITE_STEPS } from './sqlite-steps.ts';
import { createSqliteWriter, startWriterWorker } from './sqlite-writer.ts';
import { storeFault } from './store-fault.ts';

/** Shorter than a writer waits, because a reader that waits stalls the whole process. */
const READ_BUSY_TIMEOUT_MS = 250;

/** Longer, because the process that came first may have millions of keys to bring up to date. */
const MIGRATION_BUSY_TIMEOUT_MS = 120_000;

export type SqliteKeyStore = KeyStore & ByteLedger;

/**
 * Opens the key store in the SQLite file at `path`. With `autoMigrate` the file and its schema are made or brought
 * up to date where they have to be; without it such a file is refused and left as it is.
 * Reads take microseconds and happen on the calling thread; writes happen in a thread of their own.
 * Throws an Error that names the file and the reason when it cannot be used.
 */
export function openSqliteKeyStore(
  path: string,
  { autoMigrate }: { readonly autoMigrate: boolean },
): SqliteKeyStore {
  const file = resolve(path);
  return connected(file, autoMigrate, (db) => {
    if (autoMigrate) migratePatiently(db);
    else assertMigrated(db);
    db.exec(`PRAGMA query_only = ON; PRAGMA busy_timeout = ${READ_BUSY_TIMEOUT_MS}`);
    return createSqliteKeyStore(db, file);
  });
}

/** Makes the file and its schema, or brings it up to date. Throws as `openSqliteKeyStore` does. */
export function migrateSqlite(path: string): Migrated {
  return connected(resolve(path), true, (db) => {
    const migrated = migratePatiently(db);
    db.close();
    return migrated;
  });
}

/** What `migrateSqlite` would do. Makes no file, and throws as it does. */
export function planSqlite(path: string): MigrationPlan {
  if (!existsSync(path)) return planMigration({ version: 0, usableFrom: undefined }, SQLITE_STEPS);
  return connected(resolve(path), false, (db) => {
    const plan = planSqliteMigration(db);
    db.close();
    return plan;
  });
}

function migratePatiently(db: DatabaseSync): Migrated {
  db.exec(`PRAGMA busy_timeout = ${MIGRATION_BUSY_TIMEOUT_MS}`);
  return migrate(db);
}

/** What `use` makes of a connection to the file, which is closed when it fails. */
function connected<T>(file: string, mayMake: boolean, use: (db: DatabaseSync) => T): T {
  let db: DatabaseSync | undefined;
  try {
    if (!mayMake && !existsSync(file)) assertMigrated(undefined);
    db = openConnection(file);
    return use(db);
  } catch (cause) {
    db?.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The key store ${file} cannot be used: ${reason}`, { cause });
  }
}

function createSqliteKeyStore(db: DatabaseSync, file: string): SqliteKeyStore {
  const run = createStatements(db);
  const byDigest = db.prepare('SELECT * FROM api_keys WHERE digest = ?');
  const byId = db.prepare('SELECT * FROM api_keys WHERE id = ?');
  const secret = db.prepare(SELECT_SECRET);
  const eventsAfter = db.prepare('SELECT * FROM api_key_events WHERE seq > ? ORDER BY seq LIMIT ?');
  const start = { path: file, identity: fileIdentity(file) };
  const writer = createSqliteWriter({ startWorker: () => startWriterWorker(start) });
  let closed: Promise<void> | undefined;

  /** A file that took this one's place has other keys, and SQLite would go on reading the old one for ever. */
  async function read<T>(work: () => T): Promise<T> {
    try {
      assertSameFile(start.path, start.identity);
      return work();
    } catch (error) {
      throw storeFault(error);
    }
  }

  return {
    findByDigest: (digest) => read(() => optional(byDigest.get(digest))),
    findById: (id) => read(() => optional(byId.get(id))),
    list: (query) =>
      read(() =>
        inSnapshot(db, () => {
          const keys = run(selectKeys(query)).map(apiKeyFromRow);
          const [counted = {}] = run(countKeys(query));
          return { keys, total: integer(counted, 'total') };
        }),
      ),
    audit: (query) => read(() => run(selectAudit(query)).map(auditRecordFromRow)),
    events: (afterSeq, limit) => read(() => eventsAfter.all(afterSeq, limit).map(keyEventFromRow)),
    commit: (change) => writer.call('commit', change),
    touch: (uses) => writer.call('touch', uses),
    takeBytes: (keyId, bytes, periods) => writer.call('takeBytes', { keyId, bytes, periods }),
    async secretOnce(name, candidate) {
      // The writer is asked only when there is no secret yet: most processes never have to start it.
      const row = await read(() => secret.get(name));
      return Buffer.from(row ? secretFromRow(row) : await writer.call('secretOnce', { name, candidate }));
    },
    ping: () => read(() => void run(ANY_KEY)),
    close() {
      closed ??= writer.close().finally(() => db.close());
      return closed;
    },
  };
}

function optional(row: Row | undefined) {
  return row === undefined ? undefined : apiKeyFromRow(row);
}

/** Runs several reads on one state of the database, so that a page and its total agree. */
function inSnapshot<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN');
  try {
    return work();
  } finally {
    db.exec('COMMIT');
  }
}
