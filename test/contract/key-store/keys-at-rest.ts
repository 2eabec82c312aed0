import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createChange, insertKeys, revokeKey } from '../../support/key-changes.ts';
import { digestOf, storedKey } from '../../support/stored-key.ts';
import { type KeyStoreSubject, listAll } from './subject.ts';

const EVERYTHING = storedKey('a', {
  environment: 'test',
  scopes: ['keys:write', 'uploads:create'],
  status: 'disabled',
  version: 7,
  expiresAtMs: 1_900_000_000_000,
  revokedAtMs: 1_800_000_000_001,
  revokeReason: 'seen in a public repository',
  lastUsedAtMs: 1_800_000_000_002,
  rotatedFrom: 'key_before',
  rotatedTo: 'key_after',
  overlapEndsAtMs: 8.64e15,
  policy: {
    contentTypes: ['image/*', 'application/pdf'],
    extensions: ['png', 'pdf'],
    maxSizeBytes: Number.MAX_SAFE_INTEGER,
    maxTtlSeconds: 60,
    objectKeyPrefix: 'customers/Ærø/',
    destinations: ['archive'],
    allowOverwrite: false,
  },
  rateLimit: { requests: 10, windowSeconds: 60, bytesPerDay: 0, bytesPerMonth: 1e12 },
});

export function describeKeysAtRest({ store, open }: KeyStoreSubject): void {
  describe('keys at rest', () => {
    it.each([
      ['without anything that may be left out', storedKey('a')],
      ['with everything that there is', EVERYTHING],
      ['with a plan', storedKey('a', { rateLimit: { plan: 'pro' } })],
      ['with a policy without rules', storedKey('a', { policy: {}, rateLimit: {} })],
    ])('are found by digest and by id as they were stored: %s', async (_, key) => {
      await insertKeys(store(), key);
      expect(await store().findByDigest(key.digest)).toStrictEqual(key);
      expect(await store().findById(key.id)).toStrictEqual(key);
      expect(await listAll(store())).toStrictEqual({ keys: [key], total: 1 });
    });

    it('answer undefined for a digest or an id that nobody has', async () => {
      await insertKeys(store(), storedKey('a'));
      expect(await store().findByDigest(digestOf('b'))).toBeUndefined();
      expect(await store().findById('key_b')).toBeUndefined();
      expect(await store().findById('KEY_A')).toBeUndefined();
      expect(await store().findById("key_a' OR '1'='1")).toBeUndefined();
    });

    it('keep every name, owner and reason exactly, whatever its Unicode', async () => {
      // Without U+0000, which no name may hold and Postgres cannot keep.
      const anyText = fc.string({ unit: 'binary', maxLength: 40 }).map((text) => text.replaceAll('\0', ''));
      let count = 0;
      await fc.assert(
        fc.asyncProperty(anyText, anyText, anyText, async (name, owner, revokeReason) => {
          count += 1;
          const key = storedKey(`unicode-${count}`, { name, owner, revokeReason });
          await insertKeys(store(), key);
          expect(await store().findById(key.id)).toEqual(key);
          expect((await listAll(store(), { owner })).keys).toContainEqual(key);
          expect((await store().audit({ limit: 1 }))[0]?.after).toMatchObject({ name, owner });
        }),
        { numRuns: 50, examples: [['Ключ 🔑 für Ærø \u202e', "'; DROP TABLE api_keys; --", '$1 ?1 :id']] },
      );
    });

    it('are refused or kept exactly, never cut short, when a text holds U+0000', async () => {
      const key = storedKey('a', { name: 'before\0after' });
      const kept = await store()
        .commit(createChange(key))
        .catch(() => undefined);
      expect((await listAll(store())).keys).toEqual(kept === undefined ? [] : [key]);
    });

    it('are seen by another store at once', async () => {
      const other = await open();
      const key = storedKey('a');
      await insertKeys(store(), key);
      expect(await other.findByDigest(key.digest)).toEqual(key);
      const revoked = await revokeKey(other, key);
      expect(await store().findByDigest(key.digest)).toEqual(revoked);
    });
  });
}
