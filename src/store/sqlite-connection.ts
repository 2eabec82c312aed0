import { closeSync, mkdirSync, openSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { primaryCode, SQLITE_BUSY } from './store-fault.ts';

/** How long a connection waits for a lock that another process holds. */
export const BUSY_TIMEOUT_MS = 3_000;

const BUSY_PAUSE_MS = 20;

/**
 * Opens the database file, with every commit on the disk before it returns. A folder that is made for it
 * belongs to its owner alone (0700), and so does the file (0600), from which SQLite copies the permissions of
 * the files beside it. The folder must not be on NFS, whose locks SQLite cannot rely on.
 */
export function openConnection(path: string): DatabaseSync {
  mkdirSync(dirname(path), { recursive: true, mode: 0o700 });
  closeSync(openSync(path, 'a', 0o600));
  const db = new DatabaseSync(path, { timeout: BUSY_TIMEOUT_MS, enableForeignKeyConstraints: true });
  try {
    setJournalMode(db);
    db.exec('PRAGMA synchronous = FULL');
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}

/**
 * WAL, except on SQLite 3.7.0 to 3.51.2, where two connections that write and checkpoint at the same moment
 * can corrupt a WAL database (https://sqlite.org/wal.html#walresetbug). A truncated rollback journal is slower
 * but safe there.
 */
export function journalModeFor(sqliteVersion: string): 'WAL' | 'TRUNCATE' {
  const [major = 0, minor = 0, patch = 0] = sqliteVersion.split('.').map(Number);
  const isFixed = major > 3 || (major === 3 && (minor > 51 || (minor === 51 && patch >= 3)));
  return isFixed ? 'WAL' : 'TRUNCATE';
}

function setJournalMode(db: DatabaseSync): void {
  const version = String(db.prepare('SELECT sqlite_version() AS version').get()?.['version']);
  const statement = `PRAGMA journal_mode = ${journalModeFor(version)}`;
  const deadline = performance.now() + BUSY_TIMEOUT_MS;
  for (;;) {
    try {
      db.exec(statement);
      return;
    } catch (error) {
      // The change of mode does not wait for locks as other statements do, so that processes which start at
      // once on a new file would fail.
      if (primaryCode(error) !== SQLITE_BUSY || performance.now() > deadline) throw error;
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, BUSY_PAUSE_MS);
    }
  }
}

/**
 * Runs `work` in one transaction that holds the write lock from its start, so that it cannot fail halfway. Undone
 * when the work throws, and when its result is none that `keeps`.
 */
export function inTransaction<T>(
  db: DatabaseSync,
  work: () => T,
  keeps: (result: T) => boolean = () => true,
): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    if (keeps(result)) db.exec('COMMIT');
    return result;
  } finally {
    // After some errors, such as a full disk, SQLite has rolled back already.
    if (db.isTransaction) db.exec('ROLLBACK');
  }
}

/** Which file it is that a path leads to at this moment; undefined when there is none. */
export function fileIdentity(path: string): string | undefined {
  const file = statSync(path, { bigint: true, throwIfNoEntry: false });
  return file === undefined ? undefined : `${file.dev}:${file.ino}`;
}

/**
 * Throws when `path` no longer leads to the file that was opened. SQLite keeps writing into a file that was
 * removed or replaced, and all of it would be gone with the process.
 */
export function assertSameFile(path: string, identity: string | undefined): void {
  if (fileIdentity(path) !== identity) throw new Error(`${path} was removed or replaced while it was open`);
}
