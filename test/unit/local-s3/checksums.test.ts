import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumAlgorithmFromName,
  checksumFromParts,
  createDigest,
  isChecksumValue,
} from '../../../src/local-s3/checksums.ts';

function digest(algorithm: ChecksumAlgorithm, ...pieces: readonly (string | Uint8Array)[]): string {
  const state = createDigest(algorithm);
  for (const piece of pieces) state.update(Buffer.from(piece));
  return state.base64();
}

const hex = (base64: string): string => Buffer.from(base64, 'base64').toString('hex');

describe('checksums', () => {
  /** Check values of the CRC catalogue, RFC 3174 and FIPS 180-2. */
  it.each([
    ['crc32', '123456789', 'cbf43926'],
    ['crc32c', '123456789', 'e3069283'],
    ['crc64nvme', '123456789', 'ae8b14860a799888'],
    ['sha1', 'abc', 'a9993e364706816aba3e25717850c26c9cd0d89d'],
    ['sha256', 'abc', 'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad'],
    ['crc32', '', '00000000'],
    ['crc32c', '', '00000000'],
    ['crc64nvme', '', '0000000000000000'],
  ] as const)('%s of "%s" is the published value', (algorithm, text, expected) => {
    expect(hex(digest(algorithm, text))).toBe(expected);
  });

  /** Vectors of RFC 3720, appendix B.4, most significant byte first. */
  it.each([
    [Buffer.alloc(32), '8a9136aa'],
    [Buffer.alloc(32, 0xff), '62a8ab43'],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => index)), '46dd794e'],
    [Buffer.from(Array.from({ length: 32 }, (_, index) => 31 - index)), '113fdb5c'],
  ])('crc32c of an iSCSI vector is the published value', (bytes, expected) => {
    expect(hex(digest('crc32c', bytes))).toBe(expected);
  });

  it.each(Object.keys(CHECKSUM_ALGORITHMS))('%s does not depend on how the bytes are cut', (name) => {
    const algorithm = checksumAlgorithmFromName(name) ?? 'crc32';
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), (bytes, at) => {
        expect(digest(algorithm, bytes.subarray(0, at), bytes.subarray(at))).toBe(digest(algorithm, bytes));
      }),
    );
  });

  it.each(['crc32', 'crc32c', 'crc64nvme'] as const)(
    '%s of parts combines into that of the whole',
    (algorithm) => {
      fc.assert(
        fc.property(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 5 }), (pieces) => {
          const parts = pieces.map((piece) => ({ value: digest(algorithm, piece), size: piece.length }));
          const combined = checksumFromParts(algorithm, 'FULL_OBJECT', parts);
          expect(combined).toEqual({ algorithm, type: 'FULL_OBJECT', value: digest(algorithm, ...pieces) });
        }),
      );
    },
  );

  it('knows a checksum by its length and its base64', () => {
    expect(isChecksumValue('crc32', digest('crc32', 'x'))).toBe(true);
    for (const value of ['', 'AAAA', 'AAAAAA=', 'AAAAAAA=', 'AAAA AA==', 'AAAAAB==', digest('sha1', 'x')])
      expect([value, isChecksumValue('crc32', value)]).toEqual([value, false]);
  });

  it('knows algorithms by name alone', () => {
    expect(checksumAlgorithmFromName('CRC32C')).toBe('crc32c');
    for (const name of ['md5', '', 'constructor', '__proto__'])
      expect(checksumAlgorithmFromName(name)).toBeUndefined();
  });
});
