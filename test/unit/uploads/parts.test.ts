import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { layOutParts, missingParts, partBytes, rangesText } from '../../../src/uploads/parts.ts';
import { PROVIDER_CAPABILITIES } from '../../../src/uploads/providers.ts';
import { storedPart } from '../../support/upload-fixture.ts';

const { aws } = PROVIDER_CAPABILITIES;
const MIB = 1_048_576;
const size = fc.integer({ min: 1, max: aws.objectMaxBytes });
const wish = fc.option(fc.integer({ min: aws.partMinBytes, max: aws.partMaxBytes }), { nil: undefined });

describe('the layout of parts', () => {
  it('covers the file to the byte, in parts that the provider takes, all but the last of one size', () => {
    fc.assert(
      fc.property(size, wish, (sizeBytes, wished) => {
        const layout = layOutParts(sizeBytes, wished, aws);
        expect(layout).toBeDefined();
        const { partSizeBytes = 0, partCount = 0 } = layout ?? {};
        expect(partCount).toBeLessThanOrEqual(aws.partsMax);
        expect(partSizeBytes).toBeGreaterThanOrEqual(Math.min(aws.partMinBytes, sizeBytes));
        expect(partSizeBytes).toBeLessThanOrEqual(aws.partMaxBytes);
        const last = partBytes(partCount, sizeBytes, partSizeBytes);
        expect(last).toBeGreaterThan(0);
        expect(last).toBeLessThanOrEqual(partSizeBytes);
        expect((partCount - 1) * partSizeBytes + last).toBe(sizeBytes);
      }),
    );
  });

  it.each([
    [1, undefined, 16 * MIB, 1],
    [16 * MIB, undefined, 16 * MIB, 1],
    [16 * MIB + 1, undefined, 16 * MIB, 2],
    [100 * MIB, 5 * MIB, 5 * MIB, 20],
    [10_000 * 16 * MIB, undefined, 16 * MIB, 10_000],
    [10_000 * 16 * MIB + 1, undefined, 17 * MIB, 9_412],
    [aws.objectMaxBytes, undefined, aws.partMaxBytes, 10_000],
  ])('of %d bytes with the wish %s has parts of %d bytes, %d of them', (sizeBytes, wished, bytes, count) => {
    expect(layOutParts(sizeBytes, wished, aws)).toEqual({ partSizeBytes: bytes, partCount: count });
  });

  it('is none for a file that has too many parts even of the largest size', () => {
    expect(layOutParts(aws.objectMaxBytes + 1, undefined, aws)).toBeUndefined();
  });
});

describe('missing parts', () => {
  const layout = { partSizeBytes: 10, partCount: 5 };

  it('are those that S3 lacks, as runs', () => {
    expect(missingParts([], 42, layout)).toEqual([{ first: 1, last: 5 }]);
    expect(missingParts([storedPart(2, 10), storedPart(5, 2)], 42, layout)).toEqual([
      { first: 1, last: 1 },
      { first: 3, last: 4 },
    ]);
  });

  it('are also those that S3 has in another size than planned', () => {
    const parts = [1, 2, 3, 4].map((number) => storedPart(number, number === 3 ? 9 : 10));
    expect(missingParts([...parts, storedPart(5, 10)], 42, layout)).toEqual([
      { first: 3, last: 3 },
      { first: 5, last: 5 },
    ]);
  });

  it('are none when all are there', () => {
    const parts = [1, 2, 3, 4].map((number) => storedPart(number, 10));
    expect(missingParts([...parts, storedPart(5, 2)], 42, layout)).toEqual([]);
  });

  it('are said in few words, however many runs there are', () => {
    expect(
      rangesText([
        { first: 1, last: 3 },
        { first: 7, last: 7 },
      ]),
    ).toBe('1-3, 7');
    const many = Array.from({ length: 12 }, (_, index) => ({ first: index * 2, last: index * 2 }));
    expect(rangesText(many)).toBe('0, 2, 4, 6, 8, 10, 12, 14, 16, 18 and 2 more runs');
  });
});
