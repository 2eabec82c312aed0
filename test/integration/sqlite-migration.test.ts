import { existsSync } from 'node:fs';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrateSqlite, openSqliteKeyStore, planSqlite } from '../../src/store/sqlite-key-store.ts';
import { insertKeys } from '../support/key-changes.ts';
import { makeSqlitePlace, type SqlitePlace } from '../support/sqlite-place.ts';
import { makeVersion1, VERSION_1_PEPPER, version1Keys } from '../support/sqlite-version-1.ts';
import { linesOf, startStoreChild } from '../support/store-process.ts';
import { storedKey } from '../support/stored-key.ts';

let place: SqlitePlace;
beforeEach(async () => {
  place = await makeSqlitePlace();
});
afterEach(() => place.remove());

const ALL = { offset: 0, limit: 100_000, nowMs: 0 };

describe('a file of the first release', () => {
  it('is brought up to date when it is opened, with every key and the secret that tags them', async () => {
    makeVersion1(place.path, 20);
    const store = await place.open();
    const { keys } = await store.list(ALL);
    expect(keys).toEqual(version1Keys(20).reverse());
    expect(await store.secretOnce('pepper', Buffer.from('another'))).toEqual(VERSION_1_PEPPER);
    const before = await store.events(0, 1_000);
    await insertKeys(store, storedKey('new', { policy: { maxSizeBytes: 5 } }));
    expect(await store.events(before.at(-1)?.seq ?? 0, 10)).toHaveLength(1);
    await store.close();
  });

  it('is brought up to date once by processes that open it at the same moment', async () => {
    makeVersion1(place.path, 20_000);
    const children = Array.from({ length: 5 }, () => linesOf(startStoreChild('open', place.url)));
    expect((await Promise.all(children)).flat()).toEqual(Array(5).fill('opened'));
    const store = await place.open();
    expect((await store.list(ALL)).keys).toEqual(version1Keys(20_000).reverse());
    expect(await store.events(0, 100_000)).toHaveLength(30_000);
    await store.close();
    expect(migrateSqlite(place.path)).toEqual({ from: 2, to: 2 });
  });

  it('goes on serving a process that had it open before', async () => {
    makeVersion1(place.path, 2);
    const before = new DatabaseSync(place.path);
    const select = before.prepare('SELECT id FROM api_keys ORDER BY id');
    const insert = before.prepare(
      `INSERT INTO api_key_events (digest, version, kind, at_ms) VALUES ('d', 1, 'created', 1)`,
    );
    expect(select.all()).toHaveLength(2);
    migrateSqlite(place.path);
    expect(select.all()).toHaveLength(2);
    expect(insert.run().changes).toBe(1);
    before.close();
  });
});

describe('without automatic migration', () => {
  const open = () => openSqliteKeyStore(place.path, { autoMigrate: false });

  it('a file that is not there is refused and not made', () => {
    expect(open).toThrow(/presignd\.db cannot be used: it has no schema yet.* Run: presignd migrate/);
    expect(existsSync(dirname(place.path))).toBe(false);
  });

  it('an empty file is refused', async () => {
    await mkdir(dirname(place.path));
    await writeFile(place.path, '');
    expect(open).toThrow(/it has no schema yet.* Run: presignd migrate/);
  });

  it('an older schema is refused and left as it is', async () => {
    makeVersion1(place.path, 5);
    const before = await readFile(place.path);
    expect(open).toThrow(/its schema has version 1.* needs version 2.* Run: presignd migrate/);
    expect(await readFile(place.path)).toEqual(before);
  });

  it('a schema that was brought up to date is served', async () => {
    makeVersion1(place.path, 5);
    expect(migrateSqlite(place.path)).toEqual({ from: 1, to: 2 });
    const store = open();
    expect((await store.list(ALL)).total).toBe(5);
    await insertKeys(store, storedKey('new'));
    await store.close();
  });
});

describe('the migration alone', () => {
  it('makes the file, tells from where to where, and does nothing a second time', async () => {
    expect(migrateSqlite(place.path)).toEqual({ from: 0, to: 2 });
    expect(migrateSqlite(place.path)).toEqual({ from: 2, to: 2 });
    const store = openSqliteKeyStore(place.path, { autoMigrate: false });
    expect(await store.list(ALL)).toEqual({ keys: [], total: 0 });
    await store.close();
  });

  it('tells beforehand what it will do, and does none of it', async () => {
    expect(planSqlite(place.path)).toEqual({ from: 0, to: 2, rolling: true });
    expect(existsSync(place.path)).toBe(false);
    makeVersion1(place.path, 1);
    expect(planSqlite(place.path)).toEqual({ from: 1, to: 2, rolling: false });
    expect(migrateSqlite(place.path)).toEqual({ from: 1, to: 2 });
    expect(planSqlite(place.path)).toEqual({ from: 2, to: 2, rolling: true });
  });

  it('names the file that it cannot use', async () => {
    await mkdir(dirname(place.path));
    await writeFile(place.path, 'These are my notes. '.repeat(100));
    expect(() => migrateSqlite(place.path)).toThrow(/presignd\.db cannot be used: file is not a database/);
  });

  it('refuses the file of a newer presignd, as opening does', async () => {
    migrateSqlite(place.path);
    const db = new DatabaseSync(place.path);
    db.exec('PRAGMA user_version = 99');
    db.close();
    expect(() => migrateSqlite(place.path)).toThrow('version 99, made by a newer presignd');
    for (const autoMigrate of [true, false]) {
      expect(() => openSqliteKeyStore(place.path, { autoMigrate })).toThrow('made by a newer presignd');
    }
  });
});
