import { describe, expect, it } from 'vitest';
import { insertKeys } from '../../support/key-changes.ts';
import { storedKey } from '../../support/stored-key.ts';
import { type KeyStoreSubject, listAll } from './subject.ts';

export function describeLife({ store, open }: KeyStoreSubject): void {
  describe('life', () => {
    it('answers a ping while open, and closes twice without harm', async () => {
      await expect(store().ping()).resolves.toBeUndefined();
      await store().close();
      await expect(store().close()).resolves.toBeUndefined();
    });

    it('finishes the writes that were under way when it is closed', async () => {
      const other = await open();
      const writes = ['a', 'b', 'c'].map((label) => insertKeys(store(), storedKey(label)));
      await store().close();
      await expect(Promise.all(writes)).resolves.toHaveLength(3);
      expect((await listAll(other)).total).toBe(3);
    });

    it('keeps everything for a store that is opened later', async () => {
      const key = storedKey('a', { policy: { maxSizeBytes: 9 } });
      await insertKeys(store(), key);
      await store().takeBytes('key_a', 5, [{ period: '2026-11', limitBytes: 9 }]);
      await store().close();
      const later = await open();
      expect(await later.findByDigest(key.digest)).toEqual(key);
      expect(await later.takeBytes('key_a', 5, [{ period: '2026-11', limitBytes: 9 }])).toEqual({
        granted: false,
        usedBytes: [5],
      });
    });
  });
}
