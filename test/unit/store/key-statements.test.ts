import { DatabaseSync } from 'node:sqlite';
import { describe, expect, it } from 'vitest';
import { SHOWN_STATUSES } from '../../../src/keys/api-key.ts';
import { countKeys, type Statement, selectAudit, selectKeys } from '../../../src/store/key-statements.ts';
import { migrate } from '../../../src/store/migrations.ts';

const PAGE = { offset: 0, limit: 20, nowMs: 1 };
const STATUSES = [undefined, ...SHOWN_STATUSES];

/** How SQLite would carry the statement out. */
function planOf({ sql }: Statement): string {
  const db = new DatabaseSync(':memory:');
  migrate(db);
  const rows = db.prepare(`EXPLAIN QUERY PLAN ${sql}`).all();
  return rows.map(({ detail }) => detail).join('; ');
}

describe('what SQLite does with many keys', () => {
  it.each(STATUSES)('reads a page in the order of an index, without sorting: status %s', (status) => {
    expect(planOf(selectKeys({ ...PAGE, status }))).toBe('SCAN api_keys USING INDEX api_keys_by_age');
    expect(planOf(selectKeys({ ...PAGE, status, owner: 'acme' }))).toBe(
      'SEARCH api_keys USING INDEX api_keys_by_owner_and_age (owner=?)',
    );
  });

  it.each(STATUSES)('counts in an index, without looking at the keys: status %s', (status) => {
    expect(planOf(countKeys({ ...PAGE, status }))).toContain('SCAN api_keys USING COVERING INDEX');
    expect(planOf(countKeys({ ...PAGE, status, owner: 'acme' }))).toBe(
      'SEARCH api_keys USING COVERING INDEX api_keys_by_owner_and_age (owner=?)',
    );
  });

  it.each([
    [{}, 'SCAN audit_log'],
    [{ beforeSeq: 5 }, 'SEARCH audit_log USING INTEGER PRIMARY KEY (rowid<?)'],
    [{ owner: 'acme' }, 'SEARCH audit_log USING INDEX audit_log_by_owner (owner=?)'],
    [
      { owner: 'acme', beforeSeq: 5 },
      'SEARCH audit_log USING INDEX audit_log_by_owner (owner=? AND rowid<?)',
    ],
    [{ keyId: 'key_a' }, 'SEARCH audit_log USING INDEX audit_log_by_key (key_id=?)'],
  ])('reads the audit log backwards, without sorting: %j', (query, plan) => {
    expect(planOf(selectAudit({ ...query, limit: 20 }))).toBe(plan);
  });
});
