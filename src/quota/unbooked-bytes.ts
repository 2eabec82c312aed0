import type { ByteLedger } from './ports.ts';

/** Bytes that were granted while the ledger was out of reach, kept until it has them. */
export interface UnbookedBytes {
  /** Notes bytes of the named periods. False, noting nothing, when too many keys have unbooked bytes. */
  add(keyId: string, bytes: number, periods: readonly string[]): boolean;
  has(keyId: string): boolean;
  /** Bytes of a key in a period. */
  of(keyId: string, period: string): number;
  /** Books the bytes of a key. Rejects, keeping them, when the ledger does not take them. Shared by all who ask. */
  book(keyId: string): Promise<void>;
  keys(): readonly string[];
}

/** Bytes that count for the same periods. */
interface Batch {
  readonly periods: readonly string[];
  bytes: number;
}

/** What was granted is booked even where the quota was tightened since. */
const ANY_AMOUNT = Number.MAX_SAFE_INTEGER;

export function createUnbookedBytes(ledger: ByteLedger, maxKeys: number): UnbookedBytes {
  const unbooked = new Map<string, Batch[]>();
  const bookings = new Map<string, Promise<void>>();

  async function bookAll(keyId: string): Promise<void> {
    for (let batches = unbooked.get(keyId); batches !== undefined; batches = unbooked.get(keyId)) {
      const [batch] = batches;
      if (batch === undefined) return void unbooked.delete(keyId);
      const { bytes } = batch;
      const periods = batch.periods.map((period) => ({ period, limitBytes: ANY_AMOUNT }));
      await ledger.takeBytes(keyId, bytes, periods);
      // More may have come meanwhile.
      batch.bytes -= bytes;
      if (batch.bytes === 0) batches.splice(batches.indexOf(batch), 1);
    }
  }

  return {
    add(keyId, bytes, periods) {
      if (bytes === 0) return true;
      const batches = unbooked.get(keyId) ?? [];
      if (unbooked.size >= maxKeys && !unbooked.has(keyId)) return false;
      unbooked.set(keyId, batches);
      const batch = batches.find((known) => known.periods.join() === periods.join());
      if (batch === undefined) batches.push({ periods, bytes });
      else batch.bytes += bytes;
      return true;
    },
    has: (keyId) => unbooked.has(keyId),
    of(keyId, period) {
      const batches = unbooked.get(keyId) ?? [];
      return batches.reduce((sum, batch) => (batch.periods.includes(period) ? sum + batch.bytes : sum), 0);
    },
    book(keyId) {
      const running = bookings.get(keyId);
      if (running !== undefined) return running;
      const booking = bookAll(keyId).finally(() => bookings.delete(keyId));
      bookings.set(keyId, booking);
      return booking;
    },
    keys: () => [...unbooked.keys()],
  };
}
