import { describe, expect, it } from 'vitest';
import { SHOWN_STATUSES } from '../../../src/keys/api-key.ts';
import { insertKeys, revokeKey } from '../../support/key-changes.ts';
import { storedKey } from '../../support/stored-key.ts';
import { type KeyStoreSubject, listAll } from './subject.ts';

const idsOf = ({ keys }: { readonly keys: readonly { readonly id: string }[] }) => keys.map(({ id }) => id);

export function describeLists({ store }: KeyStoreSubject): void {
  describe('lists', () => {
    it('are newest first, and among keys of one moment by id', async () => {
      const ages = [
        ['b', 2],
        ['a', 2],
        ['old', 1],
        ['B', 2],
        ['new', 3],
        ['a1', 2],
        ['A', 2],
        ['c', 2],
      ] as const;
      await insertKeys(store(), ...ages.map(([label, createdAtMs]) => storedKey(label, { createdAtMs })));
      // By the bytes of the id, so that the order is the same in every place of the world.
      const labels = ['new', 'c', 'b', 'a1', 'a', 'B', 'A', 'old'];
      expect(idsOf(await listAll(store()))).toEqual(labels.map((label) => `key_${label}`));
    });

    it.each([
      ['everything', {}, 7],
      ['one owner', { owner: 'acme' }, 7],
      ['one status', { status: 'active' as const }, 7],
      ['one owner and status', { owner: 'acme', status: 'active' as const }, 7],
    ])(
      'come in pages that neither repeat nor lose a key, each with the total: %s',
      async (_, query, total) => {
        for (let n = 0; n < 7; n += 1) {
          await insertKeys(store(), storedKey(String(n), { createdAtMs: n >> 1 }));
        }
        const pages = await Promise.all(
          [0, 3, 6, 7, 9].map((offset) => listAll(store(), { ...query, offset, limit: 3 })),
        );
        expect(pages.map(({ keys }) => keys.length)).toEqual([3, 3, 1, 0, 0]);
        expect(pages.map((page) => page.total)).toEqual(pages.map(() => total));
        expect(pages.flatMap(idsOf)).toEqual(idsOf(await listAll(store(), query)));
        expect(await listAll(store(), { ...query, limit: 0 })).toEqual({ keys: [], total });
      },
    );

    it('hold only the keys of an owner when one is named', async () => {
      await insertKeys(
        store(),
        storedKey('a', { owner: 'acme' }),
        storedKey('b', { owner: 'acme-2' }),
        storedKey('c', { owner: 'acme', createdAtMs: 1 }),
        storedKey('d', { owner: 'ACME' }),
      );
      const page = await listAll(store(), { owner: 'acme' });
      expect(idsOf(page)).toEqual(['key_a', 'key_c']);
      expect(page.total).toBe(2);
      for (const owner of ['nobody', '', '%', 'acm_']) {
        expect(await listAll(store(), { owner })).toEqual({ keys: [], total: 0 });
      }
    });

    it('hold only the keys of a status when one is named, and every key has one', async () => {
      await insertKeys(
        store(),
        storedKey('active'),
        storedKey('active-for-now', { expiresAtMs: 1_001 }),
        storedKey('expired', { expiresAtMs: 999 }),
        storedKey('expired-now', { expiresAtMs: 1_000 }),
        storedKey('disabled', { status: 'disabled' }),
        storedKey('disabled-too', { status: 'disabled', expiresAtMs: 1 }),
        storedKey('revoked', { status: 'revoked', expiresAtMs: 1 }),
        storedKey('active-elsewhere', { owner: 'acme-2' }),
        storedKey('expired-elsewhere', { owner: 'acme-2', expiresAtMs: 1 }),
      );
      const labels = {
        active: ['active-for-now', 'active-elsewhere', 'active'],
        disabled: ['disabled-too', 'disabled'],
        expired: ['expired-now', 'expired-elsewhere', 'expired'],
        revoked: ['revoked'],
      };
      for (const status of SHOWN_STATUSES) {
        const page = await listAll(store(), { status, nowMs: 1_000 });
        expect(idsOf(page)).toEqual(labels[status].map((label) => `key_${label}`));
        expect(page.total).toBe(labels[status].length);
        const own = await listAll(store(), { status, nowMs: 1_000, owner: 'acme-2' });
        const ownLabels = labels[status].filter((label) => label.endsWith('elsewhere'));
        expect(idsOf(own)).toEqual(ownLabels.map((label) => `key_${label}`));
        expect(own.total).toBe(ownLabels.length);
      }
    });

    it('show a key under its new status at once', async () => {
      const key = storedKey('a');
      await insertKeys(store(), key);
      const revoked = await revokeKey(store(), key);
      expect(await listAll(store())).toEqual({ keys: [revoked], total: 1 });
      expect(await listAll(store(), { status: 'revoked' })).toEqual({ keys: [revoked], total: 1 });
      expect(await listAll(store(), { status: 'active' })).toEqual({ keys: [], total: 0 });
    });
  });
}
