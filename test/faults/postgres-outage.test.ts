import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from 'vitest';
import type { KeyStore } from '../../src/keys/ports.ts';
import type { ByteLedger } from '../../src/quota/ports.ts';
import { describeWith } from '../support/available.ts';
import { faultOf } from '../support/faults.ts';
import { insertKeys } from '../support/key-changes.ts';
import {
  CALLS,
  expectAvailable,
  expectRecovery,
  expectUnavailable,
  outcomesOf,
  READS,
  WRITES,
} from '../support/postgres-calls.ts';
import {
  makePostgresPlace,
  openStore,
  ownName,
  type PostgresPlace,
  urlWith,
} from '../support/postgres-place.ts';
import { type PostgresServer, startPostgres, withPostgres } from '../support/postgres-server.ts';
import { storedKey } from '../support/stored-key.ts';

// Only its presence matters: a server of its own is hurt.
describeWith('postgresUrl', 'a Postgres that', () => {
  let server: PostgresServer;
  let place: PostgresPlace;
  let store: KeyStore & ByteLedger;

  beforeAll(async () => {
    server = await startPostgres();
  });
  afterAll(() => server.stop());

  beforeEach(async () => {
    place = await makePostgresPlace(server.url);
    store = await place.open();
    await insertKeys(store, storedKey('a'));
  });
  afterEach(async () => {
    await store.close();
    await place.remove();
  });

  it('hangs makes every call unavailable, and the store recovers with it', async () => {
    await server.pause();
    try {
      await expectUnavailable(store);
      await expectUnavailable(store);
    } finally {
      await server.resume();
    }
    await expectRecovery(store);
  });

  it('is killed makes every call unavailable, and the store recovers with it', async () => {
    await server.kill();
    await expectUnavailable(store);
    await server.restart();
    await expectRecovery(store);
    expect(await store.findById('key_a')).toMatchObject(storedKey('a', { lastUsedAtMs: expect.any(Number) }));
  });

  it('restarts is used again at once', async () => {
    await server.restart();
    await expectRecovery(store);
  });

  it('has no connection left makes every call unavailable', async () => {
    const role = ownName();
    await place.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x' IN ROLE "presignd-test"`);
    const limited = await openStore(urlWith(place.url, { user: role, password: 'x' }));
    try {
      await place.query(`ALTER ROLE ${role} CONNECTION LIMIT 0`);
      await place.cutConnections();
      await expectUnavailable(limited);
      await place.query(`ALTER ROLE ${role} CONNECTION LIMIT -1`);
      await expectRecovery(limited);
    } finally {
      await limited.close();
      await place.query(`DROP ROLE ${role}`);
    }
  });

  it('is slow exhausts the pool, which makes further calls unavailable instead of letting them wait', async () => {
    await withPostgres(place.url, async (client) => {
      await client.query('BEGIN; LOCK TABLE presignd.api_keys IN ACCESS EXCLUSIVE MODE');
      const many = await Promise.all(Array.from({ length: 30 }, () => outcomesOf(store, CALLS)));
      const { secretOnce: _, takeBytes: __, events: ___, audit: ____, ...onKeys } = CALLS;
      for (const outcomes of many) {
        for (const name of Object.keys(onKeys)) expect(outcomes[name], name).toBe('STORE_UNAVAILABLE');
        for (const outcome of Object.values(outcomes)) expect(outcome).toMatch(/^(?:ok|STORE_UNAVAILABLE)$/);
      }
      await client.query('ROLLBACK');
    });
    await expectRecovery(store);
  });

  it('holds changes up keeps no lookup waiting', async () => {
    await withPostgres(place.url, async (client) => {
      await client.query('SELECT pg_advisory_lock(1886611300, 2)');
      const changes = Array.from({ length: 20 }, () => faultOf(() => WRITES.commit(store)));
      const { findByDigest, findById, events, ping } = READS;
      for (let n = 0; n < 20; n += 1) await expectAvailable(store, { findByDigest, findById, events, ping });
      for (const fault of await Promise.all(changes)) expect(fault.reason).toBe('STORE_UNAVAILABLE');
    });
    await expectRecovery(store);
  });

  it('takes no writes still answers reads', async () => {
    await place.query(
      `ALTER DATABASE ${new URL(place.url).pathname.slice(1)} SET default_transaction_read_only = on`,
    );
    await place.cutConnections();
    await expectUnavailable(store, WRITES);
    await expectAvailable(store, READS);
  });

  it('takes the rights of the role away makes every call unavailable', async () => {
    const role = ownName();
    await place.query(`CREATE ROLE ${role} LOGIN PASSWORD 'x'; GRANT USAGE ON SCHEMA presignd TO ${role};
      GRANT ALL ON ALL TABLES IN SCHEMA presignd TO ${role}`);
    const limited = await openStore(urlWith(place.url, { user: role, password: 'x' }));
    try {
      await expectAvailable(limited);
      await place.query(`REVOKE ALL ON ALL TABLES IN SCHEMA presignd FROM ${role}`);
      await expectUnavailable(limited);
    } finally {
      await limited.close();
      await place.query(`DROP OWNED BY ${role}; DROP ROLE ${role}`);
    }
  });

  it.each([
    ['lacks a table', 'ALTER TABLE presignd.api_keys RENAME TO keys_of_old'],
    ['lacks a column', 'ALTER TABLE presignd.api_keys RENAME COLUMN status TO state'],
    ['lacks the whole schema', 'DROP SCHEMA presignd CASCADE'],
  ])('%s answers unavailable, never "no such key"', async (_, change) => {
    await place.query(change);
    const { findByDigest, findById, commit } = CALLS;
    await expectUnavailable(store, { findByDigest, findById, commit });
  });

  it('holds what presignd did not write answers unavailable, never a key', async () => {
    await place.query(`UPDATE presignd.api_keys SET policy = '{"unheardOf": true}'`);
    const { findByDigest, findById, list } = READS;
    await expectUnavailable(store, { findByDigest, findById, list });
  });
});
