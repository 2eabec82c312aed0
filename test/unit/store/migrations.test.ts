import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { apiKeyFromRow, keyEventFromRow } from '../../../src/store/key-row.ts';
import { insertEvent, insertKey } from '../../../src/store/key-statements.ts';
import { assertMigrated, migrate } from '../../../src/store/migrations.ts';
import { createStatements } from '../../../src/store/sqlite-statements.ts';
import { fillVersion1, VERSION_1, VERSION_1_PEPPER, version1Keys } from '../../support/sqlite-version-1.ts';
import { digestOf, storedKey } from '../../support/stored-key.ts';

const step = (sql: string, compatible = false) => ({ sql, compatible });
const CREATE = step('CREATE TABLE t (n INTEGER) STRICT; INSERT INTO t VALUES (1)');
const ADD = step('INSERT INTO t VALUES (2)');
const ADD_COMPATIBLY = step('INSERT INTO t VALUES (2)', true);

const values = (db: DatabaseSync) =>
  db
    .prepare('SELECT n FROM t ORDER BY n')
    .all()
    .map((row) => row['n']);
/** Everything that the database is made of, whitespace aside. */
const schema = (db: DatabaseSync) =>
  db
    .prepare('SELECT name, sql FROM sqlite_schema ORDER BY name')
    .all()
    .map(({ name, sql }) => `${name}: ${String(sql).replace(/\s+/g, ' ').replaceAll('"', '')}`);

describe('migrate', () => {
  it('takes each step once, however often it is run, and tells from where to where', () => {
    const db = new DatabaseSync(':memory:');
    expect(migrate(db, [CREATE, ADD])).toEqual({ from: 0, to: 2 });
    expect(migrate(db, [CREATE, ADD])).toEqual({ from: 2, to: 2 });
    expect(values(db)).toEqual([1, 2]);
  });

  it('takes only the steps that an older program left out', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE]);
    expect(migrate(db, [CREATE, ADD])).toEqual({ from: 1, to: 2 });
    expect(values(db)).toEqual([1, 2]);
  });

  it('leaves the database as it was when a step fails, and succeeds once the step is mended', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE]);
    expect(() => migrate(db, [CREATE, ADD, step('INSERT INTO missing VALUES (1)')])).toThrow('no such table');
    expect(values(db)).toEqual([1]);
    migrate(db, [CREATE, ADD]);
    expect(values(db)).toEqual([1, 2]);
  });

  it('refuses a schema that is newer than the program, and changes nothing', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE, ADD]);
    const refusal = 'version 2, made by a newer presignd; this one knows versions up to 1';
    expect(() => migrate(db, [CREATE])).toThrow(refusal);
    expect(() => assertMigrated(db, [CREATE])).toThrow(refusal);
    expect(values(db)).toEqual([1, 2]);
  });

  it('uses a newer schema whose steps since are all compatible, and changes nothing', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE, ADD_COMPATIBLY, step('INSERT INTO t VALUES (3)', true)]);
    expect(migrate(db, [CREATE])).toEqual({ from: 3, to: 3 });
    expect(() => assertMigrated(db, [CREATE])).not.toThrow();
    expect(values(db)).toEqual([1, 2, 3]);
    expect(migrate(db, [CREATE, ADD_COMPATIBLY])).toEqual({ from: 3, to: 3 });
  });

  it.each([
    ['a step that is not compatible before one that is', [CREATE, ADD, ADD_COMPATIBLY]],
    ['one that is before a step that is not', [CREATE, ADD_COMPATIBLY, ADD]],
  ])('refuses a newer schema with %s', (_, steps) => {
    const db = new DatabaseSync(':memory:');
    migrate(db, steps);
    expect(() => migrate(db, [CREATE])).toThrow('version 3, made by a newer presignd');
    expect(() => assertMigrated(db, [CREATE])).toThrow('version 3, made by a newer presignd');
  });

  it('declares what is compatible for a database from before there was such a declaration', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE]);
    db.exec('DROP TABLE migrations');
    migrate(db, [CREATE, ADD_COMPATIBLY]);
    expect(migrate(db, [CREATE])).toEqual({ from: 2, to: 2 });
  });

  it('refuses a newer schema that declares nothing', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE, ADD_COMPATIBLY]);
    db.exec('DELETE FROM migrations WHERE version = 2');
    expect(() => migrate(db, [CREATE])).toThrow('made by a newer presignd');
    db.exec('DROP TABLE migrations');
    expect(() => migrate(db, [CREATE])).toThrow('made by a newer presignd');
  });

  it("refuses another program's database, and changes nothing", () => {
    const db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE customers (name TEXT) STRICT');
    expect(() => migrate(db)).toThrow('another program');
    expect(() => assertMigrated(db)).toThrow('another program');
    expect(schema(db)).toHaveLength(1);
  });
});

describe('assertMigrated', () => {
  it.each([
    ['no database', () => undefined, 'has no schema yet'],
    ['an empty database', () => new DatabaseSync(':memory:'), 'has no schema yet'],
    ['an older schema', versionOne, 'its schema has version 1, and this presignd needs version 2'],
  ])('refuses %s, says what to run, and changes nothing', (_, open, message) => {
    const db = open();
    const before = db && schema(db);
    expect(() => assertMigrated(db)).toThrow(message);
    expect(() => assertMigrated(db)).toThrow('Run: presignd migrate');
    expect(db && schema(db)).toEqual(before);
  });

  it('takes a schema that is up to date', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db);
    expect(() => assertMigrated(db)).not.toThrow();
  });
});

function versionOne(): DatabaseSync {
  const db = new DatabaseSync(':memory:');
  db.exec(VERSION_1);
  return db;
}

describe('a database of version 1', () => {
  it('becomes what a new one is', () => {
    const [old, made] = [versionOne(), new DatabaseSync(':memory:')];
    expect(migrate(old)).toEqual({ from: 1, to: 2 });
    migrate(made);
    expect(schema(old)).toEqual(schema(made));
    expect(schema(old)).toContainEqual(expect.stringContaining('audit_log'));
  });

  it('keeps every key, event and secret as it was', () => {
    const db = versionOne();
    fillVersion1(db, 10);
    const everything = (table: string) => db.prepare(`SELECT * FROM ${table} ORDER BY 1`).all();
    const [events, secrets] = ['api_key_events', 'secrets'].map(everything);
    migrate(db);
    expect(everything('api_keys').map(apiKeyFromRow)).toStrictEqual(version1Keys(10));
    expect(everything('api_key_events')).toEqual(events);
    expect(events).toHaveLength(15);
    expect(everything('secrets')).toEqual(secrets);
    expect(Buffer.from(secrets?.[0]?.['value'] as Uint8Array)).toEqual(VERSION_1_PEPPER);
  });

  it('gives out no seq a second time, not even that of an event which is gone', () => {
    const db = versionOne();
    fillVersion1(db, 10);
    migrate(db);
    const event = { digest: digestOf('new'), version: 1, kind: 'updated', atMs: 1 } as const;
    createStatements(db)(insertEvent(event));
    const rows = db.prepare('SELECT * FROM api_key_events ORDER BY seq DESC').all();
    // 15 are there, and a 16th was deleted.
    expect(rows.map(keyEventFromRow)[0]).toEqual({ seq: 17, ...event });
  });

  it('numbers its first event 1 when there was none', () => {
    const db = versionOne();
    migrate(db);
    createStatements(db)(insertEvent({ digest: digestOf('a'), version: 1, kind: 'created', atMs: 1 }));
    expect(db.prepare('SELECT seq FROM api_key_events').get()).toEqual({ seq: 1 });
  });
});

describe('the tables', () => {
  it('refuse values that the program does not know', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db);
    const { sql, values: bound } = insertKey(storedKey('a'));
    const columns = [...sql.matchAll(/"(\w+)"/g)].map(([, column]) => column);
    const insertWith = (column: string, value: string | number) => () =>
      createStatements(db)({ sql, values: bound.map((was, n) => (columns[n] === column ? value : was)) });
    expect(insertWith('status', 'unlocked')).toThrow('CHECK');
    expect(insertWith('environment', 'stage')).toThrow('CHECK');
    expect(insertWith('policy', '[]')).toThrow('CHECK');
    expect(insertWith('rate_limit', 'null')).toThrow('CHECK');
    expect(insertWith('policy', '{')).toThrow('malformed JSON');
    expect(insertWith('version', 'one')).toThrow('cannot store TEXT');
    expect(insertWith('policy', '{}')).not.toThrow();
  });
});
