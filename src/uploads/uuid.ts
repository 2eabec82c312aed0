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
  let digits = nowMs.toString(16).padStart(12, '0');
  for (let index = 0; index < UUID_RANDOM_BYTES; index += 1) digits += HEX[marked(random[index] ?? 0, index)];
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    digits.slice(12, 16),
    digits.slice(16, 20),
    digits.slice(20),
  ].join('-');
}

/** The version stands in the high bits of the first byte after the time, the variant in those of the third. */
function marked(byte: number, index: number): number {
  if (index === 0) return 0x70 | (byte & 0x0f);
  if (index === 2) return 0x80 | (byte & 0x3f);
  return byte;
}
