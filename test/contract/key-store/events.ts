import { describe, expect, it } from 'vitest';
import {
  commitWell,
  createChange,
  insertKeys,
  revokeChange,
  rotateChange,
  updateChange,
} from '../../support/key-changes.ts';
import { digestOf, storedKey } from '../../support/stored-key.ts';
import type { KeyStoreSubject } from './subject.ts';

export function describeEvents({ store }: KeyStoreSubject): void {
  describe('events', () => {
    it('tell each change once, in order, with the version it led to', async () => {
      const a = storedKey('a', { createdAtMs: 10 });
      const disabled = updateChange(a, { status: 'disabled' }, 30);
      const enabled = updateChange(disabled.updated.key, { status: 'active' }, 40);
      await commitWell(store(), createChange(a));
      await commitWell(store(), createChange(storedKey('b', { createdAtMs: 20 })));
      await commitWell(store(), disabled);
      await commitWell(store(), enabled);
      await commitWell(store(), revokeChange(enabled.updated.key, 50));
      const events = await store().events(0, 100);
      expect(events.map(({ seq: _, ...event }) => event)).toEqual([
        { digest: digestOf('a'), version: 1, kind: 'created', atMs: 10 },
        { digest: digestOf('b'), version: 1, kind: 'created', atMs: 20 },
        { digest: digestOf('a'), version: 2, kind: 'updated', atMs: 30 },
        { digest: digestOf('a'), version: 3, kind: 'updated', atMs: 40 },
        { digest: digestOf('a'), version: 4, kind: 'revoked', atMs: 50 },
      ]);
      const seqs = events.map((event) => event.seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((x, y) => x - y));
    });

    it('tell both keys of a rotation', async () => {
      const old = storedKey('old');
      await insertKeys(store(), old);
      await commitWell(store(), rotateChange(old, storedKey('new'), 5));
      const events = (await store().events(0, 100)).slice(1);
      expect(events).toHaveLength(2);
      expect(events).toContainEqual(
        expect.objectContaining({ digest: digestOf('new'), version: 1, kind: 'created' }),
      );
      expect(events).toContainEqual(
        expect.objectContaining({ digest: digestOf('old'), version: 2, kind: 'updated' }),
      );
    });

    it('are read on from where a reader stopped, at most as many as it asked for', async () => {
      const labels = ['a', 'b', 'c', 'd', 'e'];
      await insertKeys(store(), ...labels.map((label) => storedKey(label)));
      const seen: string[] = [];
      let after = 0;
      for (const expected of [2, 2, 1, 0]) {
        const events = await store().events(after, 2);
        expect(events).toHaveLength(expected);
        seen.push(...events.map((event) => event.digest));
        after = events.at(-1)?.seq ?? after;
      }
      expect(seen).toEqual(labels.map(digestOf));
    });
  });
}
