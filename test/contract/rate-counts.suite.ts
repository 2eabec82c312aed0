import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { RateVerdict } from '../../src/quota/gcra.ts';
import type { SharedRateCounts } from '../../src/quota/ports.ts';

/** Counts that nobody used yet. Every client that connects shares them with the others. */
export interface RateCountsPlace {
  connect(): Promise<SharedRateCounts & { close(): Promise<void> }>;
  remove(): Promise<void>;
}

/** So slow that nothing comes back while a test runs. */
const SLOW = { perSecond: 1 / 3_600, burst: 5 };
const HOUR_MS = 3_600_000;

/** What holds for all SharedRateCounts. */
export function describeRateCounts(name: string, makePlace: () => Promise<RateCountsPlace>): void {
  describe(`shared rate counts: ${name}`, () => {
    let place: RateCountsPlace;
    let one: SharedRateCounts & { close(): Promise<void> };
    let other: SharedRateCounts & { close(): Promise<void> };

    beforeEach(async () => {
      place = await makePlace();
      [one, other] = await Promise.all([place.connect(), place.connect()]);
    });
    afterEach(async () => {
      await Promise.all([one.close(), other.close()]);
      await place.remove();
    });

    const admitted = (verdicts: readonly RateVerdict[]) => verdicts.filter(({ allowed }) => allowed).length;

    it('admit exactly the burst of everyone together, however many ask at once', async () => {
      const asked = Array.from({ length: 50 }, (_, n) => (n % 2 === 0 ? one : other).take('key', SLOW));
      expect(admitted(await Promise.all(asked))).toBe(5);
    });

    it('tell everyone what everyone has used', async () => {
      expect((await one.take('key', SLOW)).remaining).toBe(4);
      const second = await other.take('key', SLOW);
      expect(second).toMatchObject({ allowed: true, remaining: 3, retryAfterMs: 0 });
      expect(second.resetMs).toBeGreaterThan(HOUR_MS);
      expect(second.resetMs).toBeLessThanOrEqual(2 * HOUR_MS);
    });

    it('say to a refused caller when to come back, and are not changed by it', async () => {
      for (let n = 0; n < 5; n++) await one.take('key', SLOW);
      const refusals = [await one.take('key', SLOW), await other.take('key', SLOW)];
      for (const refusal of refusals) {
        expect(refusal).toMatchObject({ allowed: false, remaining: 0 });
        expect(refusal.retryAfterMs).toBeGreaterThan(HOUR_MS / 2);
        expect(refusal.retryAfterMs).toBeLessThanOrEqual(HOUR_MS);
        expect(refusal.resetMs).toBeLessThanOrEqual(5 * HOUR_MS);
      }
    });

    it('count each key by itself', async () => {
      for (let n = 0; n < 5; n++) await one.take('key', SLOW);
      expect((await one.take('key', SLOW)).allowed).toBe(false);
      expect(await one.take('other', SLOW)).toMatchObject({ allowed: true, remaining: 4 });
    });

    it('give back as time passes', async () => {
      const quick = { perSecond: 50, burst: 1 };
      expect((await one.take('key', quick)).allowed).toBe(true);
      await vi.waitFor(async () => expect((await other.take('key', quick)).allowed).toBe(true));
    });

    it('do not carry the debt of a tighter limit over into a looser one', async () => {
      for (let n = 0; n < 5; n++) await one.take('key', SLOW);
      const looser = { perSecond: 50, burst: 100 };
      expect((await one.take('key', looser)).resetMs).toBeLessThanOrEqual(2_000);
      await vi.waitFor(async () => expect((await other.take('key', looser)).allowed).toBe(true));
    });

    it('count a million calls of a day without losing one to rounding', async () => {
      const large = { perSecond: 1_000_000 / 86_400, burst: 1_000_000 };
      const first = await one.take('key', large);
      expect(first).toMatchObject({ allowed: true, remaining: 999_999 });
    });

    it('know how many instances there are', async () => {
      const third = await place.connect();
      await vi.waitFor(() => expect(third.instances()).toBe(3));
      await third.close();
      const fourth = await place.connect();
      await vi.waitFor(() => expect(fourth.instances()).toBe(3));
      await fourth.close();
    });
  });
}
