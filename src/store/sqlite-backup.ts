import { existsSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { backup } from 'node:sqlite';
import { BUSY_TIMEOUT_MS, openConnection } from './sqlite-connection.ts';

/** All at once: a copy in pieces begins anew whenever somebody else writes in between. */
const PAGES_AT_ONCE = 1_000_000_000;

/**
 * Copies the key store in the SQLite file at `path`, as it is at one moment, into a new file at `target` that only its
 * owner can read. Others may go on using the store. Throws, and leaves no file, when there is no store or the copy
 * fails, and leaves the file as it is that is at `target` already.
 */
export async function backupSqlite(path: string, target: string): Promise<void> {
  const file = resolve(path);
  if (!existsSync(file)) throw new Error(`The key store ${file} cannot be backed up: it is not there`);
  try {
    // An empty file is an empty database, which the copy then fills.
    await (await open(target, 'wx', 0o600)).close();
  } catch (cause) {
    throw new Error(`The backup ${target} cannot be made: ${messageOf(cause)}`, { cause });
  }
  try {
    await copy(file, target);
  } catch (cause) {
    await rm(target, { force: true });
    throw new Error(`The key store ${file} cannot be backed up: ${messageOf(cause)}`, { cause });
  }
}

async function copy(file: string, target: string): Promise<void> {
  const db = openConnection(file);
  try {
    db.exec(`PRAGMA query_only = ON; PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    await backup(db, target, { rate: PAGES_AT_ONCE });
  } finally {
    db.close();
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
