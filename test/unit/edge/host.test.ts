import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { isValidAuthority } from '../../../src/edge/host.ts';

const GOOD = [
  'localhost',
  'a',
  'example.com',
  'example.com.',
  'EXAMPLE.com:443',
  'example.com:',
  'a:0',
  'a:65535',
  'a:008080',
  'api_v1.internal',
  'my-host--x:8080',
  '127.0.0.1',
  '127.0.0.1:8080',
  '[::1]',
  '[::1]:8080',
  '[2001:db8::8a2e:370:7334]',
  '[::ffff:192.0.2.1]:80',
  'xn--bcher-kva.example',
  'xn--bcher-kva.example:8443',
  `${'a'.repeat(63)}.example`,
];

const BAD = [
  '',
  ' ',
  ':',
  ':8080',
  '[',
  ']',
  '[]',
  '[]:80',
  '[::1',
  '::1',
  '[::1]8080',
  '[::1]]',
  '[[::1]]',
  '[:::1]',
  '[12345::]',
  '[fe80::1%25eth0]',
  '[fe80::1%eth0]',
  '[v1.fe]',
  '[example.com]',
  '[::1]x:80',
  'a b',
  ' a',
  'a ',
  'a\tb',
  'a:99999',
  'a:65536',
  'a:-1',
  'a:+80',
  'a:8a',
  'a:80:80',
  'a:80 ',
  'a,b',
  'a, b',
  'user@a',
  'user:password@a',
  'a/b',
  'a?b',
  'a#b',
  'a\\b',
  'a%20b',
  '%61',
  'a<b>',
  'a"b',
  "a'b",
  'a^b',
  'a|b',
  'http://a',
  'bücher.example',
  'a\u0000',
  'a\u007f',
  '１２７.0.0.1',
  '1.2.3.999',
  '1.2.3.4.5',
  '256.0.0.1',
  `${'a'.repeat(300)}.example`,
];

describe('host[:port]', () => {
  it.each(GOOD)('accepts %j', (authority) => {
    expect(isValidAuthority(authority)).toBe(true);
  });

  it.each(BAD)('refuses %j', (authority) => {
    expect(isValidAuthority(authority)).toBe(false);
  });

  /** connect-node builds this URL outside any try: an accepted host that does not parse would end the process. */
  it('accepts nothing that cannot be parsed as part of a URL, nor anything that changes its meaning', () => {
    const piece = fc.constantFrom(
      'a',
      '1',
      '0x',
      '.',
      ':',
      '[',
      ']',
      '@',
      '%',
      'xn--',
      '-',
      '_',
      '::1',
      '80',
      '/',
      'é',
    );
    const authorities = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(piece).map((pieces) => pieces.join('')),
    );
    fc.assert(
      fc.property(authorities, (authority) => {
        if (!isValidAuthority(authority)) return;
        const url = new URL('/upload.v1.UploadService/CreateS3Upload', `http://${authority}`);
        expect([url.pathname, url.username, url.search]).toEqual([
          '/upload.v1.UploadService/CreateS3Upload',
          '',
          '',
        ]);
      }),
      { numRuns: 5_000 },
    );
  });
});
