import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { migrate } from '../../../src/store/migrations.ts';

const CREATE = 'CREATE TABLE t (n INTEGER) STRICT; INSERT INTO t VALUES (1)';
const ADD = 'INSERT INTO t VALUES (2)';

const values = (db: DatabaseSync) =>
  db
    .prepare('SELECT n FROM t ORDER BY n')
    .all()
    .map((row) => row['n']);
const tables = (db: DatabaseSync) => db.prepare('SELECT name FROM sqlite_schema').all().length;

describe('migrate', () => {
  it('takes each step once, however often it is run', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE, ADD]);
    migrate(db, [CREATE, ADD]);
    expect(values(db)).toEqual([1, 2]);
  });

  it('takes only the steps that an older program left out', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE]);
    migrate(db, [CREATE, ADD]);
    expect(values(db)).toEqual([1, 2]);
  });

  it('leaves the database as it was when a step fails, and succeeds once the step is mended', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE]);
    expect(() => migrate(db, [CREATE, ADD, 'INSERT INTO missing VALUES (1)'])).toThrow('no such table');
    expect(values(db)).toEqual([1]);
    migrate(db, [CREATE, ADD]);
    expect(values(db)).toEqual([1, 2]);
  });

  it('refuses a schema that is newer than the program, and changes nothing', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db, [CREATE, ADD]);
    expect(() => migrate(db, [CREATE])).toThrow(
      'version 2, made by a newer presignd; this one knows versions up to 1',
    );
    expect(values(db)).toEqual([1, 2]);
  });

  it("refuses another program's database, and changes nothing", () => {
    const db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE customers (name TEXT) STRICT');
    expect(() => migrate(db)).toThrow('another program');
    expect(tables(db)).toBe(1);
  });

  it('makes tables that refuse a status, an environment or a type that the program does not know', () => {
    const db = new DatabaseSync(':memory:');
    migrate(db);
    const insert = (environment: string, status: string, version: string) => () =>
      db.exec(`INSERT INTO api_keys VALUES ('i', 'd', 'o', 'n', '${environment}', 's', 'e', '[]', '${status}',
        ${version}, 1, NULL, NULL)`);
    expect(insert('live', 'unlocked', '1')).toThrow('CHECK');
    expect(insert('stage', 'active', '1')).toThrow('CHECK');
    expect(insert('live', 'active', "'one'")).toThrow('cannot store TEXT');
    expect(insert('live', 'active', '1')).not.toThrow();
  });
});
