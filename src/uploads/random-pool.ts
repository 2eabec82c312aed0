/** How many bytes one fill brings: asking the system costs much the same for 4 KiB as for ten bytes. */
const POOL_BYTES = 4096;

/** Answers `count` random bytes that nobody else has got or will get. */
export type RandomSource = (count: number) => Uint8Array;

/**
 * Hands out random bytes in small pieces from a pool that `fill` (`randomFillSync` of node:crypto) fills. A used
 * up pool is replaced rather than refilled, so a piece never changes in the hands of whoever holds it.
 * Throws a RangeError for more bytes than a pool has.
 */
export function createRandomPool(fill: (bytes: Uint8Array) => unknown): RandomSource {
  let pool = new Uint8Array(0);
  let used = 0;
  return (count) => {
    if (count > POOL_BYTES) throw new RangeError(`at most ${POOL_BYTES} random bytes at a time`);
    if (used + count > pool.length) {
      pool = new Uint8Array(POOL_BYTES);
      fill(pool);
      used = 0;
    }
    used += count;
    return pool.subarray(used - count, used);
  };
}
