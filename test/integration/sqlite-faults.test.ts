import { once } from 'node:events';
import { mkdir, open, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Worker } from 'node:worker_threads';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileIdentity } from '../../src/store/sqlite-connection.ts';
import { openSqliteKeyStore } from '../../src/store/sqlite-key-store.ts';
import { createSqliteWriter, startWriterWorker } from '../../src/store/sqlite-writer.ts';
import { createChange, insertKeys, revokeKey } from '../support/key-changes.ts';
import { makeSqlitePlace, type SqlitePlace } from '../support/sqlite-place.ts';
import { digestOf, storedKey } from '../support/stored-key.ts';

const UNAVAILABLE = { reason: 'STORE_UNAVAILABLE', retryAfterMs: 1_000 };
const PAGE_BYTES = 4_096;

let place: SqlitePlace;
beforeEach(async () => {
  place = await makeSqlitePlace();
});
afterEach(() => place.remove());

describe('the files', () => {
  /** Security property: the file holds the secret that keys are tagged with. */
  it('belong to their owner alone', async () => {
    const store = await place.open();
    await insertKeys(store, storedKey('a'));
    const folder = dirname(place.path);
    expect((await stat(folder)).mode & 0o777).toBe(0o700);
    const files = await readdir(folder);
    expect(files).toContain('presignd.db-wal');
    for (const file of files) expect((await stat(join(folder, file))).mode & 0o777).toBe(0o600);
    await store.close();
    expect(await readdir(folder)).toEqual(['presignd.db']);
  });
});

describe('a file that is not a key store', () => {
  it('is named when it is not a database at all, and stays as it was', async () => {
    const path = join(place.folder, 'notes.txt');
    await writeFile(path, 'These are my notes. '.repeat(100));
    expect(() => openSqliteKeyStore(path, { autoMigrate: true })).toThrow(
      /notes\.txt cannot be used: file is not a database/,
    );
    expect((await stat(path)).size).toBe(2_000);
  });
});

describe('a damaged file', () => {
  it('answers unavailable, never "no such key"', async () => {
    const before = await place.open();
    await insertKeys(before, storedKey('a'));
    await before.close();
    const file = await open(place.path, 'r+');
    const { size } = await file.stat();
    await file.write(Buffer.alloc(size - PAGE_BYTES, 0xff), 0, size - PAGE_BYTES, PAGE_BYTES);
    await file.close();

    const store = await place.open();
    await expect(store.findByDigest(digestOf('a'))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.findById('key_a')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.commit(createChange(storedKey('b')))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE);
    await store.close();
  });
});

describe('a policy that cannot be understood', () => {
  /** Security property: it must never be read as "no restrictions". */
  it('answers unavailable, and leaves the other keys alone', async () => {
    const store = await place.open();
    const policy = { maxSizeBytes: 5 };
    await insertKeys(store, storedKey('a', { policy }), storedKey('b', { policy, createdAtMs: 1 }));
    const newer = new DatabaseSync(place.path);
    newer.exec(`UPDATE api_keys SET policy = '{"maxFiles":5}' WHERE id = 'key_a'`);
    newer.close();
    await expect(store.findByDigest(digestOf('a'))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.findById('key_a')).rejects.toMatchObject(UNAVAILABLE);
    expect(await store.findById('key_b')).toMatchObject({ policy });
    await store.close();
  });
});

describe('a file that is removed while it is open', () => {
  it.each([
    ['before the first write', 0],
    ['after a write', 1],
  ])('takes no more writes, which would be gone with the process: %s', async (_, writes) => {
    const store = await place.open();
    for (let n = 0; n < writes; n += 1) await insertKeys(store, storedKey(`before-${n}`));
    await rm(place.path);
    await expect(store.commit(createChange(storedKey('after')))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE);
    expect(await readdir(dirname(place.path))).not.toContain('presignd.db');
    await store.close();
  });

  /** Security property: what is revoked in the file that took its place would never be noticed. */
  it('is not believed any more', async () => {
    const store = await place.open();
    await insertKeys(store, storedKey('a'));
    for (const file of await readdir(dirname(place.path))) await rm(join(dirname(place.path), file));
    const restored = await place.open();
    await insertKeys(restored, storedKey('a'));
    await revokeKey(restored, storedKey('a'));
    await expect(store.findByDigest(digestOf('a'))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.findById('key_a')).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.events(0, 10)).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.list({ offset: 0, limit: 10, nowMs: 0 })).rejects.toMatchObject(UNAVAILABLE);
    await Promise.all([store.close(), restored.close()]);
  });
});

describe('a lock that another process holds', () => {
  it('lets reads go on, fails a write, and lets writes through once it is gone', async () => {
    const store = await place.open();
    await insertKeys(store, storedKey('a'));
    const other = new DatabaseSync(place.path);
    other.exec('BEGIN IMMEDIATE');
    const write = store.commit(createChange(storedKey('b')));
    expect(await store.findById('key_a')).toBeDefined();
    await expect(write).rejects.toMatchObject({ ...UNAVAILABLE, cause: { message: 'database is locked' } });
    other.exec('ROLLBACK');
    other.close();
    await expect(store.commit(createChange(storedKey('c')))).resolves.toEqual({ outcome: 'committed' });
    expect(await store.findById('key_b')).toBeUndefined();
    await store.close();
  });
});

/** Whoever was told that a creation failed does not expect the key to turn up later. */
describe('a write that was given up', () => {
  it('does not happen once the lock is gone', async () => {
    const store = await place.open();
    const start = { path: place.path, identity: fileIdentity(place.path) };
    const writer = createSqliteWriter({ startWorker: () => startWriterWorker(start), timeoutMs: 1_000 });
    await writer.call('commit', createChange(storedKey('a')));
    const other = new DatabaseSync(place.path);
    other.exec('BEGIN IMMEDIATE');
    const writes = ['b', 'c'].map((name) => writer.call('commit', createChange(storedKey(name))));
    for (const outcome of await Promise.allSettled(writes))
      expect(outcome).toMatchObject({ status: 'rejected', reason: UNAVAILABLE });
    other.exec('ROLLBACK');
    other.close();
    // Writes take turns: when this one is done, nothing from before it is left.
    await writer.call('commit', createChange(storedKey('d')));
    const { keys } = await store.list({ offset: 0, limit: 10, nowMs: 0 });
    expect(keys.map(({ id }) => id).sort()).toEqual(['key_a', 'key_d']);
    await writer.close();
    await store.close();
  });
});

/** Holds the write lock of a file in rollback mode for a moment, as a process does that is just making it. */
const HOLD_LOCK = `
  const { parentPort, workerData } = require('node:worker_threads');
  const db = new (require('node:sqlite').DatabaseSync)(workerData);
  db.exec('BEGIN IMMEDIATE');
  parentPort.postMessage('locked');
  setTimeout(() => { db.exec('COMMIT'); db.close(); }, 100);`;

describe('a file that another process is just making', () => {
  it('is waited for', async () => {
    await mkdir(dirname(place.path));
    const other = new Worker(HOLD_LOCK, { eval: true, workerData: place.path });
    await once(other, 'message');
    const store = await place.open();
    await insertKeys(store, storedKey('a'));
    await store.close();
    await other.terminate();
  });
});

describe('a store that was closed', () => {
  it('refuses calls as unavailable', async () => {
    const store = await place.open();
    await store.close();
    await expect(store.findByDigest(digestOf('a'))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.commit(createChange(storedKey('a')))).rejects.toMatchObject(UNAVAILABLE);
    await expect(store.ping()).rejects.toMatchObject(UNAVAILABLE);
  });
});
