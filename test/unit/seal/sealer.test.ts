import { createSecretKey } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSealer, SEALED_MAX_LENGTH } from '../../../src/seal/create-sealer.ts';

const KEY = createSecretKey(Buffer.alloc(32, 1));
const OTHER_KEY = createSecretKey(Buffer.alloc(32, 2));

const sealer = createSealer([KEY], 'test');
const payloads = fc.uint8Array({ maxLength: 800 });
const contexts = fc.string({ unit: 'grapheme', maxLength: 60 });
const pairs = fc.tuple(payloads, contexts);

const opened = (sealed: string, context: string, by = sealer) => {
  const payload = by.open(sealed, context);
  return payload === undefined ? undefined : Uint8Array.from(payload);
};

/** One of 65,536 keys has the same two bytes of hint as `KEY`; this is one. */
const TWIN = createSecretKey(Buffer.from('candidate 71883'));

describe('sealing', () => {
  it('makes URL-safe text that opens to the payload', () => {
    fc.assert(
      fc.property(pairs, ([payload, context]) => {
        const sealed = sealer.seal(payload, context);
        expect(sealed).toMatch(/^[A-Za-z0-9_-]+$/);
        expect(opened(sealed, context)).toEqual(payload);
      }),
    );
  });

  it('makes the same text of the same payload and context, in every instance', () => {
    fc.assert(
      fc.property(pairs, ([payload, context]) => {
        const other = createSealer([createSecretKey(Buffer.alloc(32, 1))], 'test');
        expect(other.seal(payload, context)).toBe(sealer.seal(payload, context));
      }),
    );
  });

  it('makes texts of different nonces for different payloads and contexts', () => {
    const nonceOf = (sealed: string) => Buffer.from(sealed, 'base64url').subarray(3, 15).toString('hex');
    fc.assert(
      fc.property(pairs, pairs, ([payload, context], [otherPayload, otherContext]) => {
        fc.pre(context !== otherContext || Buffer.compare(payload, otherPayload) !== 0);
        expect(nonceOf(sealer.seal(payload, context))).not.toBe(
          nonceOf(sealer.seal(otherPayload, otherContext)),
        );
      }),
    );
    // The same bytes in a row, cut at another place.
    expect(nonceOf(sealer.seal(Buffer.from('bc'), 'a'))).not.toBe(
      nonceOf(sealer.seal(Buffer.from('c'), 'ab')),
    );
  });

  it('shows nothing of the payload', () => {
    const text = 'a payload that anyone would recognise';
    const sealed = Buffer.from(sealer.seal(Buffer.from(text), text), 'base64url');
    expect(sealed.includes(text.slice(0, 4))).toBe(false);
  });

  it('refuses a payload that could not be opened again', () => {
    const longest = (SEALED_MAX_LENGTH / 4) * 3 - 31;
    const payload = Buffer.alloc(longest, 'x');
    expect(opened(sealer.seal(payload, ''), '')).toEqual(Uint8Array.from(payload));
    expect(() => sealer.seal(Buffer.alloc(longest + 1), '')).toThrow(RangeError);
  });

  it('stays what earlier releases sealed', () => {
    expect(sealer.seal(Buffer.from('payload'), 'owner')).toBe(
      'ARK77e07odS8XXrV6BakEqNTsL-Tsq59S52gWQ7R7V0zPoc4egk',
    );
  });
});

describe('opening', () => {
  it('refuses a text with any bit flipped', () => {
    const sealed = Buffer.from(sealer.seal(Buffer.from('some payload'), 'owner'), 'base64url');
    for (let bit = 0; bit < sealed.length * 8; bit += 1) {
      const changed = Buffer.from(sealed);
      changed[bit >> 3] = (changed[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      expect(sealer.open(changed.toString('base64url'), 'owner')).toBeUndefined();
    }
  });

  it('refuses a text with any character changed, the unused bits of the last one included', () => {
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_';
    for (const payload of ['abc', 'abcd', 'abcde']) {
      const sealed = sealer.seal(Buffer.from(payload), 'owner');
      for (let at = 0; at < sealed.length; at += 1) {
        for (const character of `${alphabet}+/= .é\0`) {
          if (character === sealed[at]) continue;
          const changed = sealed.slice(0, at) + character + sealed.slice(at + 1);
          expect(sealer.open(changed, 'owner'), changed).toBeUndefined();
        }
      }
    }
  });

  it('refuses every truncation, and whatever is put around', () => {
    const sealed = sealer.seal(Buffer.from('some payload'), 'owner');
    for (let length = 0; length < sealed.length; length += 1) {
      expect(sealer.open(sealed.slice(0, length), 'owner')).toBeUndefined();
      expect(sealer.open(sealed.slice(length + 1), 'owner')).toBeUndefined();
    }
    for (const more of ['A', 'AA', 'AAAA', '=', '==', '\n', ' ', '\0', '.', sealed]) {
      expect(sealer.open(sealed + more, 'owner')).toBeUndefined();
      expect(sealer.open(more + sealed, 'owner')).toBeUndefined();
    }
  });

  it('refuses standard base64 and padding', () => {
    const sealed = Array.from({ length: 50 }, (_, index) => sealer.seal(Buffer.of(index), 'owner'));
    const standard = sealed.map((text) => Buffer.from(text, 'base64url').toString('base64'));
    const others = standard.filter((text) => !sealed.includes(text));
    expect(others.length).toBeGreaterThan(40);
    for (const text of others) expect(sealer.open(text, 'owner')).toBeUndefined();
  });

  it('refuses every other context', () => {
    fc.assert(
      fc.property(pairs, contexts, ([payload, context], other) => {
        fc.pre(other !== context);
        expect(sealer.open(sealer.seal(payload, context), other)).toBeUndefined();
      }),
    );
  });

  it('refuses what was sealed for another purpose, and with an unknown key', () => {
    const sealed = sealer.seal(Buffer.from('some payload'), 'owner');
    expect(createSealer([KEY], 'other').open(sealed, 'owner')).toBeUndefined();
    expect(createSealer([KEY], 'tes').open(sealed, 't\0owner')).toBeUndefined();
    expect(createSealer([OTHER_KEY], 'test').open(sealed, 'owner')).toBeUndefined();
  });

  it('refuses a text that is longer than any it makes', () => {
    expect(sealer.open('A'.repeat(10_000_000), 'owner')).toBeUndefined();
  });

  it('answers random text with undefined', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.base64String({ maxLength: 2_000 })),
        (text) => sealer.open(text, 'owner') === undefined,
      ),
      { numRuns: 20_000 },
    );
  });
});

describe('rotation', () => {
  const payload = Buffer.from('some payload');
  const before = sealer.seal(payload, 'owner');

  it('opens with every key and seals with the first', () => {
    const rotated = createSealer([OTHER_KEY, KEY], 'test');
    expect(opened(before, 'owner', rotated)).toEqual(Uint8Array.from(payload));
    const after = rotated.seal(payload, 'owner');
    expect(after).not.toBe(before);
    expect(opened(after, 'owner', createSealer([OTHER_KEY], 'test'))).toEqual(Uint8Array.from(payload));
    // An instance that was told of the new key, and does not yet seal with it.
    expect(opened(after, 'owner', createSealer([KEY, OTHER_KEY], 'test'))).toEqual(Uint8Array.from(payload));
  });

  it('refuses what a removed key sealed', () => {
    expect(createSealer([OTHER_KEY], 'test').open(before, 'owner')).toBeUndefined();
  });

  it('tells apart keys that share a hint', () => {
    expect(createSealer([TWIN], 'test').seal(payload, '').slice(0, 4)).toBe(before.slice(0, 4));
    expect(opened(before, 'owner', createSealer([TWIN, KEY], 'test'))).toEqual(Uint8Array.from(payload));
    expect(createSealer([TWIN], 'test').open(before, 'owner')).toBeUndefined();
  });
});
