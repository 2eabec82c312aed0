import { randomBytes, randomFillSync } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequestIds, isCleanRequestId } from '../../../src/edge/request-id.ts';
import { createRandomPool } from '../../../src/uploads/random-pool.ts';

describe('request ids', () => {
  it.each(['a', 'req_1', '0:1.2-3_4', '7f3e4f9a-6a5e-4f5c-9b5b-4b2b0a2f7c11', 'x'.repeat(128)])(
    'keeps a clean %j',
    (id) => {
      expect(createRequestIds(randomBytes)(id)).toBe(id);
    },
  );

  it.each([undefined, '', 'x'.repeat(129), 'a b', 'a, b', 'a\nb', 'a/b', 'a;b', 'é', '{"a":1}', ['a', 'b']])(
    'replaces %j',
    (incoming) => {
      expect(createRequestIds(randomBytes)(incoming)).toMatch(/^req_[0-9a-f]{24}$/);
    },
  );

  it('scans exactly the letters of [\\w.:-]{1,128}', () => {
    for (let code = 0; code < 0x180; code++) {
      const character = String.fromCharCode(code);
      expect([code, isCleanRequestId(character)]).toEqual([code, /^[\w.:-]$/.test(character)]);
    }
    fc.assert(
      fc.property(
        fc.string({ maxLength: 140 }),
        (id) => isCleanRequestId(id) === /^[\w.:-]{1,128}$/.test(id),
      ),
    );
  });

  it('writes all the random bytes it is given into an id, and nothing else', () => {
    let draws = 0;
    const nextId = createRequestIds((size) => {
      draws += 1;
      return Uint8Array.from({ length: size }, (_, index) => 16 * draws + index);
    });
    expect(nextId(undefined)).toBe('req_101112131415161718191a1b');
    expect(nextId(undefined)).toBe('req_202122232425262728292a2b');
  });

  it('never repeats an id, also across the fills of the pool it draws from', () => {
    const nextId = createRequestIds(createRandomPool(randomFillSync));
    const ids = Array.from({ length: 700 }, () => nextId(undefined));
    expect(new Set(ids).size).toBe(700);
  });
});
