import { describe, expect, it } from 'vitest';
import type { CommitOutcome, KeyChange } from '../../../src/keys/ports.ts';
import {
  createChange,
  insertKeys,
  revokeChange,
  rotateChange,
  updateChange,
  useOf,
} from '../../support/key-changes.ts';
import { storedKey } from '../../support/stored-key.ts';
import { contentsOf, type FullKeyStore, type KeyStoreSubject, listAll } from './subject.ts';

const ROUNDS = 10;

/** How often each outcome was answered. */
function tally(answers: readonly CommitOutcome[]): Readonly<Record<string, number>> {
  const counts: Record<string, number> = {};
  for (const { outcome } of answers) counts[outcome] = (counts[outcome] ?? 0) + 1;
  return counts;
}

/** Makes each change in a store of its own, all at the same moment. */
function commitAtOnce(stores: readonly FullKeyStore[], changes: readonly KeyChange[]) {
  return Promise.all(changes.map((change, n) => (stores[n % stores.length] as FullKeyStore).commit(change)));
}

export function describeRaces({ store, open }: KeyStoreSubject): void {
  describe('stores that change the same thing at the same moment', () => {
    it('revoke a key once', async () => {
      const stores = [store(), await open()];
      for (let round = 0; round < ROUNDS; round += 1) {
        const key = storedKey(`round-${round}`);
        await insertKeys(store(), key);
        const answers = await commitAtOnce(stores, [revokeChange(key, 1_000), revokeChange(key, 2_000)]);
        expect(tally(answers)).toEqual({ committed: 1, conflict: 1 });
        const winner = answers[0]?.outcome === 'committed' ? 1_000 : 2_000;
        expect(await store().findById(key.id)).toMatchObject({ version: 2, revokedAtMs: winner });
      }
      const { events, audit } = await contentsOf(store());
      expect(events.filter(({ kind }) => kind === 'revoked')).toHaveLength(ROUNDS);
      expect(audit.filter(({ action }) => action === 'revoke')).toHaveLength(ROUNDS);
    });

    it('let one of many different changes of one version through', async () => {
      const stores = [store(), await open(), await open()];
      const key = storedKey('a');
      await insertKeys(store(), key);
      const answers = await commitAtOnce(stores, [
        revokeChange(key, 1_000),
        updateChange(key, { name: 'x' }),
        rotateChange(key, storedKey('b'), 9),
        rotateChange(key, storedKey('c'), 9),
        updateChange(key, { status: 'disabled' }),
        revokeChange(key, 2_000),
      ]);
      expect(tally(answers)).toEqual({ committed: 1, conflict: 5 });
      expect(await store().findById('key_a')).toMatchObject({ version: 2 });
      expect(await store().audit({ limit: 10 })).toHaveLength(2);
    });

    it('make one key for one idempotency key', async () => {
      const stores = [store(), await open()];
      for (let round = 0; round < ROUNDS; round += 1) {
        const idempotency = useOf(`round-${round}`);
        const keys = [1, 2, 3, 4].map((n) => storedKey(`round-${round}-${n}`));
        const answers = await commitAtOnce(
          stores,
          keys.map((key) => createChange(key, { idempotency })),
        );
        expect(tally(answers)).toEqual({ committed: 1, repeated: 3 });
        const made = keys[answers.findIndex(({ outcome }) => outcome === 'committed')];
        for (const answer of answers) {
          if (answer.outcome !== 'repeated') continue;
          expect(answer).toEqual({
            outcome: 'repeated',
            keyId: made?.id,
            fingerprint: idempotency.fingerprint,
          });
        }
      }
      expect((await listAll(store())).total).toBe(ROUNDS);
    });

    it('make one first key', async () => {
      const stores = [store(), await open(), await open()];
      const changes = [1, 2, 3, 4, 5, 6].map((n) =>
        createChange(storedKey(`first-${n}`), { onlyIfEmpty: true }),
      );
      expect(tally(await commitAtOnce(stores, changes))).toEqual({ committed: 1, conflict: 5 });
      expect((await listAll(store())).total).toBe(1);
      expect(await store().audit({ limit: 10 })).toHaveLength(1);
    });
  });
}
