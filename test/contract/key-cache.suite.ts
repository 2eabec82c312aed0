import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { KeyRecord } from '../../src/keys/api-key.ts';
import { recordFromKey } from '../../src/keys/lookup.ts';
import type { SharedKeyCache } from '../../src/keys/ports.ts';
import { storedKey } from '../support/stored-key.ts';

/** One empty cache. Every client that connects to it shares it with the others. */
export interface KeyCachePlace {
  connect(): Promise<SharedKeyCache>;
  remove(): Promise<void>;
}

const KEY = storedKey('a', { expiresAtMs: 1_900_000_000_000, scopes: ['uploads:create', 'keys:read'] });
const ACTIVE = recordFromKey(KEY);
const REVOKED: KeyRecord = { ...ACTIVE, status: 'revoked', version: 2 };
const { digest } = KEY;

/** What holds for every SharedKeyCache. */
export function describeKeyCache(name: string, makePlace: () => Promise<KeyCachePlace>): void {
  describe(`shared key cache: ${name}`, () => {
    let place: KeyCachePlace;
    let one: SharedKeyCache;
    let other: SharedKeyCache;

    beforeEach(async () => {
      place = await makePlace();
      [one, other] = await Promise.all([place.connect(), place.connect()]);
    });
    afterEach(async () => {
      await Promise.all([one.close(), other.close()]);
      await place.remove();
    });

    describe('records', () => {
      it('are answered to everyone exactly as they were stored', async () => {
        await one.fill(digest, ACTIVE, 60_000);
        expect((await one.get(digest))?.record).toEqual(ACTIVE);
        expect((await other.get(digest))?.record).toEqual(ACTIVE);
      });

      it('keep any text that an owner or an id may have', async () => {
        const odd = { ...ACTIVE, owner: 'a|b"\\ \n Ærø 🔑', id: '|', expiresAtMs: null };
        await one.fill(digest, odd, 60_000);
        expect((await other.get(digest))?.record).toEqual(odd);
      });

      it('keep the policy and the rate limit, whole or in part', async () => {
        const limited: KeyRecord = {
          ...ACTIVE,
          policy: {
            contentTypes: ['image/*', 'text/plain'],
            extensions: ['png'],
            maxSizeBytes: 0,
            maxTtlSeconds: 60,
            objectKeyPrefix: 'a/b/',
            destinations: ['default'],
            allowOverwrite: false,
          },
          rateLimit: { requests: 3, windowSeconds: 60, bytesPerDay: 0, bytesPerMonth: 2 ** 53 - 1 },
        };
        for (const [version, record] of [
          limited,
          { ...limited, policy: null },
          { ...limited, policy: { maxSizeBytes: 1 }, rateLimit: { plan: 'free' } },
        ].entries()) {
          const stored = { ...record, version: version + 1 };
          await one.fill(digest, stored, 60_000);
          expect((await other.get(digest))?.record).toEqual(stored);
        }
      });

      it('are absent for a key that nobody stored', async () => {
        expect(await one.get(digest)).toBeUndefined();
        await one.fill(digest, ACTIVE, 60_000);
        expect(await one.get(storedKey('b').digest)).toBeUndefined();
      });

      it('say how much of their life is left, and never more than they were given', async () => {
        await one.fill(digest, ACTIVE, 5_000);
        const first = await other.get(digest);
        await vi.waitFor(async () => {
          const later = await other.get(digest);
          expect(later?.remainingMs).toBeLessThan(first?.remainingMs ?? 0);
        });
        expect(first?.remainingMs).toBeGreaterThan(0);
        expect(first?.remainingMs).toBeLessThanOrEqual(5_000);
      });

      it('are gone when their life is over', async () => {
        await one.fill(digest, ACTIVE, 30);
        await vi.waitFor(async () => expect(await other.get(digest)).toBeUndefined());
      });
    });

    describe('versions', () => {
      it('never go back by a fill that comes late', async () => {
        await one.fill(digest, { ...ACTIVE, version: 3 }, 60_000);
        await other.fill(digest, ACTIVE, 60_000);
        expect((await one.get(digest))?.record.version).toBe(3);
      });

      it('go on by a newer fill, whose life counts from then', async () => {
        await one.fill(digest, ACTIVE, 1_000);
        await other.fill(digest, { ...ACTIVE, version: 10 }, 60_000);
        const found = await one.get(digest);
        expect(found?.record.version).toBe(10);
        expect(found?.remainingMs).toBeGreaterThan(10_000);
      });

      it('compare as numbers', async () => {
        await one.fill(digest, { ...ACTIVE, version: 10 }, 60_000);
        await one.fill(digest, { ...ACTIVE, version: 9 }, 60_000);
        expect((await one.get(digest))?.record.version).toBe(10);
      });
    });

    describe('an announced change', () => {
      it('replaces the record, and no late fill brings it back', async () => {
        await one.fill(digest, ACTIVE, 60_000);
        await one.announce(digest, REVOKED, 120_000);
        await other.fill(digest, ACTIVE, 60_000);
        expect((await other.get(digest))?.record).toEqual(REVOKED);
      });

      it('that enables the key again replaces the one that disabled it', async () => {
        const disabled: KeyRecord = { ...ACTIVE, status: 'disabled', version: 2 };
        const enabled: KeyRecord = { ...ACTIVE, version: 3 };
        await one.announce(digest, disabled, 120_000);
        await one.announce(digest, enabled, 60_000);
        expect((await other.get(digest))?.record).toEqual(enabled);
        expect((await other.get(digest))?.remainingMs).toBeLessThanOrEqual(60_000);
      });

      it('is kept although the record was never there, because a fill may be on its way', async () => {
        await one.announce(digest, REVOKED, 120_000);
        await other.fill(digest, ACTIVE, 60_000);
        expect((await other.get(digest))?.record).toEqual(REVOKED);
      });

      it('does not undo a newer one', async () => {
        await one.announce(digest, { ...REVOKED, version: 4 }, 120_000);
        await other.announce(digest, REVOKED, 120_000);
        expect((await one.get(digest))?.record.version).toBe(4);
      });

      it('reaches every instance', async () => {
        const heard: [string, string, number][] = [];
        one.onAnnounced((changed, version) => heard.push(['one', changed, version]));
        other.onAnnounced((changed, version) => heard.push(['other', changed, version]));
        await one.announce(digest, REVOKED, 120_000);
        await vi.waitFor(() => expect(heard).toHaveLength(2));
        expect(heard.sort()).toEqual([
          ['one', digest, 2],
          ['other', digest, 2],
        ]);
      });

      it('reaches them again when it is announced again, and filling announces nothing', async () => {
        const heard = vi.fn();
        other.onAnnounced(heard);
        await one.fill(digest, ACTIVE, 60_000);
        await one.announce(digest, REVOKED, 120_000);
        await one.announce(digest, REVOKED, 120_000);
        await vi.waitFor(() => expect(heard).toHaveBeenCalledTimes(2));
      });

      it('does not reach a listener that left', async () => {
        const [left, stayed] = [vi.fn(), vi.fn()];
        const leave = other.onAnnounced(left);
        other.onAnnounced(stayed);
        leave();
        await one.announce(digest, REVOKED, 120_000);
        await vi.waitFor(() => expect(stayed).toHaveBeenCalledOnce());
        expect(left).not.toHaveBeenCalled();
      });
    });

    it('answers a ping', async () => {
      await expect(one.ping()).resolves.toBeUndefined();
    });
  });
}
