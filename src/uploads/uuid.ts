/** How many random bytes a UUIDv7 needs. */
export const UUID_RANDOM_BYTES = 10;

const TIMESTAMP_MAX_MS = 2 ** 48 - 1;
const HEX = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, '0'));

/**
 * A UUID version 7 (RFC 9562 §5.7): 48 bits of Unix time in milliseconds, then 74 random bits. UUIDs of a later
 * millisecond sort after earlier ones, so that a bucket lists uploads in the order they were asked for.
 * Throws a RangeError when the time does not fit or random bytes are missing.
 */
export function uuidV7(nowMs: number, random: Uint8Array): string {
  if (!Number.isInteger(nowMs) || nowMs < 0 || nowMs > TIMESTAMP_MAX_MS) {
    throw new RangeError('nowMs must be an integer of at most 48 bits');
  }
  if (random.length < UUID_RANDOM_BYTES) throw new RangeError(`${UUID_RANDOM_BYTES} random bytes are needed`);
  const time = hexOfTime(nowMs);
  const hex = (at: number) => HEX[marked(random[at] ?? 0, at)] ?? '';
  const tail = hex(4) + hex(5) + hex(6) + hex(7) + hex(8) + hex(9);
  return `${time}-${hex(0)}${hex(1)}-${hex(2)}${hex(3)}-${tail}`;
}

/** The two groups of the time. */
function hexOfTime(nowMs: number): string {
  const low = nowMs % 0x10000;
  const high = (nowMs - low) / 0x10000;
  return `${hexOf16(high >>> 16)}${hexOf16(high & 0xffff)}-${hexOf16(low)}`;
}

function hexOf16(value: number): string {
  return (HEX[value >>> 8] ?? '') + (HEX[value & 0xff] ?? '');
}

/** The version stands in the high bits of the first byte after the time, the variant in those of the third. */
function marked(byte: number, index: number): number {
  if (index === 0) return 0x70 | (byte & 0x0f);
  if (index === 2) return 0x80 | (byte & 0x3f);
  return byte;
}
