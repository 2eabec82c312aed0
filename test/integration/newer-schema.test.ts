// This program beside the next one: the older program of a rolling upgrade, or of one that is undone. The next schema
// is ours and one step more.
import { DatabaseSync } from 'node:sqlite';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { migrate } from '../../src/store/migrations.ts';
import { migrateStore, openKeyStore } from '../../src/store/open-store.ts';
import { migratePostgresSchema } from '../../src/store/postgres-migrations.ts';
import { POSTGRES_STEPS } from '../../src/store/postgres-steps.ts';
import type { SchemaStep } from '../../src/store/schema-steps.ts';
import { SQLITE_STEPS } from '../../src/store/sqlite-steps.ts';
import { describeWith } from '../support/available.ts';
import { insertKeys, revokeKey } from '../support/key-changes.ts';
import { makePostgresPlace } from '../support/postgres-place.ts';
import { withPostgres } from '../support/postgres-server.ts';
import { makeSqlitePlace } from '../support/sqlite-place.ts';
import { storedKey } from '../support/stored-key.ts';

type Store = Awaited<ReturnType<typeof openKeyStore>>;

interface Place {
  readonly url: string;
  /** Brings the schema to one more step than this program knows. */
  upgrade(step: SchemaStep): Promise<unknown>;
  remove(): Promise<void>;
}

/** All that a compatible step may do, to tables that this program reads and writes. `schema` is where they are. */
const next = (schema: string): SchemaStep => ({
  compatible: true,
  sql: `
    ALTER TABLE ${schema}api_keys ADD COLUMN note TEXT;
    ALTER TABLE ${schema}api_keys ADD COLUMN colour TEXT NOT NULL DEFAULT 'none';
    ALTER TABLE ${schema}api_key_events ADD COLUMN note TEXT;
    ALTER TABLE ${schema}audit_log ADD COLUMN note TEXT;
    ALTER TABLE ${schema}key_usage ADD COLUMN note TEXT;
    CREATE INDEX api_keys_by_note ON ${schema}api_keys (note);
    CREATE TABLE ${schema}notes (note TEXT);`,
});

/** Everything that a store is asked for, with keys that are named by `label`. */
async function useAll(store: Store, label: string): Promise<void> {
  const [kept, gone] = [storedKey(`${label}-kept`), storedKey(`${label}-gone`)];
  await insertKeys(store, kept, gone);
  const revoked = await revokeKey(store, gone);
  await store.touch([{ id: kept.id, atMs: kept.createdAtMs + 5 }]);
  expect(await store.findById(kept.id)).toEqual({ ...kept, lastUsedAtMs: kept.createdAtMs + 5 });
  expect(await store.findByDigest(gone.digest)).toEqual(revoked);
  const { keys } = await store.list({ offset: 0, limit: 100, nowMs: 0 });
  expect(keys.map(({ id }) => id)).toEqual(expect.arrayContaining([kept.id, gone.id]));
  const audited = await store.audit({ limit: 100 });
  expect(audited.filter(({ keyId }) => keyId === gone.id)).toHaveLength(2);
  const events = await store.events(0, 1_000);
  expect(events.filter(({ digest }) => digest === gone.digest).map(({ kind }) => kind)).toEqual([
    'created',
    'revoked',
  ]);
  const { granted } = await store.takeBytes(kept.id, 5, [{ period: '2026-11', limitBytes: 10 }]);
  expect(granted).toBe(true);
}

function describePlace(name: string, schema: string, version: number, makePlace: () => Promise<Place>): void {
  describe(`a schema of the next version, on ${name}`, () => {
    let place: Place;
    beforeEach(async () => {
      place = await makePlace();
    });
    afterEach(() => place.remove());

    const open = (autoMigrate = true) => openKeyStore(() => place.url, { autoMigrate, poolSize: 4 });

    it('that is compatible is used by this program, which was running before', async () => {
      const store = await open();
      await useAll(store, 'before');
      expect(await place.upgrade(next(schema))).toEqual({ from: version, to: version + 1 });
      await useAll(store, 'after');
      await store.close();
    });

    it('that is compatible is used by this program when it starts again, and left as it is', async () => {
      await place.upgrade(next(schema));
      for (const autoMigrate of [true, false]) {
        const store = await open(autoMigrate);
        await useAll(store, String(autoMigrate));
        await store.close();
      }
      expect(await migrateStore(() => place.url)).toEqual({ from: version + 1, to: version + 1 });
    });

    /** Security property: what an older program cannot see, such as a new restriction, it cannot keep to. */
    it('that is not compatible is refused by this program', async () => {
      await place.upgrade({ ...next(schema), compatible: false });
      const refusal = `version ${version + 1}, made by a newer presignd; this one knows versions up to ${version}`;
      for (const autoMigrate of [true, false]) await expect(open(autoMigrate)).rejects.toThrow(refusal);
      await expect(migrateStore(() => place.url)).rejects.toThrow(refusal);
    });
  });
}

describePlace('SQLite', '', SQLITE_STEPS.length, async () => {
  const { path, url, remove } = await makeSqlitePlace();
  return {
    url,
    remove,
    async upgrade(step) {
      await migrateStore(() => url);
      const db = new DatabaseSync(path);
      const migrated = migrate(db, [...SQLITE_STEPS, step]);
      db.close();
      return migrated;
    },
  };
});

describeWith('postgresUrl', 'with Postgres', (serverUrl) => {
  describePlace('Postgres', 'presignd.', POSTGRES_STEPS.length, async () => {
    const { url, remove } = await makePostgresPlace(serverUrl);
    return {
      url,
      remove,
      async upgrade(step) {
        await migrateStore(() => url);
        return withPostgres(url, (client) => migratePostgresSchema(client, [...POSTGRES_STEPS, step]));
      },
    };
  });
});
