import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openKeyStore } from '../../src/store/open-store.ts';
import { describeWith } from '../support/available.ts';
import { faultOf } from '../support/faults.ts';
import { createChange, insertKeys } from '../support/key-changes.ts';
import { CALLS, expectAvailable, expectRecovery, outcomesOf } from '../support/postgres-calls.ts';
import {
  makePostgresPlace,
  openStore,
  ownName,
  type PostgresPlace,
  urlWith,
} from '../support/postgres-place.ts';
import { storedKey } from '../support/stored-key.ts';

const SESSIONS =
  'SELECT application_name FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()';

describeWith('postgresUrl', 'a store on Postgres', (serverUrl) => {
  let place: PostgresPlace;
  beforeEach(async () => {
    place = await makePostgresPlace(serverUrl);
  });
  afterEach(() => place.remove());

  it('opens no more connections than it may, and tells the server who it is', async () => {
    const store = await openKeyStore(() => place.url, { autoMigrate: true, poolSize: 4 });
    await Promise.all(Array.from({ length: 20 }, () => outcomesOf(store, CALLS)));
    const sessions = await place.query(SESSIONS);
    expect(sessions).toEqual(Array(4).fill({ application_name: 'presignd' }));
    await store.close();
    await expect.poll(() => place.query(SESSIONS)).toEqual([]);
  });

  it('waits for the disk even where the database is set not to', async () => {
    const name = new URL(place.url).pathname.slice(1);
    await place.query(`ALTER DATABASE ${name} SET synchronous_commit = off`);
    const store = await place.open();
    await place.query(`
      CREATE TABLE seen (setting text);
      CREATE FUNCTION note() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN INSERT INTO public.seen VALUES (current_setting('synchronous_commit')); RETURN NULL; END $$;
      CREATE TRIGGER note AFTER INSERT ON presignd.api_keys FOR EACH ROW EXECUTE FUNCTION note()`);
    await insertKeys(store, storedKey('a'));
    expect(await place.query('SELECT * FROM seen')).toEqual([{ setting: 'on' }]);
    await store.close();
  });

  it('works in a database whose transactions are serializable', async () => {
    const name = new URL(place.url).pathname.slice(1);
    await place.query(`ALTER DATABASE ${name} SET default_transaction_isolation = 'serializable'`);
    const stores = [await place.open(), await place.open()];
    const keys = Array.from({ length: 20 }, (_, n) => storedKey(String(n)));
    await Promise.all(keys.map((key, n) => stores[n % 2] && insertKeys(stores[n % 2] ?? expect.fail(), key)));
    expect(await stores[0]?.events(0, 100)).toHaveLength(20);
    for (const store of stores) await store.close();
  });

  it('shows events in the order of their commits, so that a reader who goes on behind the last misses none', async () => {
    const store = await place.open();
    await place.query(`
      CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
        $$ BEGIN IF NEW.id = 'key_slow' THEN PERFORM pg_sleep(0.5); END IF; RETURN NULL; END $$;
      CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON presignd.api_keys
        DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger()`);
    const slow = insertKeys(store, storedKey('slow'));
    const isCommitting = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT'";
    await expect.poll(() => place.query(isCommitting), { interval: 10 }).toEqual([{ '?column?': 1 }]);
    const quick = insertKeys(store, storedKey('quick'));
    const seen: string[] = [];
    for (let last = 0; seen.length < 2; ) {
      for (const { seq, digest } of await store.events(last, 10)) {
        last = seq;
        seen.push(digest);
      }
    }
    expect(seen).toEqual([storedKey('slow').digest, storedKey('quick').digest]);
    await Promise.all([slow, quick]);
    await store.close();
  });

  it('refuses what Postgres cannot keep, and changes nothing', async () => {
    const store = await place.open();
    const fault = await faultOf(() => store.commit(createChange(storedKey('a', { name: 'a\0b' }))));
    expect(fault.reason).toBe('INTERNAL');
    expect(await store.list({ offset: 0, limit: 10, nowMs: 0 })).toEqual({ keys: [], total: 0 });
    await store.close();
  });

  it('says so when the server speaks no TLS, and connects to nothing less', async () => {
    const url = `${place.url}?sslmode=require`;
    await expect(openStore(url)).rejects.toThrow('The server does not support SSL connections');
  });

  describe('whose URL is in a file', () => {
    const [before, after] = [ownName(), ownName()];
    let folder: string;
    let file: string;
    const write = (user: string, password: string) => writeFile(file, urlWith(place.url, { user, password }));
    const openFromFile = () =>
      openKeyStore(() => readFileSync(file, 'utf8'), { autoMigrate: false, poolSize: 4 });

    beforeEach(async () => {
      folder = await mkdtemp(join(tmpdir(), 'presignd-url-'));
      file = join(folder, 'database-url');
      await (await place.open()).close();
      for (const role of [before, after]) {
        await place.query(`CREATE ROLE ${role} LOGIN PASSWORD 'old'; GRANT USAGE ON SCHEMA presignd TO ${role};
          GRANT SELECT, INSERT, UPDATE, DELETE ON ALL TABLES IN SCHEMA presignd TO ${role}`);
      }
      await write(before, 'old');
    });
    afterEach(async () => {
      for (const role of [before, after]) await place.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
      await rm(folder, { recursive: true });
    });

    it('goes on with a new password, without a restart and without a failed call', async () => {
      const store = await openFromFile();
      await expectAvailable(store);
      await place.query(`ALTER ROLE ${before} PASSWORD 'new'`);
      await write(before, 'new');
      await place.cutConnections();
      await expectAvailable(store);
      await store.close();
    });

    it('goes on once the password that was changed before the file is in it', async () => {
      const store = await openFromFile();
      await place.query(`ALTER ROLE ${before} PASSWORD 'new'`);
      await place.cutConnections();
      const fault = await faultOf(() => store.findById('key_a'));
      expect(fault).toMatchObject({ reason: 'STORE_UNAVAILABLE', cause: { code: '28P01' } });
      await write(before, 'new');
      await expectRecovery(store);
      await store.close();
    });

    it('goes on as another user', async () => {
      const store = await openFromFile();
      await write(after, 'old');
      await place.query(`DROP OWNED BY ${before}`);
      await place.cutConnections();
      await expectAvailable(store);
      await store.close();
    });

    it('goes on with what it knows while the file is missing or not a URL', async () => {
      const store = await openFromFile();
      for (const spoil of [() => rm(file), () => writeFile(file, 'postgres://half a')]) {
        await spoil();
        await place.cutConnections();
        await expectAvailable(store);
      }
      await store.close();
    });
  });
});
