import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPublicUrl } from '../../../src/s3/public-url.ts';

const ADDRESS = {
  origin: 'https://s3.example.com:8443',
  basePath: '/base/bucket',
};

describe('createPublicUrl', () => {
  it('is the object’s own URL without a base', () => {
    expect(createPublicUrl(ADDRESS, undefined)('a/b c.txt')).toBe(
      'https://s3.example.com:8443/base/bucket/a/b%20c.txt',
    );
  });

  it.each([
    ['https://cdn.example.com', 'https://cdn.example.com/a/b'],
    ['https://cdn.example.com/', 'https://cdn.example.com/a/b'],
    ['http://cdn.example.com:8080/x//', 'http://cdn.example.com:8080/x/a/b'],
  ])('is below %s', (base, expected) => {
    expect(createPublicUrl(ADDRESS, base)('a/b')).toBe(expected);
  });

  it.each(['cdn.example.com', 'ftp://x/', 'https://x/?a=1', 'https://x/#a', 'https://user:pw@x/'])(
    'refuses the base %s',
    (base) => {
      expect(() => createPublicUrl(ADDRESS, base)).toThrow(Error);
    },
  );

  it('leads back to the key, segment by segment, for all of Unicode', () => {
    const segment = fc.string({ unit: 'binary', minLength: 1 }).filter((text) => !/\/|^\.{1,2}$/.test(text));
    fc.assert(
      fc.property(fc.array(segment, { minLength: 1 }), (segments) => {
        const url = new URL(createPublicUrl(ADDRESS, 'https://cdn.example.com/x')(segments.join('/')));
        expect([url.search, url.hash]).toEqual(['', '']);
        expect(url.pathname.split('/').slice(2).map(decodeURIComponent)).toEqual(segments);
      }),
    );
  });
});
