// Cyclic redundancy checks in reflected form: bit 0 is the highest power, as in zlib.
import { crc32 as zlibCrc32 } from 'node:zlib';

/** A CRC whose initial value and final XOR are all ones. */
export interface Crc {
  readonly bits: 32 | 64;
  /** The polynomial, reflected. */
  readonly polynomial: bigint;
  createState(): CrcState;
}

export interface CrcState {
  update(bytes: Uint8Array): void;
  value(): bigint;
}

export const CRC32: Crc = { bits: 32, polynomial: 0xedb88320n, createState: createZlibCrc32 };
export const CRC32C: Crc = { bits: 32, polynomial: 0x82f63b78n, createState: () => createTableCrc(CRC32C) };
export const CRC64NVME: Crc = {
  bits: 64,
  polynomial: 0x9a6c9329ac4bc9b5n,
  createState: () => createTableCrc(CRC64NVME),
};

/** The CRC of two pieces of data from the CRC of each: that of the first, shifted past the second, plus that of the second. */
export function combineCrc(crc: Crc, first: bigint, second: bigint, secondLength: number): bigint {
  // In reflected form x^0 is the highest bit, so x^8, one byte, is eight places below it.
  let power = 1n << BigInt(crc.bits - 9);
  let shifted = first;
  for (let length = BigInt(secondLength); length > 0n; length >>= 1n) {
    if (length & 1n) shifted = multiply(crc, shifted, power);
    power = multiply(crc, power, power);
  }
  return shifted ^ second;
}

/** Multiplies two polynomials over GF(2), modulo that of the CRC. */
function multiply(crc: Crc, left: bigint, right: bigint): bigint {
  let product = 0n;
  let multiple = right;
  for (let bit = 1n << BigInt(crc.bits - 1); bit > 0n; bit >>= 1n) {
    if (left & bit) product ^= multiple;
    multiple = multiple & 1n ? (multiple >> 1n) ^ crc.polynomial : multiple >> 1n;
  }
  return product;
}

function createZlibCrc32(): CrcState {
  let value = 0;
  return {
    update(bytes) {
      value = zlibCrc32(bytes, value);
    },
    value: () => BigInt(value),
  };
}

/** Byte by byte in two 32-bit halves, because BigInt arithmetic is a hundred times slower. */
function createTableCrc(crc: Crc): CrcState {
  const { high, low } = tableOf(crc);
  let stateHigh = crc.bits === 64 ? -1 : 0;
  let stateLow = -1;
  return {
    update(bytes) {
      let [nextHigh, nextLow] = [stateHigh, stateLow];
      for (const byte of bytes) {
        const index = (nextLow ^ byte) & 0xff;
        nextLow = ((nextLow >>> 8) | (nextHigh << 24)) ^ (low[index] ?? 0);
        nextHigh = (nextHigh >>> 8) ^ (high[index] ?? 0);
      }
      [stateHigh, stateLow] = [nextHigh, nextLow];
    },
    value: () => BigInt.asUintN(crc.bits, (BigInt(~stateHigh >>> 0) << 32n) | BigInt(~stateLow >>> 0)),
  };
}

interface CrcTable {
  readonly high: Int32Array;
  readonly low: Int32Array;
}

const tables = new Map<Crc, CrcTable>();

function tableOf(crc: Crc): CrcTable {
  const known = tables.get(crc);
  if (known !== undefined) return known;
  const table = { high: new Int32Array(256), low: new Int32Array(256) };
  for (let index = 0; index < 256; index++) {
    let value = BigInt(index);
    for (let bit = 0; bit < 8; bit++) value = value & 1n ? (value >> 1n) ^ crc.polynomial : value >> 1n;
    table.low[index] = Number(BigInt.asIntN(32, value));
    table.high[index] = Number(BigInt.asIntN(32, value >> 32n));
  }
  tables.set(crc, table);
  return table;
}
