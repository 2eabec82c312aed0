import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { inTransaction, journalModeFor } from '../../../src/store/sqlite-connection.ts';

describe('journalModeFor', () => {
  it.each([
    ['3.45.1', 'TRUNCATE'],
    ['3.51.2', 'TRUNCATE'],
    ['3.51.3', 'WAL'],
    ['3.53.0', 'WAL'],
    ['4.0.0', 'WAL'],
    ['unknown', 'TRUNCATE'],
  ])('of SQLite %s is %s', (version, mode) => {
    expect(journalModeFor(version)).toBe(mode);
  });
});

describe('inTransaction', () => {
  function database(): DatabaseSync {
    const db = new DatabaseSync(':memory:');
    db.exec('CREATE TABLE t (n INTEGER CHECK (n > 0)) STRICT');
    return db;
  }
  const rows = (db: DatabaseSync) => db.prepare('SELECT n FROM t').all().length;

  it('keeps everything when the work succeeds', () => {
    const db = database();
    expect(inTransaction(db, () => db.exec('INSERT INTO t VALUES (1), (2)'))).toBeUndefined();
    expect(rows(db)).toBe(2);
  });

  it('keeps nothing when the work fails, and the next one succeeds', () => {
    const db = database();
    const work = () => {
      db.exec('INSERT INTO t VALUES (1)');
      db.exec('INSERT INTO t VALUES (0)');
    };
    expect(() => inTransaction(db, work)).toThrow('CHECK constraint failed');
    expect(rows(db)).toBe(0);
    inTransaction(db, () => db.exec('INSERT INTO t VALUES (1)'));
    expect(rows(db)).toBe(1);
  });
});
