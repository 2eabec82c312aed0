import { describe, expect, it } from 'vitest';
import { commitWell, insertKeys, updateChange } from '../../support/key-changes.ts';
import { storedKey } from '../../support/stored-key.ts';
import { contentsOf, type KeyStoreSubject } from './subject.ts';

export function describeTouch({ store, open }: KeyStoreSubject): void {
  describe('the last use', () => {
    const lastUses = async () =>
      Promise.all(['key_a', 'key_b'].map(async (id) => (await store().findById(id))?.lastUsedAtMs));

    it('is noted for many keys at once, and an earlier one never replaces a later one', async () => {
      await insertKeys(store(), storedKey('a'), storedKey('b'));
      await store().touch([
        { id: 'key_a', atMs: 5_000 },
        { id: 'key_b', atMs: 7_000 },
      ]);
      expect(await lastUses()).toEqual([5_000, 7_000]);
      await store().touch([
        { id: 'key_a', atMs: 6_000 },
        { id: 'key_b', atMs: 6_000 },
      ]);
      expect(await lastUses()).toEqual([6_000, 7_000]);
    });

    it('is the latest of several of one key, whichever comes first', async () => {
      await insertKeys(store(), storedKey('a'), storedKey('b'));
      await store().touch([1, 3, 2].map((atMs) => ({ id: 'key_a', atMs })));
      await store().touch([3, 1].map((atMs) => ({ id: 'key_b', atMs })));
      expect(await lastUses()).toEqual([3, 3]);
    });

    it('is the latest that any of several stores noted at once', async () => {
      const stores = [store(), await open(), await open()];
      await insertKeys(store(), storedKey('a'), storedKey('b'));
      const uses = Array.from({ length: 12 }, (_, n) => ((n * 7) % 12) + 1);
      await Promise.all(
        uses.map((atMs, n) =>
          stores[n % 3]?.touch([
            // In either order, which must not lock each other out.
            { id: n % 2 ? 'key_a' : 'key_b', atMs },
            { id: n % 2 ? 'key_b' : 'key_a', atMs },
          ]),
        ),
      );
      expect(await lastUses()).toEqual([12, 12]);
    });

    it('changes neither version, event nor audit log, and makes no key', async () => {
      const key = storedKey('a');
      await insertKeys(store(), key);
      const { events, audit } = await contentsOf(store());
      await store().touch([
        { id: 'key_nobody', atMs: 1 },
        { id: 'key_a', atMs: 5_000 },
      ]);
      await store().touch([]);
      expect(await contentsOf(store())).toEqual({
        keys: { keys: [{ ...key, lastUsedAtMs: 5_000 }], total: 1 },
        events,
        audit,
      });
    });

    it('stays when a change is made of the key as it was before', async () => {
      const key = storedKey('a');
      await insertKeys(store(), key);
      await store().touch([{ id: 'key_a', atMs: 5_000 }]);
      await commitWell(store(), updateChange(key, { name: 'b' }));
      expect(await store().findById('key_a')).toMatchObject({ name: 'b', lastUsedAtMs: 5_000 });
    });
  });
}
