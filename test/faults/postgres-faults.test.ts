import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyStore } from '../../src/keys/ports.ts';
import type { ByteLedger } from '../../src/quota/ports.ts';
import { describeWith } from '../support/available.ts';
import { faultOf } from '../support/faults.ts';
import { createChange, insertKeys } from '../support/key-changes.ts';
import {
  expectAvailable,
  expectRecovery,
  expectUnavailable,
  outcomesOf,
  READS,
} from '../support/postgres-calls.ts';
import { makePostgresPlace, openStore, type PostgresPlace, urlWith } from '../support/postgres-place.ts';
import { storedKey } from '../support/stored-key.ts';
import { openProxy, type Toxic, type ToxicProxy } from '../support/toxiproxy-server.ts';

const NOTHING_PASSES: Toxic = { type: 'timeout', attributes: { timeout: 0 } };

/** Makes COMMIT take a second on the server. */
const SLOW_COMMIT = `
  CREATE FUNCTION linger() RETURNS trigger LANGUAGE plpgsql AS
    $$ BEGIN PERFORM pg_sleep(1); RETURN NULL; END $$;
  CREATE CONSTRAINT TRIGGER linger AFTER INSERT ON presignd.api_keys
    DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION linger();`;

const WAITING_COMMITS = "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query = 'COMMIT'";
const WAITING_FOR_LOCKS = "SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted";

describeWith('postgresUrl', 'Postgres', (serverUrl) => {
  describeWith('toxiproxyUrl', 'behind a bad network', (toxiproxyUrl) => {
    let place: PostgresPlace;
    let proxy: ToxicProxy;
    let store: KeyStore & ByteLedger;

    beforeEach(async () => {
      place = await makePostgresPlace(serverUrl);
      const { hostname, port } = new URL(serverUrl);
      proxy = await openProxy(toxiproxyUrl, { host: hostname, port: Number(port) });
      store = await openStore(urlWith(place.url, { address: proxy }));
      await insertKeys(store, storedKey('a'));
      await expectAvailable(store);
    });
    afterEach(async () => {
      await proxy.heal();
      await store.close();
      await proxy.remove();
      await place.remove();
    });

    /** Until the server does what `sql` looks for. */
    const until = (sql: string) => expect.poll(() => place.query(sql), { timeout: 10_000 }).not.toEqual([]);

    it('answers unavailable while connections are refused, and recovers', async () => {
      await proxy.cut();
      await expectUnavailable(store);
      await proxy.heal();
      await expectRecovery(store);
    });

    it.each<[string, Toxic, 'upstream' | 'downstream']>([
      ['nothing is answered', NOTHING_PASSES, 'downstream'],
      ['nothing arrives', NOTHING_PASSES, 'upstream'],
      ['everything is 10 seconds late', { type: 'latency', attributes: { latency: 10_000 } }, 'downstream'],
      ['connections are reset', { type: 'reset_peer', attributes: { timeout: 0 } }, 'downstream'],
      [
        'connections are cut within an answer',
        { type: 'limit_data', attributes: { bytes: 8 } },
        'downstream',
      ],
    ])('answers unavailable while %s, and recovers', async (_, toxic, stream) => {
      await proxy.spoil(toxic, stream);
      await expectUnavailable(store);
      // Once more, without any connection from before.
      await expectUnavailable(store);
      await proxy.heal();
      await expectRecovery(store);
    });

    it('works on while answers are a little late', async () => {
      await proxy.spoil({ type: 'latency', attributes: { latency: 40 } });
      await expectAvailable(store);
    });

    it('opens a connection that takes longer than a lookup waits, for the lookups after it', async () => {
      await proxy.spoil({ type: 'latency', attributes: { latency: 200 } });
      await place.cutConnections();
      await expect
        .poll(() => outcomesOf(store, { findByDigest: READS.findByDigest }), { timeout: 10_000 })
        .toEqual({ findByDigest: 'ok' });
    });

    it('closes in time while nothing is answered', async () => {
      await proxy.spoil(NOTHING_PASSES);
      const call = faultOf(() => store.findById('key_a'));
      await store.close();
      expect((await call).reason).toBe('STORE_UNAVAILABLE');
    });

    it('closes in time while connections do not close', async () => {
      await proxy.spoil({ type: 'slow_close', attributes: { delay: 60_000 } });
      await store.close();
    });

    it('finds connections that were cut while they were idle, and fails no call for it', async () => {
      await place.cutConnections();
      await expectAvailable(store);
    });

    describe('a change whose connection is cut', () => {
      const key = storedKey('b');

      it('while it waits for its turn has not happened', async () => {
        const blocked = place.query(
          'SELECT pg_advisory_lock(x, 2), pg_sleep(3) FROM (SELECT 1886611300 AS x) AS a',
        );
        await until("SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND granted");
        const change = faultOf(() => store.commit(createChange(key)));
        await until(WAITING_FOR_LOCKS);
        await proxy.cut();
        expect((await change).reason).toBe('STORE_UNAVAILABLE');
        await blocked;
        await proxy.heal();
        await expect.poll(() => place.query(WAITING_FOR_LOCKS)).toEqual([]);
        await insertKeys(store, key);
      });

      it('before its commit is acknowledged is answered unavailable, and may have happened', async () => {
        await place.query(SLOW_COMMIT);
        const change = faultOf(() => store.commit(createChange(key)));
        await until(WAITING_COMMITS);
        await proxy.cut();
        expect((await change).reason).toBe('STORE_UNAVAILABLE');
        await proxy.heal();
        // Once and whole: it is not made a second time.
        await expect.poll(() => store.findById(key.id)).toEqual(key);
        expect((await store.events(0, 10)).filter(({ digest }) => digest === key.digest)).toHaveLength(1);
        expect(await store.audit({ limit: 10, keyId: key.id })).toHaveLength(1);
      });
    });
  });
});
