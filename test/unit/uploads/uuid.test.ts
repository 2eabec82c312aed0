import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createRandomPool } from '../../../src/uploads/random-pool.ts';
import { uuidV7 } from '../../../src/uploads/uuid.ts';

describe('uuidV7', () => {
  it('is the example of RFC 9562 appendix A.6', () => {
    const random = Uint8Array.from([0x0c, 0xc3, 0x18, 0xc4, 0xdc, 0x0c, 0x0c, 0x07, 0x39, 0x8f]);
    expect(uuidV7(0x017f22e279b0, random)).toBe('017f22e2-79b0-7cc3-98c4-dc0c0c07398f');
  });

  it('has version 7 and the RFC variant for any time and any bytes', () => {
    const bytes = fc.uint8Array({ minLength: 10, maxLength: 10 });
    fc.assert(
      fc.property(fc.integer({ min: 0, max: 2 ** 48 - 1 }), bytes, (nowMs, random) => {
        const uuid = uuidV7(nowMs, random);
        expect(uuid).toMatch(/^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/);
        expect(Number.parseInt(uuid.replaceAll('-', '').slice(0, 12), 16)).toBe(nowMs);
      }),
    );
  });

  it('shows all 74 random bits', () => {
    const seen = Array.from({ length: 10 }, (_, index) => {
      const random = new Uint8Array(10);
      random[index] = 0x01;
      return uuidV7(0, random);
    });
    expect(new Set([...seen, uuidV7(0, new Uint8Array(10))]).size).toBe(11);
  });

  it('sorts by time', () => {
    const ones = new Uint8Array(10).fill(255);
    const zeros = new Uint8Array(10);
    expect(uuidV7(1_000, ones) < uuidV7(1_001, zeros)).toBe(true);
  });

  it('refuses a time that does not fit, and too few bytes', () => {
    const random = new Uint8Array(10);
    for (const nowMs of [-1, 0.5, Number.NaN, 2 ** 48]) {
      expect(() => uuidV7(nowMs, random)).toThrow(RangeError);
    }
    expect(() => uuidV7(0, new Uint8Array(9))).toThrow(RangeError);
  });
});

describe('createRandomPool', () => {
  function countingPool() {
    let next = 0;
    let fills = 0;
    const random = createRandomPool((bytes) => {
      fills += 1;
      for (let index = 0; index < bytes.length; index += 1) bytes[index] = next++ % 251;
    });
    return { random, fills: () => fills };
  }

  /** Two uploads with the same random bytes could get the same key. */
  it('gives no byte twice', () => {
    const { random } = countingPool();
    const given = Array.from({ length: 2000 }, () => random(7)).flatMap((piece) => [...piece]);
    const expected = Array.from({ length: given.length }, (_, index) => index);
    // 4096 is no multiple of 7: the one byte left of each pool is dropped.
    const used = expected.map((index) => (index + Math.floor(index / 4095)) % 251);
    expect(given).toEqual(used);
  });

  it('never changes what it has given', () => {
    const { random } = countingPool();
    const first = random(10);
    const copy = [...first];
    for (let index = 0; index < 1000; index += 1) random(10);
    expect([...first]).toEqual(copy);
  });

  it('asks the system once for hundreds of pieces', () => {
    const { random, fills } = countingPool();
    for (let index = 0; index < 409; index += 1) random(10);
    expect(fills()).toBe(1);
    random(10);
    expect(fills()).toBe(2);
  });

  it('refuses more than a pool', () => {
    expect(() => countingPool().random(4097)).toThrow(RangeError);
  });
});
