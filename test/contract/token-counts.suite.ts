import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { SharedTokenCounts } from '../../src/quota/ports.ts';
import type { TokenUse } from '../../src/uploads/ports.ts';

/** Counts that nobody used yet. Every client that connects shares them with the others. */
export interface TokenCountsPlace {
  connect(): Promise<SharedTokenCounts>;
  remove(): Promise<void>;
}

const USE: TokenUse = {
  tokenId: 'token',
  files: 1,
  bytes: 10,
  maxFiles: 5,
  maxBytes: 1_000,
  ttlMs: 60_000,
};
const NOTHING = { files: 0, bytes: 0 };
const LARGEST = Number.MAX_SAFE_INTEGER;

/** What holds for all SharedTokenCounts. */
export function describeTokenCounts(name: string, makePlace: () => Promise<TokenCountsPlace>): void {
  describe(`shared token counts: ${name}`, () => {
    let place: TokenCountsPlace;
    let one: SharedTokenCounts;
    let other: SharedTokenCounts;

    beforeEach(async () => {
      place = await makePlace();
      [one, other] = await Promise.all([place.connect(), place.connect()]);
    });
    afterEach(() => place.remove());

    it('grant exactly the files of everyone together, however many ask at once', async () => {
      const answers = await Promise.all(
        Array.from({ length: 40 }, (_, n) => (n % 2 === 0 ? one : other).take(USE, NOTHING)),
      );
      expect(answers.filter(({ granted }) => granted)).toHaveLength(5);
      expect((await one.take(USE, NOTHING)).used).toEqual({ files: 5, bytes: 50 });
    });

    it('grant exactly the bytes of everyone together, however many ask at once', async () => {
      const large = { ...USE, bytes: 400, maxFiles: 100 };
      const answers = await Promise.all(
        Array.from({ length: 20 }, (_, n) => (n % 2 === 0 ? one : other).take(large, NOTHING)),
      );
      expect(answers.filter(({ granted }) => granted)).toHaveLength(2);
    });

    it('tell everyone what everyone has used, and count nothing of what they refuse', async () => {
      expect(await one.take(USE, NOTHING)).toEqual({ granted: true, used: { files: 1, bytes: 10 } });
      const tooLarge = await other.take({ ...USE, bytes: 991 }, NOTHING);
      expect(tooLarge).toEqual({ granted: false, used: { files: 1, bytes: 10 } });
      const tooMany = await one.take({ ...USE, files: 5, bytes: 0 }, NOTHING);
      expect(tooMany).toEqual({ granted: false, used: { files: 1, bytes: 10 } });
      const rest = await other.take({ ...USE, files: 4, bytes: 990 }, NOTHING);
      expect(rest).toEqual({ granted: true, used: { files: 5, bytes: 1_000 } });
    });

    it('count each token by itself', async () => {
      await one.take({ ...USE, files: 5 }, NOTHING);
      expect((await one.take(USE, NOTHING)).granted).toBe(false);
      expect((await one.take({ ...USE, tokenId: 'other' }, NOTHING)).granted).toBe(true);
    });

    it('believe a caller who knows of more, for everyone', async () => {
      const known = { files: 4, bytes: 100 };
      expect(await one.take(USE, known)).toEqual({ granted: true, used: { files: 5, bytes: 110 } });
      expect(await other.take(USE, NOTHING)).toEqual({ granted: false, used: { files: 5, bytes: 110 } });
    });

    it('believe a caller who knows of more also where they refuse', async () => {
      expect((await one.take(USE, { files: 5, bytes: 0 })).granted).toBe(false);
      expect(await other.take(USE, NOTHING)).toEqual({ granted: false, used: { files: 5, bytes: 0 } });
    });

    it('do not believe a caller who knows of less', async () => {
      await one.take({ ...USE, files: 3 }, NOTHING);
      expect((await other.take(USE, { files: 1, bytes: 500 })).used).toEqual({ files: 4, bytes: 510 });
    });

    it('are exact up to the largest numbers that are', async () => {
      const huge = { ...USE, maxFiles: LARGEST, maxBytes: Number.POSITIVE_INFINITY };
      const most = await one.take({ ...huge, files: LARGEST - 2, bytes: LARGEST - 2 }, NOTHING);
      expect(most).toEqual({ granted: true, used: { files: LARGEST - 2, bytes: LARGEST - 2 } });
      const next = await other.take({ ...huge, files: 1, bytes: 1 }, NOTHING);
      expect(next).toEqual({ granted: true, used: { files: LARGEST - 1, bytes: LARGEST - 1 } });
      const beyond = await one.take({ ...huge, files: 2, bytes: 0 }, NOTHING);
      expect(beyond).toEqual({ granted: false, used: { files: LARGEST - 1, bytes: LARGEST - 1 } });
      expect((await one.take({ ...huge, files: 1, bytes: 1 }, NOTHING)).granted).toBe(true);
    });

    it('take a tightened limit at its word', async () => {
      await one.take({ ...USE, files: 4 }, NOTHING);
      expect((await one.take({ ...USE, maxFiles: 2 }, NOTHING)).granted).toBe(false);
      expect((await one.take({ ...USE, files: 0, bytes: 0 }, NOTHING)).granted).toBe(true);
    });

    it('forget a token when its life is over', async () => {
      await one.take({ ...USE, files: 5, ttlMs: 100 }, NOTHING);
      await vi.waitFor(async () =>
        expect((await other.take({ ...USE, files: 0, bytes: 0 }, NOTHING)).used).toEqual(NOTHING),
      );
    });
  });
}
