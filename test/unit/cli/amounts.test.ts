import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  durationText,
  rateFromText,
  rateText,
  secondsFromText,
  sizeFromText,
  sizeText,
} from '../../../src/cli/amounts.ts';

describe('sizes', () => {
  it.each([
    ['0', 0n],
    ['10485760', 10_485_760n],
    ['10MB', 10_000_000n],
    ['10MiB', 10_485_760n],
    ['10mb', 10_000_000n],
    ['1.1GB', 1_100_000_000n],
    ['0.5KiB', 512n],
    ['5B', 5n],
  ])('reads %s as %s bytes', (text, bytes) => {
    expect(sizeFromText(text)).toBe(bytes);
  });

  it.each(['', '-1', '1.5', '0.0001KB', '10 MB', '10M', 'MB', '1e6', '9007199254740992', '9999TiB', '٣'])(
    'refuses "%s"',
    (text) => {
      expect(sizeFromText(text)).toBeUndefined();
    },
  );

  it('are written so that they are read back', () => {
    fc.assert(
      fc.property(fc.maxSafeNat(), (bytes) => sizeFromText(sizeText(BigInt(bytes))) === BigInt(bytes)),
    );
  });

  it('are written in the largest unit that fits', () => {
    expect([5_000_000n, 5_368_709_120n, 1_000n, 1_024n, 1_001n, 0n].map(sizeText)).toEqual([
      '5MB',
      '5GiB',
      '1KB',
      '1KiB',
      '1001B',
      '0B',
    ]);
  });
});

describe('durations', () => {
  it('are whole seconds', () => {
    expect(['0s', '90s', '1.5m', '24h', '1500ms', '0.5s', 'x', ''].map(secondsFromText)).toEqual([
      0,
      90,
      90,
      86_400,
      undefined,
      undefined,
      undefined,
      undefined,
    ]);
  });

  it('are written so that they are read back', () => {
    fc.assert(
      fc.property(fc.nat(10_000_000), (seconds) => secondsFromText(durationText(seconds)) === seconds),
    );
  });
});

describe('rates', () => {
  it('are calls per window', () => {
    expect(rateFromText('100/1m')).toEqual({ requests: 100, windowSeconds: 60 });
    expect(rateText({ requests: 100, windowSeconds: 3_600 })).toBe('100/1h');
  });

  it.each(['100', '100/', '/1m', '100/500ms', '1.5/1m', '-1/1m', '100/1m/1m', 'x/1m'])(
    'refuses "%s"',
    (text) => {
      expect(rateFromText(text)).toBeUndefined();
    },
  );
});
