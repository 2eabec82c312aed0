import { afterAll, beforeAll, expect, it } from 'vitest';
import { describeWith } from '../support/available.ts';
import { insertKeys } from '../support/key-changes.ts';
import { expectAvailable, READS } from '../support/postgres-calls.ts';
import { makePostgresPlace, ownName } from '../support/postgres-place.ts';
import { type PostgresServer, startPostgres, withPostgres } from '../support/postgres-server.ts';
import { storedKey } from '../support/stored-key.ts';

const DISK_FULL = '53100';

// Only its presence matters: a server with a disk of its own is filled.
describeWith('postgresUrl', 'a Postgres whose disk is full', () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await startPostgres({ containerTmpFs: { '/small': 'size=32m,mode=1777' } });
  });
  afterAll(() => server.stop());

  it('refuses changes as unavailable, goes on answering reads, and loses nothing', async (test) => {
    if (!server.runs.startsWith('container')) test.skip('only a container has a small disk');
    const place = await makePostgresPlace(server.url);
    const store = await place.open();
    await insertKeys(store, storedKey('a'));
    await place.query("COPY (SELECT 1 WHERE false) TO PROGRAM 'mkdir /small/space'");
    await place.query("CREATE TABLESPACE small LOCATION '/small/space'");
    await place.query('ALTER TABLE presignd.audit_log SET TABLESPACE small');
    await place.query('CREATE TABLE filler (x text) TABLESPACE small');
    await expectAvailable(store);
    await withPostgres(place.url, async (client) => {
      const fillWith = (bytes: number) =>
        client.query(`INSERT INTO filler SELECT repeat('x', ${bytes}) FROM generate_series(1, 100)`).then(
          () => true,
          () => false,
        );
      for (const bytes of [1_900, 10]) while (await fillWith(bytes));
    });

    const kept = ['key_a'];
    for (let refused = 0; refused < 5; ) {
      const key = storedKey(ownName());
      const refusal = await insertKeys(store, key).catch((error: unknown) => error);
      if (refusal === undefined) {
        kept.push(key.id);
      } else {
        expect(refusal).toMatchObject({ reason: 'STORE_UNAVAILABLE', cause: { code: DISK_FULL } });
        expect(await store.findById(key.id)).toBeUndefined();
        refused += 1;
      }
    }
    await expectAvailable(store, READS);
    for (const id of kept) expect(await store.findById(id)).toBeDefined();

    await place.query('DROP TABLE filler');
    await expectAvailable(store);
    await store.close();
  });
});
