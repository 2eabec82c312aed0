import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { KeyStore } from '../../src/keys/ports.ts';
import type { ByteLedger } from '../../src/quota/ports.ts';
import { createChange, useOf } from '../support/key-changes.ts';
import { linesOf, startStoreChild, those } from '../support/store-process.ts';
import { storedKey } from '../support/stored-key.ts';

const KILL_ROUNDS = 50;
const SHARING = ['a', 'b', 'c', 'd', 'e', 'f'];

/** One empty place to keep keys in, which other processes find by its URL. */
export interface SharedPlace {
  readonly url: string;
  open(): Promise<KeyStore & ByteLedger>;
  remove(): Promise<void>;
}

/** What holds for every KeyStore when processes share it, and when they die. */
export function describeKeyStoreProcesses(name: string, makePlace: () => Promise<SharedPlace>): void {
  describe(`processes on one key store: ${name}`, () => {
    let place: SharedPlace;
    beforeEach(async () => {
      place = await makePlace();
    });
    afterEach(() => place.remove());

    /** What is there now, read by a store of its own. */
    async function readBack() {
      const store = await place.open();
      const { keys } = await store.list({ offset: 0, limit: 100_000, nowMs: 0 });
      const events = await store.events(0, 100_000);
      const audit = await store.audit({ limit: 100_000 });
      await store.close();
      return { keys, events, audit };
    }

    /** A key and everything that belongs to its changes are there together or not at all. */
    async function readWholeChanges() {
      const { keys, events, audit } = await readBack();
      const versions = keys.flatMap(({ digest, version }) =>
        Array.from({ length: version }, (_, n) => `${digest} ${n + 1}`),
      );
      expect(events.map(({ digest, version }) => `${digest} ${version}`).sort()).toEqual(versions.sort());
      const audited = audit.map(({ keyId, after }) => `${keyId} ${after.version}`);
      const changed = keys.flatMap(({ id, version }) =>
        Array.from({ length: version }, (_, n) => `${id} ${n + 1}`),
      );
      expect(audited.sort()).toEqual(changed.sort());
      return { keys, events };
    }

    it(`that are killed lose nothing acknowledged in ${KILL_ROUNDS} rounds, and leave nothing by halves`, async () => {
      const inserted: string[] = [];
      const revoked: string[] = [];
      for (let round = 0; round < KILL_ROUNDS; round += 1) {
        const child = startStoreChild('change-until-killed', place.url, `round-${round}`);
        const lines = await linesOf(child, ({ length }) => {
          if (length === 1 + (round % 6)) child.kill('SIGKILL');
        });
        expect(those('error', lines)).toEqual([]);
        expect(those('inserted', lines).length).toBeGreaterThan(0);
        inserted.push(...those('inserted', lines));
        revoked.push(...those('revoked', lines));
        const { keys } = await readWholeChanges();
        const statuses = new Map(keys.map(({ id, status }) => [id, status]));
        expect(inserted.filter((id) => !statuses.has(id))).toEqual([]);
        expect(revoked.filter((id) => statuses.get(id) !== 'revoked')).toEqual([]);
      }
      const store = await place.open();
      for (const id of inserted) {
        const again = createChange(storedKey(`again-${id}`), { idempotency: useOf(id) });
        expect(await store.commit(again)).toMatchObject({ outcome: 'repeated', keyId: id });
      }
      await store.close();
    });

    it('make it at the same moment, agree on what only one may do, and lose no change of each other', async () => {
      const outputs = await Promise.all(
        SHARING.map((label) => linesOf(startStoreChild('share', place.url, label))),
      );
      const lines = outputs.flat();
      expect(those('error', lines)).toEqual([]);
      expect(new Set(those('secret', lines)).size).toBe(1);
      const others = (outcome: string) => Array(SHARING.length - 1).fill(outcome);
      expect(those('first', lines).sort()).toEqual(['committed', ...others('conflict')]);
      const shared = those('shared', lines).map((line) => line.split(' '));
      expect(shared.map(([outcome]) => outcome).sort()).toEqual(['committed', ...others('repeated')]);
      expect(new Set(shared.map(([, id]) => id)).size).toBe(1);
      expect(those('revoked', lines).sort()).toEqual(['committed', ...others('conflict')]);
      // 33 times 3 bytes are the most that fit into 100.
      expect(those('granted', lines).filter((granted) => granted === 'true')).toHaveLength(33);

      const { keys, events } = await readWholeChanges();
      const inserted = those('inserted', lines);
      expect(inserted).toHaveLength(10 * SHARING.length);
      const ids = new Set(keys.map(({ id }) => id));
      expect(inserted.filter((id) => !ids.has(id))).toEqual([]);
      expect(ids.size).toBe(inserted.length + 2);
      const seqs = events.map(({ seq }) => seq);
      expect(seqs).toEqual([...new Set(seqs)].sort((a, b) => a - b));
    });
  });
}
