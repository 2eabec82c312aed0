import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { Fault } from '../../src/fault/fault.ts';
import type { KeyStore } from '../../src/keys/ports.ts';
import { digestOf, storedKey } from '../support/stored-key.ts';

/** One empty place to keep keys in. Every store that is opened on it sees the same keys. */
export interface KeyStorePlace {
  open(): Promise<KeyStore>;
  remove(): Promise<void>;
}

const ALL = { offset: 0, limit: 100 };

/** What holds for every KeyStore. */
export function describeKeyStore(name: string, makePlace: () => Promise<KeyStorePlace>): void {
  describe(`key store: ${name}`, () => {
    let place: KeyStorePlace;
    let store: KeyStore;
    const opened: KeyStore[] = [];

    async function open(): Promise<KeyStore> {
      const store = await place.open();
      opened.push(store);
      return store;
    }
    beforeEach(async () => {
      place = await makePlace();
      store = await open();
    });
    afterEach(async () => {
      await Promise.all(opened.splice(0).map((store) => store.close()));
      await place.remove();
    });

    describe('keys', () => {
      it('finds a key by its digest and by its id, as it was stored', async () => {
        const key = storedKey('a', {
          scopes: ['keys:write', 'uploads:create'],
          expiresAtMs: 1_900_000_000_000,
        });
        await store.insert(key);
        expect(await store.findByDigest(key.digest)).toEqual(key);
        expect(await store.findById(key.id)).toEqual(key);
      });

      it('answers undefined for a digest or an id that nobody has', async () => {
        await store.insert(storedKey('a'));
        expect(await store.findByDigest(digestOf('b'))).toBeUndefined();
        expect(await store.findById('key_b')).toBeUndefined();
        expect(await store.findById("key_a' OR '1'='1")).toBeUndefined();
      });

      it('keeps every name and owner exactly, whatever its Unicode', async () => {
        const anyText = fc.string({ unit: 'binary', maxLength: 40 });
        let count = 0;
        await fc.assert(
          fc.asyncProperty(anyText, anyText, async (name, owner) => {
            count += 1;
            const key = storedKey(`unicode-${count}`, { name, owner });
            await store.insert(key);
            expect(await store.findById(key.id)).toEqual(key);
          }),
          { numRuns: 50, examples: [['Ключ 🔑 für Ærø\u0000 \u202e', "'; DROP TABLE api_keys; --"]] },
        );
      });

      it('refuses a second key with the same id or the same digest, and changes nothing', async () => {
        const key = storedKey('a');
        await store.insert(key);
        for (const twin of [storedKey('b', { id: key.id }), storedKey('b', { digest: key.digest })]) {
          const refusal = await store.insert(twin).catch((error: unknown) => error);
          expect(refusal).toBeInstanceOf(Error);
          expect(refusal instanceof Fault && refusal.reason).not.toBe('STORE_UNAVAILABLE');
        }
        expect(await store.list(ALL)).toEqual({ keys: [key], total: 1 });
        expect(await store.events(0, 100)).toHaveLength(1);
      });

      it('shows what one store wrote to another at once', async () => {
        const other = await open();
        const key = storedKey('a');
        await store.insert(key);
        expect(await other.findByDigest(key.digest)).toEqual(key);
        await other.revoke(key.id, 7);
        expect(await store.findByDigest(key.digest)).toMatchObject({ status: 'revoked', version: 2 });
      });
    });

    describe('revocation', () => {
      it('answers the revoked key with a higher version, and so do later reads', async () => {
        const key = storedKey('a');
        await store.insert(key);
        const revoked = { ...key, status: 'revoked', version: 2, revokedAtMs: 1_800_000_005_000 };
        expect(await store.revoke(key.id, 1_800_000_005_000)).toEqual(revoked);
        expect(await store.findByDigest(key.digest)).toEqual(revoked);
      });

      it('lets the first revocation stand', async () => {
        await store.insert(storedKey('a'));
        const first = await store.revoke('key_a', 1_000);
        expect(await store.revoke('key_a', 2_000)).toEqual(first);
        expect(await store.events(0, 100)).toHaveLength(2);
      });

      it('happens once when two stores revoke at the same moment', async () => {
        const other = await open();
        await store.insert(storedKey('a'));
        const answers = await Promise.all([store.revoke('key_a', 1_000), other.revoke('key_a', 2_000)]);
        expect(answers[0]).toEqual(answers[1]);
        expect(answers[0]?.version).toBe(2);
        expect(await store.events(0, 100)).toHaveLength(2);
      });

      it('also ends a disabled key', async () => {
        await store.insert(storedKey('a', { status: 'disabled', version: 4 }));
        expect(await store.revoke('key_a', 1_000)).toMatchObject({ status: 'revoked', version: 5 });
      });

      it('answers undefined for a key that does not exist, and leaves the others alone', async () => {
        const key = storedKey('a');
        await store.insert(key);
        expect(await store.revoke('key_b', 1_000)).toBeUndefined();
        expect(await store.findById('key_a')).toEqual(key);
        expect(await store.events(0, 100)).toHaveLength(1);
      });
    });

    describe('lists', () => {
      it('are newest first, and among keys of one moment by id', async () => {
        const ages = [
          ['b', 2],
          ['a', 2],
          ['old', 1],
          ['new', 3],
          ['c', 2],
        ] as const;
        for (const [label, createdAtMs] of ages) await store.insert(storedKey(label, { createdAtMs }));
        const { keys } = await store.list(ALL);
        expect(keys.map((key) => key.id)).toEqual(['key_new', 'key_c', 'key_b', 'key_a', 'key_old']);
      });

      it('come in pages that neither repeat nor lose a key, each with the total', async () => {
        for (let n = 0; n < 7; n += 1) await store.insert(storedKey(String(n), { createdAtMs: n >> 1 }));
        const pages = await Promise.all([0, 3, 6, 9].map((offset) => store.list({ offset, limit: 3 })));
        expect(pages.map((page) => page.keys.length)).toEqual([3, 3, 1, 0]);
        expect(pages.map((page) => page.total)).toEqual([7, 7, 7, 7]);
        expect(pages.flatMap((page) => page.keys)).toEqual((await store.list(ALL)).keys);
        expect(await store.list({ offset: 0, limit: 0 })).toEqual({ keys: [], total: 7 });
      });

      it('hold only the keys of an owner when one is named', async () => {
        await store.insert(storedKey('a', { owner: 'acme' }));
        await store.insert(storedKey('b', { owner: 'acme-2' }));
        await store.insert(storedKey('c', { owner: 'acme', createdAtMs: 1 }));
        const { keys, total } = await store.list({ ...ALL, owner: 'acme' });
        expect(keys.map((key) => key.id)).toEqual(['key_a', 'key_c']);
        expect(total).toBe(2);
        expect(await store.list({ ...ALL, owner: 'nobody' })).toEqual({ keys: [], total: 0 });
      });

      it('show revoked keys too', async () => {
        await store.insert(storedKey('a'));
        await store.revoke('key_a', 1_000);
        expect((await store.list(ALL)).keys[0]?.status).toBe('revoked');
      });
    });

    describe('events', () => {
      it('tell each change once, in order, with the version it led to', async () => {
        await store.insert(storedKey('a', { createdAtMs: 10 }));
        await store.insert(storedKey('b', { createdAtMs: 20 }));
        await store.revoke('key_a', 30);
        const events = await store.events(0, 100);
        expect(events.map(({ seq: _, ...event }) => event)).toEqual([
          { digest: digestOf('a'), version: 1, kind: 'created', atMs: 10 },
          { digest: digestOf('b'), version: 1, kind: 'created', atMs: 20 },
          { digest: digestOf('a'), version: 2, kind: 'revoked', atMs: 30 },
        ]);
        const seqs = events.map((event) => event.seq);
        expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
      });

      it('are read on from where a reader stopped, at most as many as it asked for', async () => {
        for (const label of ['a', 'b', 'c', 'd', 'e']) await store.insert(storedKey(label));
        const seen: string[] = [];
        let after = 0;
        for (;;) {
          const events = await store.events(after, 2);
          expect(events.length).toBeLessThanOrEqual(2);
          if (events.length === 0) break;
          seen.push(...events.map((event) => event.digest));
          after = events.at(-1)?.seq ?? after;
        }
        expect(seen).toEqual(['a', 'b', 'c', 'd', 'e'].map(digestOf));
      });
    });

    describe('secrets', () => {
      it('keep the first value', async () => {
        const first = Buffer.from([0, 255, 1, 2]);
        expect(await store.secretOnce('pepper', first)).toEqual(first);
        expect(await store.secretOnce('pepper', Buffer.from('later'))).toEqual(first);
        expect(await store.secretOnce('other', Buffer.from('other'))).toEqual(Buffer.from('other'));
      });

      it('are the same for all who ask at once', async () => {
        const stores = [store, await open(), await open()];
        const answers = await Promise.all(
          stores.flatMap((store, n) => [
            store.secretOnce('pepper', Buffer.from(`candidate ${n}`)),
            store.secretOnce('pepper', Buffer.from(`second candidate ${n}`)),
          ]),
        );
        expect(new Set(answers.map(String)).size).toBe(1);
        expect(String(answers[0])).toContain('candidate');
      });
    });

    describe('life', () => {
      it('answers a ping while open, and closes twice without harm', async () => {
        await expect(store.ping()).resolves.toBeUndefined();
        await store.close();
        await expect(store.close()).resolves.toBeUndefined();
      });

      it('finishes the writes that were under way when it is closed', async () => {
        const other = await open();
        const writes = ['a', 'b', 'c'].map((label) => store.insert(storedKey(label)));
        await store.close();
        await expect(Promise.all(writes)).resolves.toHaveLength(3);
        expect((await other.list(ALL)).total).toBe(3);
      });
    });
  });
}
