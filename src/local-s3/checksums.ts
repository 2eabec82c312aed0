// S3's "flexible checksums": https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
import { createHash } from 'node:crypto';
import { CRC32, CRC32C, CRC64NVME, type Crc, combineCrc } from './crc.ts';

interface Algorithm {
  readonly bytes: number;
  /** Present for algorithms whose parts combine into the checksum of the whole. */
  readonly crc?: Crc;
  /** Whether the checksum of an object in parts may be a checksum of the parts' checksums. */
  readonly composes: boolean;
}

export const CHECKSUM_ALGORITHMS = {
  crc32: { bytes: 4, crc: CRC32, composes: true },
  crc32c: { bytes: 4, crc: CRC32C, composes: true },
  crc64nvme: { bytes: 8, crc: CRC64NVME, composes: false },
  sha1: { bytes: 20, composes: true },
  sha256: { bytes: 32, composes: true },
} as const satisfies Record<string, Algorithm>;

export type ChecksumAlgorithm = keyof typeof CHECKSUM_ALGORITHMS;

/** `COMPOSITE` is the checksum of the parts' checksums, with `-<parts>` behind it. */
export type ChecksumType = 'FULL_OBJECT' | 'COMPOSITE';

export interface Checksum {
  readonly algorithm: ChecksumAlgorithm;
  readonly type: ChecksumType;
  /** Base64, big-endian. */
  readonly value: string;
}

export interface Digest {
  update(bytes: Uint8Array): void;
  /** The checksum of everything given so far; called once. */
  base64(): string;
}

export interface PartChecksum {
  readonly value: string;
  readonly size: number;
}

export function checksumAlgorithmFromName(name: string): ChecksumAlgorithm | undefined {
  const lower = name.toLowerCase();
  return Object.hasOwn(CHECKSUM_ALGORITHMS, lower) ? (lower as ChecksumAlgorithm) : undefined;
}

export function createDigest(algorithm: ChecksumAlgorithm): Digest {
  const row: Algorithm = CHECKSUM_ALGORITHMS[algorithm];
  if (row.crc === undefined) {
    const hash = createHash(algorithm);
    return { update: (bytes) => void hash.update(bytes), base64: () => hash.digest('base64') };
  }
  const state = row.crc.createState();
  return { update: (bytes) => state.update(bytes), base64: () => base64FromCrc(state.value(), row.bytes) };
}

/** Whether a text can be a checksum of this algorithm at all: canonical base64 of the right number of bytes. */
export function isChecksumValue(algorithm: ChecksumAlgorithm, value: string): boolean {
  const bytes = Buffer.from(value, 'base64');
  return bytes.length === CHECKSUM_ALGORITHMS[algorithm].bytes && bytes.toString('base64') === value;
}

/** The checksum of an object that was uploaded in parts. */
export function checksumFromParts(
  algorithm: ChecksumAlgorithm,
  type: ChecksumType,
  parts: readonly PartChecksum[],
): Checksum {
  if (type === 'COMPOSITE') {
    const digest = createDigest(algorithm);
    for (const part of parts) digest.update(Buffer.from(part.value, 'base64'));
    return { algorithm, type, value: `${digest.base64()}-${parts.length}` };
  }
  const row: Algorithm = CHECKSUM_ALGORITHMS[algorithm];
  const { crc } = row;
  if (crc === undefined) throw new TypeError(`${algorithm} of parts does not combine`);
  const whole = parts.reduce((sum, part) => combineCrc(crc, sum, crcFromBase64(part.value), part.size), 0n);
  return { algorithm, type, value: base64FromCrc(whole, row.bytes) };
}

function base64FromCrc(value: bigint, bytes: number): string {
  return Buffer.from(value.toString(16).padStart(bytes * 2, '0'), 'hex').toString('base64');
}

function crcFromBase64(value: string): bigint {
  return BigInt(`0x${Buffer.from(value, 'base64').toString('hex')}`);
}
