import { randomBytes } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRequestIds, isCleanRequestId } from '../../../src/edge/request-id.ts';

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

  it('never repeats an id, also across the draws of its pool, and draws from the given random only', () => {
    let byte = 0;
    const draws: number[] = [];
    const nextId = createRequestIds((size) => {
      draws.push(size);
      return Uint8Array.from(
        { length: size },
        (_, i) => (i % 12 === 0 ? byte++ : 0) + (i % 12 === 1 ? draws.length : 0),
      );
    });
    const ids = Array.from({ length: 700 }, () => nextId(undefined));
    expect(new Set(ids).size).toBe(700);
    expect(draws.length).toBe(3);
    expect(ids[0]).toBe('req_000100000000000000000000');
  });
});
