import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { openSqliteKeyStore, type SqliteKeyStore } from '../../src/store/sqlite-key-store.ts';

/** A temporary folder for one SQLite file, which is not there yet. */
export interface SqlitePlace {
  readonly folder: string;
  readonly path: string;
  readonly url: string;
  open(): Promise<SqliteKeyStore>;
  remove(): Promise<void>;
}

export async function makeSqlitePlace(): Promise<SqlitePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'presignd-store-'));
  const path = join(folder, 'keys', 'presignd.db');
  return {
    folder,
    path,
    url: `sqlite:${path}`,
    open: async () => openSqliteKeyStore(path, { autoMigrate: true }),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
