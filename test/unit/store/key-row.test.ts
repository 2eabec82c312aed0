import { describe, expect, it } from 'vitest';
import { apiKeyFromRow, keyEventFromRow, rowFromApiKey } from '../../../src/store/key-row.ts';
import { storedKey } from '../../support/stored-key.ts';

const ROW = rowFromApiKey(storedKey('a', { scopes: ['keys:write', 'uploads:create'] }));

describe('apiKeyFromRow', () => {
  it('leaves out a scope that only a newer program knows', () => {
    const scopes = '["uploads:create","uploads:everything","keys:write"]';
    expect(apiKeyFromRow({ ...ROW, scopes }).scopes).toEqual(['uploads:create', 'keys:write']);
  });

  /** Security property: damage to the file must not become a permission. */
  it.each([
    ['status', 'unlocked'],
    ['environment', 'stage'],
    ['scopes', '{"uploads:create":true}'],
    ['scopes', 'uploads:create'],
    ['version', '1'],
    ['expires_at_ms', 'never'],
    ['owner', null],
  ])('refuses a row whose %s is %j', (column, value) => {
    expect(() => apiKeyFromRow({ ...ROW, [column]: value })).toThrow();
  });
});

describe('keyEventFromRow', () => {
  it('refuses a kind that it does not know', () => {
    const row = { seq: 1, digest: 'd', version: 1, at_ms: 1 };
    expect(keyEventFromRow({ ...row, kind: 'revoked' }).kind).toBe('revoked');
    expect(() => keyEventFromRow({ ...row, kind: 'renamed' })).toThrow('kind');
  });
});
