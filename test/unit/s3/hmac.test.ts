import { createHmac } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHmacSha256 } from '../../../src/s3/hmac.ts';

describe('HMAC-SHA-256', () => {
  it("is node:crypto's, for keys and texts of any length and in any order", () => {
    const texts = fc.array(fc.string({ unit: 'binary', maxLength: 600 }), { minLength: 1, maxLength: 3 });
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 130 }), texts, (key, each) => {
        const hmac = createHmacSha256(key);
        for (const text of each)
          expect(hmac(text)).toBe(createHmac('sha256', key).update(text).digest('hex'));
      }),
      { numRuns: 40 },
    );
  });
});
