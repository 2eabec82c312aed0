import { DatabaseSync } from 'node:sqlite';

/**
 * What lies where: buckets, objects, multipart uploads and their parts. SQLite gives what a folder of files does not:
 * changes that happen wholly or not at all, keys in the order of their UTF-8 bytes, and a lock that a crash releases.
 */
const SCHEMA = `
  CREATE TABLE IF NOT EXISTS buckets (name TEXT PRIMARY KEY, created_ms INTEGER NOT NULL) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS objects (
    bucket TEXT NOT NULL REFERENCES buckets (name), key TEXT NOT NULL, etag TEXT NOT NULL, size INTEGER NOT NULL,
    modified_ms INTEGER NOT NULL, headers TEXT NOT NULL, checksum TEXT, segments TEXT NOT NULL,
    PRIMARY KEY (bucket, key)
  ) WITHOUT ROWID;
  CREATE TABLE IF NOT EXISTS uploads (
    id TEXT PRIMARY KEY, bucket TEXT NOT NULL REFERENCES buckets (name), key TEXT NOT NULL,
    initiated_ms INTEGER NOT NULL, headers TEXT NOT NULL, checksum_algorithm TEXT, checksum_type TEXT
  ) WITHOUT ROWID;
  CREATE INDEX IF NOT EXISTS uploads_by_key ON uploads (bucket, key, id);
  CREATE TABLE IF NOT EXISTS parts (
    upload_id TEXT NOT NULL REFERENCES uploads (id) ON DELETE CASCADE, number INTEGER NOT NULL, etag TEXT NOT NULL,
    size INTEGER NOT NULL, modified_ms INTEGER NOT NULL, checksum TEXT, blob TEXT NOT NULL,
    PRIMARY KEY (upload_id, number)
  ) WITHOUT ROWID;
`;

const SCHEMA_VERSION = 1;

/**
 * Opens the catalog, and keeps every other process out of it until it is closed.
 * @throws Error when another process has it open, or it was written by another version of this program.
 */
export function openCatalog(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  try {
    db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = NORMAL;');
    db.exec('PRAGMA foreign_keys = ON');
    const version = Number(db.prepare('PRAGMA user_version').get()?.['user_version']);
    if (version !== 0 && version !== SCHEMA_VERSION) {
      throw new Error(`${file} has the unknown layout ${version}; delete its folder to start anew`);
    }
    db.exec(`BEGIN EXCLUSIVE; ${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT;`);
    return db;
  } catch (error) {
    db.close();
    if (error instanceof Error && error.message.includes('database is locked')) {
      throw new Error(`another process is using the objects beside ${file}`, { cause: error });
    }
    throw error;
  }
}

/** Runs `work` wholly or not at all. It must not wait for anything. */
export function inTransaction<T>(db: DatabaseSync, work: () => T): T {
  db.exec('BEGIN IMMEDIATE');
  try {
    const result = work();
    db.exec('COMMIT');
    return result;
  } catch (error) {
    db.exec('ROLLBACK');
    throw error;
  }
}

/** The blobs that anything refers to. */
export function referencedBlobs(db: DatabaseSync): Set<string> {
  const rows = db
    .prepare(
      "SELECT value ->> 'blob' AS blob FROM objects, json_each(objects.segments) UNION ALL SELECT blob FROM parts",
    )
    .all();
  return new Set(rows.map((row) => String(row['blob'])));
}
