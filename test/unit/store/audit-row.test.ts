import { describe, expect, it } from 'vitest';
import { auditRecordFromRow, rowFromAuditEntry } from '../../../src/store/audit-row.ts';
import { revokeChange } from '../../support/key-changes.ts';
import { storedKey } from '../../support/stored-key.ts';

const KEY = storedKey('a', { policy: { maxSizeBytes: 5 }, lastUsedAtMs: 7 });
const ENTRY = revokeChange(KEY, 1_000, 'leaked').audit;

describe('a record of the audit log', () => {
  it('is read as it was written', () => {
    expect(auditRecordFromRow({ seq: 3, ...rowFromAuditEntry(ENTRY) })).toStrictEqual({ seq: 3, ...ENTRY });
  });

  /** Security property: the log is read by more people than the keys are. */
  it('has neither digest nor last use of a whole key', () => {
    const row = rowFromAuditEntry({ ...ENTRY, before: KEY, after: KEY });
    expect(JSON.stringify(row)).not.toContain(KEY.digest);
    expect(Object.keys(JSON.parse(row.key_after))).not.toContain('last_used_at_ms');
    expect(JSON.parse(row.key_after)).toMatchObject({ id: 'key_a', policy: { maxSizeBytes: 5 } });
  });

  it.each([
    ['action', 'rename'],
    ['key_after', null],
    ['key_after', '[]'],
    ['key_before', '{"id":"key_a"}'],
    ['seq', 'first'],
  ])('is refused when its %s is %j', (column, value) => {
    const row = { seq: 3, ...rowFromAuditEntry(ENTRY), [column]: value };
    expect(() => auditRecordFromRow(row)).toThrow('unexpected value');
  });
});
