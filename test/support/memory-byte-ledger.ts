import { Fault } from '../../src/fault/fault.ts';
import type { ByteLedger } from '../../src/quota/ports.ts';

/** A ledger that forgets everything with the process, and what a test can do to it. */
export interface MemoryByteLedger extends ByteLedger {
  /** Every call is rejected, as when the store cannot be reached. */
  down: boolean;
  calls(): number;
  usedBytes(keyId: string, period: string): number;
}

export function createMemoryByteLedger(): MemoryByteLedger {
  const used = new Map<string, number>();
  let calls = 0;
  const nameOf = (keyId: string, period: string) => `${keyId} ${period}`;
  const ledger: MemoryByteLedger = {
    down: false,
    calls: () => calls,
    usedBytes: (keyId, period) => used.get(nameOf(keyId, period)) ?? 0,
    async takeBytes(keyId, bytes, periods) {
      calls++;
      if (ledger.down) throw new Fault('STORE_UNAVAILABLE');
      const granted = periods.every(
        ({ period, limitBytes }) => ledger.usedBytes(keyId, period) + bytes <= limitBytes,
      );
      if (granted) {
        for (const { period } of periods)
          used.set(nameOf(keyId, period), ledger.usedBytes(keyId, period) + bytes);
      }
      return { granted, usedBytes: periods.map(({ period }) => ledger.usedBytes(keyId, period)) };
    },
  };
  return ledger;
}
