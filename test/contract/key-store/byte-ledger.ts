import { describe, expect, it } from 'vitest';
import type { KeyStoreSubject } from './subject.ts';

const DAY = '2026-11-22';
const MONTH = '2026-11';

/** The periods of a day and its month, with what each takes. */
const periods = (day: number, month: number) => [
  { period: DAY, limitBytes: day },
  { period: MONTH, limitBytes: month },
];

export function describeByteLedger({ store, open }: KeyStoreSubject): void {
  describe('the byte ledger', () => {
    const used = async (keyId: string) => (await store().takeBytes(keyId, 0, periods(1e15, 1e15))).usedBytes;

    it('adds up in every period', async () => {
      expect(await store().takeBytes('k', 10, periods(100, 200))).toEqual({
        granted: true,
        usedBytes: [10, 10],
      });
      const tomorrow = [{ period: '2026-11-23', limitBytes: 100 }, ...periods(100, 200).slice(1)];
      expect(await store().takeBytes('k', 5, tomorrow)).toEqual({ granted: true, usedBytes: [5, 15] });
      expect(await used('k')).toEqual([10, 15]);
    });

    it('grants up to the limit and not one byte more', async () => {
      const limit = [{ period: DAY, limitBytes: 100 }];
      expect(await store().takeBytes('k', 101, limit)).toEqual({ granted: false, usedBytes: [0] });
      expect(await store().takeBytes('k', 100, limit)).toEqual({ granted: true, usedBytes: [100] });
      expect(await store().takeBytes('k', 1, limit)).toEqual({ granted: false, usedBytes: [100] });
      expect(await store().takeBytes('k', 0, limit)).toEqual({ granted: true, usedBytes: [100] });
    });

    it.each([
      ['the first', periods(49, 500)],
      ['the last', periods(500, 49)],
    ])('adds to none when %s period would have exceeded its limit', async (_, limits) => {
      await store().takeBytes('k', 40, periods(500, 500));
      expect(await store().takeBytes('k', 10, limits)).toEqual({ granted: false, usedBytes: [40, 40] });
      expect(await used('k')).toEqual([40, 40]);
    });

    it('answers in the order that was asked', async () => {
      await store().takeBytes('k', 7, [{ period: MONTH, limitBytes: 50 }]);
      expect((await store().takeBytes('k', 1, periods(50, 50))).usedBytes).toEqual([1, 8]);
      expect((await store().takeBytes('k', 1, periods(50, 50).reverse())).usedBytes).toEqual([9, 2]);
    });

    it('refuses everything when a limit was lowered below what is used', async () => {
      await store().takeBytes('k', 50, periods(100, 100));
      expect(await store().takeBytes('k', 1, periods(20, 100))).toEqual({
        granted: false,
        usedBytes: [50, 50],
      });
    });

    it('counts each key by itself, and grants where there is no limit', async () => {
      await store().takeBytes('k', 50, periods(50, 50));
      expect((await store().takeBytes('k2', 50, periods(50, 50))).granted).toBe(true);
      expect(await store().takeBytes('k', 50, [])).toEqual({ granted: true, usedBytes: [] });
    });

    it('is exact beyond what 32 bits hold', async () => {
      const limit = [{ period: MONTH, limitBytes: Number.MAX_SAFE_INTEGER }];
      const half = 2 ** 52;
      expect((await store().takeBytes('k', half, limit)).usedBytes).toEqual([half]);
      expect((await store().takeBytes('k', half, limit)).granted).toBe(false);
      expect((await store().takeBytes('k', half - 1, limit)).usedBytes).toEqual([Number.MAX_SAFE_INTEGER]);
    });

    it('never exceeds a limit when several stores take at once, and loses no byte', async () => {
      const stores = [store(), await open(), await open()];
      const answers = await Promise.all(
        Array.from({ length: 60 }, (_, n) => stores[n % 3]?.takeBytes('k', 3, periods(100, 1_000))),
      );
      expect(answers.filter((answer) => answer?.granted)).toHaveLength(33);
      expect(await used('k')).toEqual([99, 99]);
      const totals = answers.filter((answer) => answer?.granted).map((answer) => answer?.usedBytes[0] ?? 0);
      expect(totals.sort((a, b) => a - b)).toEqual(Array.from({ length: 33 }, (_, n) => (n + 1) * 3));
    });
  });
}
