import { resolve } from 'node:path';
import type { DatabaseSync } from 'node:sqlite';
import type { KeyStore } from '../keys/ports.ts';
import { apiKeyFromRow, keyEventFromRow } from './key-row.ts';
import { SELECT_KEY_BY_ID, SELECT_SECRET, secretFromRow } from './key-writes.ts';
import { migrate } from './migrations.ts';
import { assertSameFile, fileIdentity, openConnection } from './sqlite-connection.ts';
import { createSqliteWriter, startWriterWorker } from './sqlite-writer.ts';
import { storeFault } from './store-fault.ts';

/** Shorter than a writer waits, because a reader that waits stalls the whole process. */
const READ_BUSY_TIMEOUT_MS = 250;

const NEWEST_FIRST = 'ORDER BY created_at_ms DESC, id DESC LIMIT :limit OFFSET :offset';

/**
 * Opens the key store in the SQLite file at `path`, making the file and its schema where they are missing.
 * Reads take microseconds and happen on the calling thread; writes happen in a thread of their own.
 * Throws an Error that names the file and the reason when it cannot be used.
 */
export function openSqliteKeyStore(path: string): KeyStore {
  const file = resolve(path);
  let db: DatabaseSync | undefined;
  try {
    db = openConnection(file);
    migrate(db);
    db.exec(`PRAGMA query_only = ON; PRAGMA busy_timeout = ${READ_BUSY_TIMEOUT_MS}`);
    return createSqliteKeyStore(db, file);
  } catch (cause) {
    db?.close();
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`The key store ${file} cannot be used: ${reason}`, { cause });
  }
}

function createSqliteKeyStore(db: DatabaseSync, file: string): KeyStore {
  const byDigest = db.prepare('SELECT * FROM api_keys WHERE digest = ?');
  const byId = db.prepare(SELECT_KEY_BY_ID);
  const secret = db.prepare(SELECT_SECRET);
  const page = db.prepare(`SELECT * FROM api_keys ${NEWEST_FIRST}`);
  const pageOfOwner = db.prepare(`SELECT * FROM api_keys WHERE owner = :owner ${NEWEST_FIRST}`);
  const count = db.prepare('SELECT count(*) AS total FROM api_keys');
  const countOfOwner = db.prepare('SELECT count(*) AS total FROM api_keys WHERE owner = :owner');
  const eventsAfter = db.prepare('SELECT * FROM api_key_events WHERE seq > ? ORDER BY seq LIMIT ?');
  const anyKey = db.prepare('SELECT 1 FROM api_keys LIMIT 1');
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
    list: ({ offset, limit, owner }) =>
      read(() =>
        inSnapshot(db, () => {
          const rows =
            owner === undefined ? page.all({ limit, offset }) : pageOfOwner.all({ owner, limit, offset });
          const counted = owner === undefined ? count.get() : countOfOwner.get({ owner });
          return { keys: rows.map(apiKeyFromRow), total: Number(counted?.['total']) };
        }),
      ),
    events: (afterSeq, limit) => read(() => eventsAfter.all(afterSeq, limit).map(keyEventFromRow)),
    insert: (key) => writer.call('insert', key),
    revoke: (id, atMs) => writer.call('revoke', { id, atMs }),
    async secretOnce(name, candidate) {
      // The writer is asked only when there is no secret yet: most processes never have to start it.
      const row = await read(() => secret.get(name));
      return Buffer.from(row ? secretFromRow(row) : await writer.call('secretOnce', { name, candidate }));
    },
    ping: () => read(() => void anyKey.get()),
    close() {
      closed ??= writer.close().finally(() => db.close());
      return closed;
    },
  };
}

function optional(row: Parameters<typeof apiKeyFromRow>[0] | undefined) {
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
