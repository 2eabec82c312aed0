/**
 * Reads what a `ByteWriter` wrote. It never throws: what does not fit is read as 0 or as nothing, and `isDone` tells in
 * the end.
 */
export interface ByteReader {
  byte(): number;
  number(): number;
  bytes(count: number): Buffer;
  text(): string;
  /** All that is left. */
  rest(): Buffer;
  /** Everything was read, and nothing of it was malformed. */
  isDone(): boolean;
}

/** The most bytes that a number of 53 bits takes. */
const NUMBER_MAX_BYTES = 8;

export function createByteReader(from: Uint8Array): ByteReader {
  const source = Buffer.from(from.buffer, from.byteOffset, from.byteLength);
  let at = 0;
  let malformed = false;

  function bytes(count: number): Buffer {
    if (count > source.length - at) malformed = true;
    const piece = malformed ? Buffer.alloc(0) : source.subarray(at, at + count);
    at += piece.length;
    return piece;
  }

  const byte = (): number => bytes(1)[0] ?? 0;

  function number(): number {
    let value = 0;
    for (let index = 0; index < NUMBER_MAX_BYTES; index += 1) {
      const part = byte();
      value += (part % 128) * 128 ** index;
      if (part < 128) {
        // A number has one way to be written.
        if (!Number.isSafeInteger(value) || (part === 0 && index > 0)) malformed = true;
        return malformed ? 0 : value;
      }
    }
    malformed = true;
    return 0;
  }

  function text(): string {
    const piece = bytes(number());
    const decoded = piece.toString();
    if (!Buffer.from(decoded).equals(piece)) malformed = true;
    return decoded;
  }

  return {
    byte,
    number,
    bytes,
    text,
    rest: () => bytes(source.length - at),
    isDone: () => !malformed && at === source.length,
  };
}
