import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { KeyChange, KeyStore } from '../../../src/keys/ports.ts';
import {
  commitWell,
  createChange,
  insertKeys,
  revokeChange,
  rotateChange,
  updateChange,
  useOf,
} from '../../support/key-changes.ts';
import { storedKey } from '../../support/stored-key.ts';
import { contentsOf, type KeyStoreSubject, listAll } from './subject.ts';

const CONFLICT = { outcome: 'conflict' };

/** What the store answers to a change that must leave no trace. */
async function answerWithoutTrace(store: KeyStore, change: KeyChange): Promise<unknown> {
  const before = await contentsOf(store);
  const answer = await store.commit(change).catch((error: unknown) => error);
  expect(await contentsOf(store)).toEqual(before);
  return answer;
}

export function describeChanges({ store }: KeyStoreSubject): void {
  describe('creations', () => {
    it('answer that they were committed', async () => {
      expect(await store().commit(createChange(storedKey('a')))).toEqual({ outcome: 'committed' });
    });

    it('refuse an id or a digest that exists, and leave no trace', async () => {
      const key = storedKey('a');
      await insertKeys(store(), key);
      for (const twin of [storedKey('b', { id: key.id }), storedKey('b', { digest: key.digest })]) {
        const idempotency = useOf(`${twin.id} ${twin.digest}`);
        const refusal = await answerWithoutTrace(store(), createChange(twin, { idempotency }));
        expect(refusal).toBeInstanceOf(Error);
        expect(refusal instanceof Fault && refusal.reason).not.toBe('STORE_UNAVAILABLE');
        // The use of the idempotency key was not noted either.
        await commitWell(store(), createChange(storedKey(idempotency.keyHash), { idempotency }));
      }
    });

    it('of the first key alone happen only in an empty store', async () => {
      const first = createChange(storedKey('a'), { onlyIfEmpty: true });
      expect(await store().commit(first)).toEqual({ outcome: 'committed' });
      const second = createChange(storedKey('b'), { onlyIfEmpty: true, idempotency: useOf('once') });
      expect(await answerWithoutTrace(store(), second)).toEqual(CONFLICT);
      await commitWell(store(), createChange(storedKey('c'), { idempotency: useOf('once') }));
    });

    it('of the first key alone do not happen beside a revoked key', async () => {
      await insertKeys(store(), storedKey('a', { status: 'revoked', revokedAtMs: 1 }));
      const first = createChange(storedKey('b'), { onlyIfEmpty: true });
      expect(await answerWithoutTrace(store(), first)).toEqual(CONFLICT);
    });
  });

  describe('updates', () => {
    it('replace everything but the digest and when the key was last used', async () => {
      const key = storedKey('a', { policy: { maxSizeBytes: 5 }, lastUsedAtMs: 40 });
      await insertKeys(store(), key, storedKey('b'));
      const change = updateChange(key, {
        name: 'Uploads of the new shop',
        scopes: ['uploads:read'],
        status: 'disabled',
        policy: null,
        rateLimit: { plan: 'free' },
        expiresAtMs: 1_900_000_000_000,
        lastUsedAtMs: null,
      });
      await commitWell(store(), change);
      expect(await store().findById('key_a')).toEqual({ ...change.updated.key, lastUsedAtMs: 40 });
      expect(await store().findByDigest(key.digest)).toEqual({ ...change.updated.key, lastUsedAtMs: 40 });
      expect(await store().findById('key_b')).toEqual(storedKey('b'));
    });

    it('answer a conflict when the key has another version by now, and leave no trace', async () => {
      const key = storedKey('a', { version: 3 });
      await insertKeys(store(), key);
      for (const version of [2, 4]) {
        const stale = updateChange({ ...key, version }, { name: 'stale' });
        expect(await answerWithoutTrace(store(), stale)).toEqual(CONFLICT);
      }
    });

    it('answer a conflict for a key that does not exist, and make none', async () => {
      expect(await answerWithoutTrace(store(), updateChange(storedKey('a'), { name: 'b' }))).toEqual(
        CONFLICT,
      );
    });
  });

  describe('revocations', () => {
    it('keep the moment and the reason', async () => {
      const key = storedKey('a');
      await insertKeys(store(), key);
      const change = revokeChange(key, 1_800_000_005_000, 'leaked');
      await commitWell(store(), change);
      const revoked = await store().findByDigest(key.digest);
      expect(revoked).toEqual(change.updated.key);
      expect(revoked).toMatchObject({
        status: 'revoked',
        version: 2,
        revokedAtMs: 1_800_000_005_000,
        revokeReason: 'leaked',
      });
    });

    it('let the first one stand', async () => {
      const key = storedKey('a');
      await insertKeys(store(), key);
      await commitWell(store(), revokeChange(key, 1_000));
      expect(await answerWithoutTrace(store(), revokeChange(key, 2_000))).toEqual(CONFLICT);
    });
  });

  describe('rotations', () => {
    const old = storedKey('old');
    const replacement = storedKey('new', { createdAtMs: old.createdAtMs + 5 });

    it('store the replacement and change the replaced key together', async () => {
      await insertKeys(store(), old);
      const change = rotateChange(old, replacement, 1_900_000_000_000);
      await commitWell(store(), change);
      expect((await listAll(store())).keys).toEqual([change.inserted, change.updated.key]);
      expect(change).toMatchObject({
        inserted: { rotatedFrom: 'key_old', overlapEndsAtMs: 1_900_000_000_000 },
        updated: { key: { rotatedTo: 'key_new', overlapEndsAtMs: 1_900_000_000_000 } },
      });
    });

    it('store no replacement for a key that has changed meanwhile', async () => {
      await insertKeys(store(), old);
      await commitWell(store(), revokeChange(old, 1_000));
      expect(await answerWithoutTrace(store(), rotateChange(old, replacement, 5))).toEqual(CONFLICT);
    });

    it('leave the key as it was when the replacement cannot be stored', async () => {
      await insertKeys(store(), old, storedKey('taken'));
      const refusal = await answerWithoutTrace(store(), rotateChange(old, storedKey('taken'), 5));
      expect(refusal).toBeInstanceOf(Error);
    });
  });
}
