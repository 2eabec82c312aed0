import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrateStore, openKeyStore, planStoreMigration } from '../../src/store/open-store.ts';
import { migratePostgresSchema } from '../../src/store/postgres-migrations.ts';
import type { SchemaStep } from '../../src/store/schema-steps.ts';
import { describeWith } from '../support/available.ts';
import { insertKeys } from '../support/key-changes.ts';
import { makePostgresPlace, ownName, type PostgresPlace, urlWith } from '../support/postgres-place.ts';
import { withPostgres } from '../support/postgres-server.ts';
import { linesOf, startStoreChild } from '../support/store-process.ts';
import { storedKey } from '../support/stored-key.ts';

const TABLES =
  "SELECT schemaname, tablename FROM pg_tables WHERE schemaname NOT IN ('pg_catalog', 'information_schema') ORDER BY tablename";
const step = (sql: string, compatible = false): SchemaStep => ({ sql, compatible });
const STEPS = [step('CREATE TABLE presignd.a (x int)'), step('CREATE TABLE presignd.b (x int)')];

describeWith('postgresUrl', 'the schema on Postgres', (serverUrl) => {
  let place: PostgresPlace;
  beforeEach(async () => {
    place = await makePostgresPlace(serverUrl);
  });
  afterEach(() => place.remove());

  const openStrictly = () => openKeyStore(() => place.url, { autoMigrate: false, poolSize: 2 });
  const migrateBy = (steps: readonly SchemaStep[]) =>
    withPostgres(place.url, (client) => migratePostgresSchema(client, steps));
  const messageOf = (work: Promise<unknown>) =>
    work.then(
      () => 'no error',
      (error: Error) => error.message,
    );

  it('is made once, which is told beforehand, and left alone after that', async () => {
    expect(await planStoreMigration(() => place.url)).toEqual({ from: 0, to: 1, rolling: true });
    expect(await place.query(TABLES)).toEqual([]);
    expect(await migrateStore(() => place.url)).toEqual({ from: 0, to: 1 });
    const tables = await place.query(TABLES);
    expect(await migrateStore(() => place.url)).toEqual({ from: 1, to: 1 });
    expect(await place.query(TABLES)).toEqual(tables);
    expect(new Set(tables.map(({ schemaname }) => schemaname))).toEqual(new Set(['presignd']));
  });

  it('is made by one of several processes that start at once, and used by all', async () => {
    const children = Array.from({ length: 4 }, () => linesOf(startStoreChild('open', place.url)));
    expect((await Promise.all(children)).flat()).toEqual(Array(4).fill('opened'));
    expect(await place.query('SELECT version FROM presignd.migrations')).toEqual([{ version: 1 }]);
  });

  it('grows step by step, by those that are missing', async () => {
    expect(await migrateBy(STEPS.slice(0, 1))).toEqual({ from: 0, to: 1 });
    expect(await migrateBy(STEPS)).toEqual({ from: 1, to: 2 });
    expect(await place.query('SELECT version FROM presignd.migrations ORDER BY 1')).toEqual([
      { version: 1 },
      { version: 2 },
    ]);
  });

  it('stays as it was when a step fails', async () => {
    await migrateBy(STEPS.slice(0, 1));
    const before = await place.query(TABLES);
    await expect(migrateBy([...STEPS, step('CREATE TABLE presignd.a (x int)')])).rejects.toThrow(
      'already exists',
    );
    expect(await place.query(TABLES)).toEqual(before);
    expect(await migrateBy(STEPS)).toEqual({ from: 1, to: 2 });
  });

  it('is refused when a newer presignd made it', async () => {
    await migrateStore(() => place.url);
    await place.query('INSERT INTO presignd.migrations (version) VALUES (99)');
    expect(await messageOf(place.open())).toBe(
      'The key store on Postgres cannot be used: its schema has version 99, made by a newer presignd; this one knows versions up to 1',
    );
  });

  it('is declared usable when it is made by steps from before there was such a declaration', async () => {
    await migrateBy(STEPS.slice(0, 1));
    await place.query('ALTER TABLE presignd.migrations DROP COLUMN usable_from');
    const compatible = [...STEPS.slice(0, 1), step('CREATE TABLE presignd.b (x int)', true)];
    expect(await migrateBy(compatible)).toEqual({ from: 1, to: 2 });
    expect(await migrateBy(STEPS.slice(0, 1))).toEqual({ from: 2, to: 2 });
  });

  it.each([
    ['tables of other names', 'CREATE TABLE presignd.users (id int)'],
    ['tables of the same names', 'CREATE TABLE presignd.api_keys (id int)'],
    ['a table of migrations', 'CREATE TABLE presignd.migrations (version text)'],
  ])('is refused when it holds what is another program’s: %s', async (_, table) => {
    await place.query(`CREATE SCHEMA presignd; ${table}`);
    const before = await place.query(TABLES);
    expect(await messageOf(place.open())).toContain('schema "presignd" holds the tables of another program');
    expect(await place.query(TABLES)).toEqual(before);
  });

  it('gets along with tables of the same names in other schemas, whatever the search_path', async () => {
    await place.query(
      'CREATE TABLE api_keys (id int); CREATE TABLE secrets (id int); CREATE TABLE audit_log (id int)',
    );
    const store = await place.open();
    await insertKeys(store, storedKey('a'));
    expect(await store.findById('key_a')).toEqual(storedKey('a'));
    expect(await store.audit({ limit: 10 })).toHaveLength(1);
    await store.close();
    expect(await place.query('SELECT * FROM public.api_keys')).toEqual([]);
  });

  it('is refused in a database that cannot hold every character', async () => {
    const name = ownName();
    const url = urlWith(serverUrl, { database: name });
    await withPostgres(serverUrl, (client) =>
      client.query(`CREATE DATABASE ${name} TEMPLATE template0 ENCODING 'LATIN1' LOCALE 'C'`),
    );
    try {
      expect(await messageOf(migrateStore(() => url))).toContain(
        'its encoding is LATIN1, which must be UTF8',
      );
    } finally {
      await withPostgres(serverUrl, (client) => client.query(`DROP DATABASE ${name}`));
    }
  });

  describe('without leave to migrate', () => {
    it('is refused where it is missing, and nothing is made', async () => {
      expect(await messageOf(openStrictly())).toBe(
        'The key store on Postgres cannot be used: it has no schema yet, and this presignd needs version 1. Run: presignd migrate',
      );
      expect(await place.query(TABLES)).toEqual([]);
    });

    it('is used where it is up to date', async () => {
      await migrateStore(() => place.url);
      const store = await openStrictly();
      await insertKeys(store, storedKey('a'));
      await store.close();
    });
  });

  describe('for a role that owns nothing', () => {
    const role = ownName();
    const urlOfRole = () => urlWith(place.url, { user: role, password: 'hunter2' });
    beforeEach(() => place.query(`CREATE ROLE ${role} LOGIN PASSWORD 'hunter2'`));
    afterEach(() => place.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`));

    it('cannot be made, which is said', async () => {
      const message = await messageOf(migrateStore(urlOfRole));
      expect(message).toMatch(/cannot be used: permission denied for database/);
      expect(message).not.toContain('hunter2');
    });

    it('is made where somebody has given it the schema', async () => {
      await place.query(`CREATE SCHEMA presignd AUTHORIZATION ${role}`);
      expect(await migrateStore(urlOfRole)).toEqual({ from: 0, to: 1 });
    });

    it('is used where somebody else has made it, with no more rights than that takes', async () => {
      await migrateStore(() => place.url);
      await place.query(`GRANT USAGE ON SCHEMA presignd TO ${role};
        GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA presignd TO ${role}`);
      const store = await openKeyStore(urlOfRole, { autoMigrate: true, poolSize: 2 });
      await insertKeys(store, storedKey('a'));
      expect(await store.findById('key_a')).toEqual(storedKey('a'));
      await store.close();
    });

    it('cannot be read, which is said', async () => {
      await migrateStore(() => place.url);
      expect(await messageOf(migrateStore(urlOfRole))).toContain('permission denied for schema presignd');
    });
  });
});
