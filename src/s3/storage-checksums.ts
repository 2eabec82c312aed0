// Checksums as the AWS SDK spells them. Pure.
import type { StoredChecksum } from '../uploads/ports.ts';
import type { ChecksumAlgorithm } from '../uploads/upload.ts';

const MEMBERS = {
  sha256: 'ChecksumSHA256',
  sha1: 'ChecksumSHA1',
  crc32: 'ChecksumCRC32',
  crc32c: 'ChecksumCRC32C',
  crc64nvme: 'ChecksumCRC64NVME',
} as const satisfies Record<ChecksumAlgorithm, string>;

type ChecksumMember = (typeof MEMBERS)[ChecksumAlgorithm];

/** An answer of the SDK with checksums. */
export type WithChecksums = { readonly [M in ChecksumMember]?: string | undefined } & {
  readonly ChecksumType?: string | undefined;
};

/** What a composite checksum ends in: how many parts' checksums it is of. */
const COMPOSITE = /-\d+$/;

export function checksumMember(algorithm: ChecksumAlgorithm): ChecksumMember {
  return MEMBERS[algorithm];
}

/** `CRC64NVME` for `crc64nvme`: the algorithm's name in the SDK. */
export function checksumName(algorithm: ChecksumAlgorithm): Uppercase<ChecksumAlgorithm> {
  return algorithm.toUpperCase() as Uppercase<ChecksumAlgorithm>;
}

/** The checksum that S3 keeps; undefined where it keeps none. */
export function storedChecksumFrom(answer: WithChecksums): StoredChecksum | undefined {
  for (const [algorithm, member] of Object.entries(MEMBERS)) {
    const value = answer[member];
    if (value === undefined) continue;
    // Servers that tell no type tell it by the value.
    const isComposite = answer.ChecksumType === 'COMPOSITE' || COMPOSITE.test(value);
    const type = isComposite ? 'composite' : 'full_object';
    return { algorithm: algorithm as ChecksumAlgorithm, value, type };
  }
  return undefined;
}
