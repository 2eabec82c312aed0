import { describe, expect, it } from 'vitest';
import type { AuditEntry, AuditQuery } from '../../../src/keys/ports.ts';
import {
  auditedKey,
  commitWell,
  createChange,
  insertKeys,
  revokeChange,
  rotateChange,
  updateChange,
} from '../../support/key-changes.ts';
import { storedKey } from '../../support/stored-key.ts';
import type { KeyStoreSubject } from './subject.ts';

export function describeAudit({ store }: KeyStoreSubject): void {
  describe('the audit log', () => {
    async function entries(query: Partial<AuditQuery> = {}): Promise<AuditEntry[]> {
      const records = await store().audit({ limit: 1_000, ...query });
      return records.map(({ seq: _, ...entry }) => entry);
    }

    it('holds every change as it was told, newest first', async () => {
      const key = storedKey('a', { policy: { maxSizeBytes: 5, extensions: ['png'] } });
      const created = createChange(key);
      const updated = updateChange(key, { policy: null, rateLimit: { plan: 'free' }, status: 'disabled' });
      const rotated = rotateChange(updated.updated.key, storedKey('b'), 9_000);
      const revoked = revokeChange(rotated.updated.key, 10_000, 'leaked');
      const changes = [created, updated, rotated, revoked];
      for (const change of changes) await commitWell(store(), change);
      expect(await entries()).toStrictEqual(changes.map(({ audit }) => audit).reverse());
      const seqs = (await store().audit({ limit: 1_000 })).map(({ seq }) => seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => b - a));
    });

    it('is filtered by owner and by key, also when a key has had another owner', async () => {
      const keys = [storedKey('a'), storedKey('b'), storedKey('c', { owner: 'acme-2' })] as const;
      await insertKeys(store(), ...keys);
      await commitWell(store(), updateChange(keys[0], { owner: 'acme-2' }));
      const idsAndActions = async (query: Partial<AuditQuery>) =>
        (await entries(query)).map(({ keyId, action }) => `${action} ${keyId}`);
      expect(await idsAndActions({ owner: 'acme' })).toEqual(['create key_b', 'create key_a']);
      expect(await idsAndActions({ owner: 'acme-2' })).toEqual(['update key_a', 'create key_c']);
      expect(await idsAndActions({ keyId: 'key_a' })).toEqual(['update key_a', 'create key_a']);
      expect(await idsAndActions({ keyId: 'key_a', owner: 'acme' })).toEqual(['create key_a']);
      expect(await idsAndActions({ keyId: 'key_b', owner: 'acme-2' })).toEqual([]);
      expect(await idsAndActions({ owner: '' })).toEqual([]);
    });

    it.each([
      ['everything', {}],
      ['an owner', { owner: 'acme' }],
      ['a key of an owner', { owner: 'acme', keyId: 'key_a' }],
    ])('is read on from where a reader stopped, at most as much as it asked for: %s', async (_, query) => {
      let key = storedKey('a');
      await insertKeys(store(), key, storedKey('b', { owner: 'acme-2' }));
      for (let n = 0; n < 6; n += 1) {
        const change = updateChange(key, { name: `name ${n}` });
        await commitWell(store(), change);
        key = change.updated.key;
      }
      const all = await store().audit({ ...query, limit: 1_000 });
      const seen = [];
      let beforeSeq: number | undefined;
      for (let rest = all.length; rest > 0; rest -= 3) {
        const records = await store().audit({ ...query, beforeSeq, limit: 3 });
        expect(records).toHaveLength(Math.min(rest, 3));
        seen.push(...records);
        beforeSeq = records.at(-1)?.seq;
      }
      expect(await store().audit({ ...query, beforeSeq, limit: 3 })).toEqual([]);
      expect(seen).toEqual(all);
    });

    /** Security property: whoever reads the log learns nothing that helps to find a secret. */
    it('never holds a digest, even when it is handed one', async () => {
      const key = storedKey('a');
      const change = updateChange(key, { name: 'b' });
      await insertKeys(store(), key);
      await commitWell(store(), {
        ...change,
        audit: { ...change.audit, before: key, after: change.updated.key },
      });
      const [record] = await store().audit({ limit: 1 });
      if (record === undefined) throw new Error('there is no record');
      expect(Object.keys(record.after).sort()).toEqual(Object.keys(auditedKey(key)).sort());
      expect(record.before).toEqual(auditedKey(key));
      expect(JSON.stringify(await store().audit({ limit: 10 }))).not.toContain(key.digest);
    });

    it('keeps what others sent exactly', async () => {
      const change = createChange(storedKey('a'));
      const odd = { actor: 'key_"x', address: '::1%eth0', requestId: "'; DROP TABLE audit_log; --" };
      await commitWell(store(), { ...change, audit: { ...change.audit, ...odd } });
      expect((await entries())[0]).toMatchObject(odd);
    });
  });
}
