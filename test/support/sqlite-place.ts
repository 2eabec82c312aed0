import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { KeyStore } from '../../src/keys/ports.ts';
import { openKeyStore } from '../../src/store/open-store.ts';

/** A temporary folder for one SQLite file, which is not there yet. */
export interface SqlitePlace {
  readonly folder: string;
  readonly path: string;
  readonly url: string;
  open(): Promise<KeyStore>;
  remove(): Promise<void>;
}

export async function makeSqlitePlace(): Promise<SqlitePlace> {
  const folder = await mkdtemp(join(tmpdir(), 'presignd-store-'));
  const path = join(folder, 'keys', 'presignd.db');
  const url = `sqlite:${path}`;
  return {
    folder,
    path,
    url,
    open: () => openKeyStore(url),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}
