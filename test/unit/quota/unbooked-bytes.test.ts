import { describe, expect, it } from 'vitest';
import type { ByteLedgerAnswer, BytePeriod } from '../../../src/quota/ports.ts';
import { createUnbookedBytes } from '../../../src/quota/unbooked-bytes.ts';

const DAY = '2026-11-22';

/** A ledger that takes what it is sent when the test says so. */
function slowLedger() {
  const sent: { bytes: number; periods: readonly BytePeriod[]; settle: (taken: boolean) => void }[] = [];
  const ledger = {
    takeBytes: (_: string, bytes: number, periods: readonly BytePeriod[]) =>
      new Promise<ByteLedgerAnswer>((resolve, reject) => {
        const settle = (taken: boolean) =>
          taken ? resolve({ granted: true, usedBytes: [] }) : reject(new Error('down'));
        sent.push({ bytes, periods, settle });
      }),
  };
  return { sent, unbooked: createUnbookedBytes(ledger, 10) };
}

describe('unbooked bytes', () => {
  it('are booked once, however many ask for it at the same time', async () => {
    const { sent, unbooked } = slowLedger();
    unbooked.add('a', 800, [DAY]);
    const bookings = [unbooked.book('a'), unbooked.book('a')];
    expect(sent).toHaveLength(1);
    sent[0]?.settle(true);
    await Promise.all(bookings);
    expect(sent.map(({ bytes }) => bytes)).toEqual([800]);
    expect(unbooked.has('a')).toBe(false);
  });

  it('that come while others are being booked are booked as well', async () => {
    const { sent, unbooked } = slowLedger();
    unbooked.add('a', 800, [DAY]);
    const booking = unbooked.book('a');
    unbooked.add('a', 50, [DAY]);
    expect(unbooked.of('a', DAY)).toBe(850);
    sent[0]?.settle(true);
    await expect.poll(() => sent.length).toBe(2);
    expect(unbooked.of('a', DAY)).toBe(50);
    sent[1]?.settle(true);
    await booking;
    expect(sent.map(({ bytes }) => bytes)).toEqual([800, 50]);
  });

  it('are kept when the ledger does not take them', async () => {
    const { sent, unbooked } = slowLedger();
    unbooked.add('a', 800, [DAY, '2026-11']);
    const booking = unbooked.book('a');
    sent[0]?.settle(false);
    await expect(booking).rejects.toThrow('down');
    expect(unbooked.of('a', DAY)).toBe(800);
    expect(unbooked.of('a', '2026-11')).toBe(800);
    expect(unbooked.of('a', '2026-11-23')).toBe(0);
  });
});
