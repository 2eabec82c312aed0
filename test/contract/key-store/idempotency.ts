import { describe, expect, it } from 'vitest';
import type { IdempotentUse, KeyStore } from '../../../src/keys/ports.ts';
import { createChange, rotateChange, useOf } from '../../support/key-changes.ts';
import { digestOf, storedKey } from '../../support/stored-key.ts';
import { contentsOf, type KeyStoreSubject, listAll } from './subject.ts';

const REPEATED = { outcome: 'repeated', keyId: 'key_a', fingerprint: useOf('').fingerprint };
const COMMITTED = { outcome: 'committed' };

/** Creates the key that derives from `label`, at the moment that is given. */
function create(store: KeyStore, label: string, idempotency: IdempotentUse, createdAtMs = 1_000) {
  return store.commit(createChange(storedKey(label, { createdAtMs }), { idempotency }));
}

export function describeIdempotency({ store }: KeyStoreSubject): void {
  describe('an idempotency key', () => {
    it('makes one key: a repetition is told which, and changes nothing', async () => {
      expect(await create(store(), 'a', useOf('x'))).toEqual(COMMITTED);
      const before = await contentsOf(store());
      expect(await create(store(), 'b', useOf('x'))).toEqual(REPEATED);
      expect(await create(store(), 'b', useOf('x', { fingerprint: digestOf('other') }))).toEqual(REPEATED);
      expect(await contentsOf(store())).toEqual(before);
      expect(await create(store(), 'b', useOf('y'))).toEqual(COMMITTED);
    });

    it('is told as repeated before anything else is judged', async () => {
      await create(store(), 'a', useOf('x'));
      const key = storedKey('a', { version: 9 });
      const idempotency = useOf('x');
      const ofTheFirst = createChange(storedKey('b'), { idempotency, onlyIfEmpty: true });
      expect(await store().commit(ofTheFirst)).toEqual(REPEATED);
      const stale = { ...rotateChange(key, storedKey('b'), 5), idempotency };
      expect(await store().commit(stale)).toEqual(REPEATED);
      expect(await create(store(), 'a', idempotency)).toEqual(REPEATED);
    });

    it("is each owner's own", async () => {
      await create(store(), 'a', useOf('x'));
      expect(await create(store(), 'b', useOf('x', { owner: 'acme-2' }))).toEqual(COMMITTED);
      expect((await listAll(store())).total).toBe(2);
    });

    it('counts again once its use is from before the moment that uses are valid since', async () => {
      await create(store(), 'a', useOf('x'), 1_000);
      expect(await create(store(), 'b', useOf('x', { validSinceMs: 1_000 }))).toEqual(REPEATED);
      expect(await create(store(), 'b', useOf('x', { validSinceMs: 1_001 }), 2_000)).toEqual(COMMITTED);
      expect(await create(store(), 'c', useOf('x', { validSinceMs: 1_001 }))).toEqual({
        ...REPEATED,
        keyId: 'key_b',
      });
    });

    it('is not forgotten because another owner forgets', async () => {
      await create(store(), 'a', useOf('x'), 1_000);
      await create(store(), 'b', useOf('y', { owner: 'acme-2', validSinceMs: 5_000 }), 6_000);
      expect(await create(store(), 'c', useOf('x'))).toEqual(REPEATED);
    });
  });
}
