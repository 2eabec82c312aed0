/** Puts values in a row, to be read by a `ByteReader` in the same order. */
export interface ByteWriter {
  byte(value: number): void;
  /** A whole number from 0 to 2^53 - 1, in as few bytes as it takes. */
  number(value: number): void;
  /** Bytes whose number the reader knows. */
  bytes(value: Uint8Array): void;
  text(value: string): void;
  finish(): Buffer;
}

/** Numbers have 7 bits a byte, lowest first, and the top bit where more follow (protobuf's varints). */
export function createByteWriter(): ByteWriter {
  const head: number[] = [];
  const done: Uint8Array[] = [];

  function bytes(value: Uint8Array): void {
    done.push(Uint8Array.from(head.splice(0)), value);
  }

  function number(value: number): void {
    // Shifting would cut the number to 32 bits.
    let rest = value;
    for (; rest >= 128; rest = Math.floor(rest / 128)) head.push((rest % 128) + 128);
    head.push(rest);
  }

  return {
    byte: (value) => head.push(value),
    number,
    bytes,
    text(value) {
      const encoded = Buffer.from(value);
      number(encoded.length);
      bytes(encoded);
    },
    finish: () => Buffer.concat([...done, Uint8Array.from(head)]),
  };
}
