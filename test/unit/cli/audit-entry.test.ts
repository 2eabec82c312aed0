import { describe, expect, it } from 'vitest';
import { auditJson, auditTable } from '../../../src/cli/audit-entry.ts';
import type { AuditedKey, AuditRecord } from '../../../src/keys/ports.ts';
import { storedKey } from '../../support/stored-key.ts';

function audited(overrides: Parameters<typeof storedKey>[1] = {}): AuditedKey {
  const { digest: _digest, lastUsedAtMs: _used, ...key } = storedKey('a', overrides);
  return key;
}

function record(overrides: Partial<AuditRecord>): AuditRecord {
  return {
    seq: 7,
    atMs: Date.UTC(2026, 10, 22, 18, 4, 41, 500),
    action: 'update',
    actor: 'key_admin',
    address: '192.0.2.1',
    requestId: 'req_1',
    owner: 'acme',
    keyId: 'key_a',
    before: audited(),
    after: audited(),
    ...overrides,
  };
}

/** The CHANGE column of a table with one record. */
function changeOf(overrides: Partial<AuditRecord>): string {
  const [head = '', row = ''] = auditTable([record(overrides)]).split('\n');
  return row.slice(head.indexOf('CHANGE'), head.indexOf('ADDRESS')).trimEnd();
}

describe('the audit table', () => {
  it('says when, who, what and from where', () => {
    const [head, row] = auditTable([record({ after: audited({ name: 'b', version: 2 }) })]).split('\n');
    expect(head).toMatch(/^TIME +ACTOR +ACTION +KEY +CHANGE +ADDRESS$/);
    expect(row).toBe(
      '2026-11-22 18:04:41Z  key_admin  update  key_a  name Uploads of the web shop → b  192.0.2.1',
    );
  });

  it('shows of a new key what it was given', () => {
    const after = audited({ name: 'x', policy: { contentTypes: ['image/*'], maxSizeBytes: 5 } });
    const change = changeOf({ action: 'create', before: null, after });
    expect(change).toBe(
      'name x, status active, scopes uploads:create, policy.content_types image/*, policy.max_size 5',
    );
  });

  it('shows of a change the fields that differ', () => {
    expect(changeOf({ after: audited({ status: 'disabled', version: 2 }) })).toBe('status active → disabled');
    expect(changeOf({ after: audited({ scopes: ['uploads:create', 'keys:read'], version: 2 }) })).toBe(
      'scopes uploads:create → uploads:create+keys:read',
    );
    expect(
      changeOf({ after: audited({ rateLimit: { requests: 5, windowSeconds: 60, bytesPerDay: 9 } }) }),
    ).toBe('rate_limit.requests – → 5, rate_limit.window_seconds – → 60, rate_limit.bytes_per_day – → 9');
    const before = audited({ policy: { contentTypes: ['image/*'], maxSizeBytes: 5 } });
    expect(changeOf({ before, after: audited({ policy: { maxSizeBytes: 6 } }) })).toBe(
      'policy.content_types image/* → –, policy.max_size 5 → 6',
    );
  });

  it('shows of a revocation its reason', () => {
    const after = audited({ status: 'revoked', revokedAtMs: 1_800_000_000_001, revokeReason: 'leaked' });
    expect(changeOf({ action: 'revoke', after })).toBe('status active → revoked, revoke_reason – → leaked');
  });

  it('shows of a rotation the replacement', () => {
    const endsAtMs = Date.UTC(2027, 0, 2, 3, 4, 5);
    const after = audited({ rotatedTo: 'key_b', overlapEndsAtMs: endsAtMs, expiresAtMs: endsAtMs });
    expect(changeOf({ action: 'rotate', after })).toBe(
      'expiration_date – → 2027-01-02 03:04Z, rotated_to – → key_b',
    );
  });
});

describe('the audit log for programs', () => {
  it('has the whole key before and after, in the shape of the API', () => {
    const json = auditJson(record({ before: null, after: audited({ expiresAtMs: 1_900_000_000_000 }) }));
    expect(json).toMatchObject({
      seq: 7,
      time: '2026-11-22T18:04:41.500Z',
      actor: 'key_admin',
      key_id: 'key_a',
      request_id: 'req_1',
      before: null,
      after: { id: 'key_a', key_prefix: 'pse_live_1abc', expiration_date: '2030-03-17T17:46:40Z' },
    });
  });

  it('shows the status as it was at that moment', () => {
    const after = audited({ expiresAtMs: Date.UTC(2026, 10, 23) });
    expect(auditJson(record({ after })).after).toMatchObject({ status: 'active' });
  });

  /** Security property: not even the digest of a secret leaves the store this way. */
  it('has no digest', () => {
    expect(JSON.stringify(auditJson(record({})))).not.toContain(storedKey('a').digest);
  });
});
