import { randomBytes } from 'node:crypto';
import { crc32 as zlibCrc32 } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyEnvironment } from '../../../src/keys/api-key.ts';
import { base62FromNumber, randomBase62 } from '../../../src/keys/base62.ts';
import { crc32 } from '../../../src/keys/crc32.ts';
import {
  checkToken,
  digestFromToken,
  displayPartsOf,
  mintToken,
  TOKEN_LENGTH,
  TOKEN_PATTERN,
} from '../../../src/keys/token.ts';
import { OTHER_PEPPER, PEPPER } from '../../support/key-fixtures.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';
const environments = fc.constantFrom<KeyEnvironment>('live', 'test');
const entropy = fc.uint8Array({ minLength: 36, maxLength: 36 });

/** The given bytes first, then real randomness, so that rejected bytes cannot starve the generator. */
function bytesFrom(seed: Uint8Array) {
  let used = false;
  return (size: number) => {
    if (used) return randomBytes(size);
    used = true;
    return seed.subarray(0, size);
  };
}

const tokens = fc
  .tuple(environments, entropy)
  .map(([environment, seed]) => mintToken(environment, PEPPER, bytesFrom(seed)));

describe('minting', () => {
  it('makes tokens of one form that check out as genuine', () => {
    fc.assert(
      fc.property(environments, entropy, (environment, seed) => {
        const token = mintToken(environment, PEPPER, bytesFrom(seed));
        expect(token).toMatch(new RegExp(`^${TOKEN_PATTERN}$`));
        expect(token).toHaveLength(TOKEN_LENGTH);
        expect(token.startsWith(`pse_${environment}_1`)).toBe(true);
        expect(checkToken(token, [PEPPER])).toBe('genuine');
      }),
    );
  });

  it('never makes the same token twice', () => {
    const made = new Set(Array.from({ length: 10_000 }, () => mintToken('live', PEPPER, randomBytes)));
    expect(made.size).toBe(10_000);
  });

  it('draws every character of the random part equally often', () => {
    const counts = new Map<string, number>();
    for (const character of randomBase62(620_000, randomBytes))
      counts.set(character, (counts.get(character) ?? 0) + 1);
    expect(counts.size).toBe(62);
    // Expected 10,000 each with a deviation of 100; plain `byte % 62` would give eight of them 12,100.
    for (const count of counts.values()) expect(Math.abs(count - 10_000)).toBeLessThan(700);
  });
});

describe('checking', () => {
  /** A key that was mistyped or cut off must be told from a real one without asking anybody. */
  it('refuses any change of a single character', () => {
    fc.assert(
      fc.property(
        tokens,
        fc.nat(TOKEN_LENGTH - 1),
        fc.oneof(fc.constantFrom(...BASE62), fc.string({ minLength: 1, maxLength: 1, unit: 'binary' })),
        (token, at, character) => {
          fc.pre(token.charAt(at) !== character);
          const changed = token.slice(0, at) + character + token.slice(at + 1);
          expect(checkToken(changed, [PEPPER])).toBe('mistyped');
        },
      ),
      { numRuns: 2_000 },
    );
  });

  it('refuses any two neighbours that changed places', () => {
    fc.assert(
      fc.property(tokens, fc.nat(TOKEN_LENGTH - 2), (token, at) => {
        fc.pre(token.charAt(at) !== token.charAt(at + 1));
        const swapped = token.slice(0, at) + token.charAt(at + 1) + token.charAt(at) + token.slice(at + 2);
        expect(checkToken(swapped, [PEPPER])).toBe('mistyped');
      }),
    );
  });

  it('refuses whatever is not a token', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.string({ minLength: 59, maxLength: 59 })), (text) => {
        expect(checkToken(text, [PEPPER])).toBe('mistyped');
      }),
    );
    for (const text of ['', 'pse_live_1', 'null', 'pse_live_1'.repeat(6).slice(0, 59)])
      expect(checkToken(text, [PEPPER])).toBe('mistyped');
    const token = mintToken('live', PEPPER, randomBytes);
    for (const text of [`${token}\n`, ` ${token}`, token.slice(0, -1), `${token}0`, token.toLowerCase()])
      expect(checkToken(text, [PEPPER])).toBe('mistyped');
  });

  /** The checksum is public, so anyone can make a token of the right form; only the tag tells them apart. */
  it('recognises a token that was made without the pepper as forged', () => {
    fc.assert(
      fc.property(environments, entropy, (environment, seed) => {
        const forged = mintToken(environment, OTHER_PEPPER, bytesFrom(seed));
        expect(checkToken(forged, [PEPPER])).toBe('forged');
        expect(checkToken(forged, [])).toBe('forged');
      }),
    );
  });

  it('recognises a live token that was relabelled as a test token, even with its checksum made right', () => {
    const token = mintToken('live', PEPPER, randomBytes);
    const relabelled = token.replace('live', 'test').slice(0, -6);
    const repaired = relabelled + base62FromNumber(zlibCrc32(relabelled), 6);
    expect(checkToken(repaired, [PEPPER])).toBe('forged');
  });

  it('accepts the tag of every pepper in the list', () => {
    const token = mintToken('test', OTHER_PEPPER, randomBytes);
    expect(checkToken(token, [PEPPER, OTHER_PEPPER])).toBe('genuine');
  });
});

describe('what is derived from a token', () => {
  it('is a digest of 43 characters that tells every token from every other', () => {
    fc.assert(
      fc.property(tokens, tokens, (one, other) => {
        expect(digestFromToken(one)).toMatch(/^[\w-]{43}$/);
        expect(digestFromToken(one) === digestFromToken(other)).toBe(one === other);
      }),
    );
    expect(digestFromToken('abc')).toBe('ungWv48Bz-pBQUDeXa4iI7ADYaOWF3qctBD_YfIAFa0');
  });

  it('shows at most eight of its forty-nine characters', () => {
    const token = mintToken('live', PEPPER, randomBytes);
    const { start, end } = displayPartsOf(token);
    expect(start).toBe(token.slice(0, 14));
    expect(end).toBe(token.slice(-4));
  });
});

describe('CRC-32', () => {
  it('agrees with zlib on every ASCII text', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary-ascii', maxLength: 200 }), (text) => {
        expect(crc32(text)).toBe(zlibCrc32(text));
      }),
    );
  });
});

describe('base62', () => {
  it('keeps numbers apart and in order at a fixed width', () => {
    fc.assert(
      fc.property(fc.nat(2 ** 40), fc.nat(2 ** 40), (one, other) => {
        const [a, b] = [base62FromNumber(one, 7), base62FromNumber(other, 7)];
        expect(a).toHaveLength(7);
        // The alphabet is in ASCII order, so texts compare as their numbers do.
        expect(Math.sign(one - other)).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });
});
