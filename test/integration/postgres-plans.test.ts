import { afterAll, beforeAll, expect, it } from 'vitest';
import type { KeyQuery } from '../../src/keys/ports.ts';
import { countKeys, selectAudit, selectKeys } from '../../src/store/key-statements.ts';
import { migrateStore } from '../../src/store/open-store.ts';
import { inOurSchema } from '../../src/store/postgres-schema.ts';
import { describeWith } from '../support/available.ts';
import { makePostgresPlace, type PostgresPlace } from '../support/postgres-place.ts';
import { digestOf } from '../support/stored-key.ts';

const FILL = `
  INSERT INTO presignd.api_keys
    (id, digest, owner, name, environment, start, "end", scopes, status, version, created_at_ms)
  SELECT md5(n::text), md5('d' || n), 'owner' || n % 100, 'A name', 'live', 'pse_live_1abc', 'wxyz',
    '["uploads:create"]', CASE WHEN n % 10 = 0 THEN 'revoked' ELSE 'active' END, 1, n
  FROM generate_series(1, 20000) AS n;
  INSERT INTO presignd.api_key_events (digest, version, kind, at_ms)
  SELECT digest, 1, 'created', created_at_ms FROM presignd.api_keys;
  INSERT INTO presignd.audit_log (at_ms, action, actor, address, request_id, owner, key_id, key_after)
  SELECT created_at_ms, 'create', 'cli', '', '', owner, id, '{}' FROM presignd.api_keys;`;

const PAGE: KeyQuery = { offset: 0, limit: 20, nowMs: 0 };

describeWith('postgresUrl', 'with many keys Postgres', (serverUrl) => {
  let place: PostgresPlace;
  beforeAll(async () => {
    place = await makePostgresPlace(serverUrl);
    await migrateStore(() => place.url);
    await place.query(FILL);
    for (const table of ['api_keys', 'api_key_events', 'audit_log']) {
      await place.query(`VACUUM ANALYZE presignd.${table}`);
    }
  });
  afterAll(() => place.remove());

  it.each([
    [
      'a digest',
      { sql: 'SELECT * FROM api_keys WHERE digest = $1', values: [digestOf('a')] },
      'api_keys_digest_key',
    ],
    ['a page of all keys', selectKeys(PAGE), 'api_keys_by_age'],
    ['a page of an owner', selectKeys({ ...PAGE, owner: 'owner7' }), 'api_keys_by_owner_and_age'],
    [
      'a page of an owner’s active keys',
      selectKeys({ ...PAGE, owner: 'owner7', status: 'active' }),
      'api_keys_by_owner_and_age',
    ],
    ['how many keys an owner has', countKeys({ ...PAGE, owner: 'owner7' }), 'api_keys_by_owner_and_age'],
    [
      'how many active keys an owner has',
      countKeys({ ...PAGE, owner: 'owner7', status: 'active' }),
      'api_keys_by_owner_and_age',
    ],
    [
      'the next events',
      { sql: 'SELECT * FROM api_key_events WHERE seq > $1 ORDER BY seq LIMIT $2', values: [19_000, 1_000] },
      'api_key_events_pkey',
    ],
    ['the audit log', selectAudit({ limit: 20 }), 'audit_log_pkey'],
    ['the audit log of an owner', selectAudit({ limit: 20, owner: 'owner7' }), 'audit_log_by_owner'],
    ['the audit log of a key', selectAudit({ limit: 20, keyId: 'key_a' }), 'audit_log_by_key'],
  ])('finds %s by an index, without sorting', async (_, { sql, values }, index) => {
    const rows = await place.query(`EXPLAIN ${inOurSchema(sql)}`, values);
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
    expect(plan).toMatch(new RegExp(`Index (?:Only )?Scan (?:Backward )?using ${index} `));
    expect(plan).not.toMatch(/Seq Scan|Sort/);
  });
});
