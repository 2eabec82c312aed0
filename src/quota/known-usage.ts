/** What the ledger last answered, for the time when it does not. */
export interface KnownUsage {
  /** Bytes used by a key in a period, as far as is known: 0 when nothing is. */
  of(keyId: string, period: string): number;
  /** Takes in an answer. Answers may overtake each other, and usage never shrinks. */
  learn(keyId: string, period: string, usedBytes: number): void;
}

/** Per key: a day and a month, and those before them while bytes of theirs are still being booked. */
const PERIODS_PER_KEY = 4;

/** Beyond `maxKeys` it forgets the key that was not heard of for longest. */
export function createKnownUsage(maxKeys: number): KnownUsage {
  const known = new Map<string, Map<string, number>>();
  return {
    of: (keyId, period) => known.get(keyId)?.get(period) ?? 0,
    learn(keyId, period, usedBytes) {
      const usage = known.get(keyId) ?? new Map<string, number>();
      known.delete(keyId);
      known.set(keyId, usage);
      const before = usage.get(period) ?? 0;
      usage.delete(period);
      usage.set(period, Math.max(before, usedBytes));
      dropOldest(usage, PERIODS_PER_KEY);
      dropOldest(known, maxKeys);
    },
  };
}

/** A Map keeps the order of insertion. */
function dropOldest(map: Map<string, unknown>, maxSize: number): void {
  const [oldest] = map.keys();
  if (map.size > maxSize && oldest !== undefined) map.delete(oldest);
}
