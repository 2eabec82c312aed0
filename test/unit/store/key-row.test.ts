import { describe, expect, it } from 'vitest';
import {
  apiKeyFromRow,
  auditedKeyFromRow,
  keyEventFromRow,
  rowFromApiKey,
} from '../../../src/store/key-row.ts';
import { storedKey } from '../../support/stored-key.ts';

const ROW = rowFromApiKey(storedKey('a', { scopes: ['keys:write', 'uploads:create'] }));

describe('apiKeyFromRow', () => {
  it('leaves out a scope that only a newer program knows', () => {
    const scopes = '["uploads:create","uploads:everything","keys:write"]';
    expect(apiKeyFromRow({ ...ROW, scopes }).scopes).toEqual(['uploads:create', 'keys:write']);
  });

  it('takes the digits of a large integer, which is how Postgres hands them out', () => {
    const row = { ...ROW, version: '3', created_at_ms: '1800000000000', expires_at_ms: '-1' };
    expect(apiKeyFromRow(row)).toMatchObject({
      version: 3,
      createdAtMs: 1_800_000_000_000,
      expiresAtMs: -1,
    });
  });

  /** Security property: damage to the database must not become a permission. */
  it.each([
    ['status', 'unlocked'],
    ['environment', 'stage'],
    ['scopes', '{"uploads:create":true}'],
    ['scopes', 'uploads:create'],
    ['version', '1.5'],
    ['version', 1.5],
    ['version', ''],
    ['version', '99999999999999999'],
    ['expires_at_ms', 'never'],
    ['expires_at_ms', undefined],
    ['owner', null],
    ['revoke_reason', 5],
    ['last_used_at_ms', '1e3'],
  ])('refuses a row whose %s is %j', (column, value) => {
    expect(() => apiKeyFromRow({ ...ROW, [column]: value })).toThrow(`the column ${column}`);
  });
});

/** Security property: a restriction that cannot be understood must never be read as none. */
describe('a policy', () => {
  it.each([
    '{"contentTypes":["image/*"],"extensions":["png"],"maxSizeBytes":0,"maxTtlSeconds":60}',
    '{"objectKeyPrefix":"a/","destinations":["archive"],"allowOverwrite":false}',
    '{}',
  ])('is read as it was written: %s', (policy) => {
    expect(apiKeyFromRow({ ...ROW, policy }).policy).toEqual(JSON.parse(policy));
    expect(auditedKeyFromRow({ ...ROW, policy: JSON.parse(policy) }).policy).toEqual(JSON.parse(policy));
  });

  it.each([
    ['a rule of a newer presignd', '{"maxSizeBytes":5,"maxFilesPerDay":1}'],
    ['a name that every object has', '{"constructor":[]}'],
    ['a name that is special to JavaScript', '{"__proto__":{"allowOverwrite":false}}'],
    ['another spelling', '{"max_size_bytes":5}'],
    ['no object', '[]'],
    ['the JSON null', 'null'],
    ['text', '"none"'],
    ['nothing at all', ''],
    ['a truncated text', '{"maxSizeBytes":5'],
    ['a missing column', undefined],
    ['a rule that is null', '{"maxSizeBytes":null}'],
    ['a size as text', '{"maxSizeBytes":"5"}'],
    ['a negative size', '{"maxSizeBytes":-1}'],
    ['a size that was rounded', '{"maxSizeBytes":9007199254740993}'],
    ['an endless size', '{"maxSizeBytes":1e999}'],
    ['a list that is none', '{"contentTypes":"image/png"}'],
    ['an empty list', '{"extensions":[]}'],
    ['a list of anything', '{"destinations":["a",1]}'],
    ['an empty prefix', '{"objectKeyPrefix":""}'],
    ['a flag as a number', '{"allowOverwrite":0}'],
  ])('refuses the row over %s', (_, policy) => {
    expect(() => apiKeyFromRow({ ...ROW, policy })).toThrow('the column policy holds an unexpected value');
  });
});

/** Security property: as for policies. */
describe('a rate limit', () => {
  it.each(['{"plan":"pro","bytesPerDay":0}', '{"requests":1,"windowSeconds":60,"bytesPerMonth":1}', '{}'])(
    'is read as it was written: %s',
    (rate_limit) => {
      expect(apiKeyFromRow({ ...ROW, rate_limit }).rateLimit).toEqual(JSON.parse(rate_limit));
    },
  );

  it.each([
    ['a limit of a newer presignd', '{"requestsPerDay":5}'],
    ['half a rate', '{"requests":5}'],
    ['the other half', '{"windowSeconds":5}'],
    ['a plan beside a rate', '{"plan":"pro","requests":5,"windowSeconds":5}'],
    ['the JSON null', 'null'],
    ['an amount as text', '{"bytesPerDay":"5"}'],
  ])('refuses the row over %s', (_, rate_limit) => {
    expect(() => apiKeyFromRow({ ...ROW, rate_limit })).toThrow('the column rate_limit');
  });
});

describe('keyEventFromRow', () => {
  it('refuses a kind that it does not know', () => {
    const row = { seq: 1, digest: 'd', version: 1, at_ms: 1 };
    expect(keyEventFromRow({ ...row, kind: 'revoked' }).kind).toBe('revoked');
    expect(keyEventFromRow({ ...row, kind: 'updated' }).kind).toBe('updated');
    expect(() => keyEventFromRow({ ...row, kind: 'renamed' })).toThrow('kind');
  });
});
