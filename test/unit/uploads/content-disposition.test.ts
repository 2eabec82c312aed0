import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { contentDisposition } from '../../../src/uploads/content-disposition.ts';

/** The name in full, as a client reads it that knows RFC 8187. */
function readName(header: string): string | undefined {
  const full = /; filename\*=UTF-8''([^;]*)$/.exec(header)?.[1];
  return full === undefined ? /; filename="([^"]*)"$/.exec(header)?.[1] : decodeURIComponent(full);
}

describe('contentDisposition', () => {
  it.each([
    ['report.pdf', 'attachment; filename="report.pdf"'],
    ['holiday photo (1).jpg', 'attachment; filename="holiday photo (1).jpg"'],
    ['Grüße.txt', 'attachment; filename="Gr__e.txt"; filename*=UTF-8\'\'Gr%C3%BC%C3%9Fe.txt'],
    ['a"b\\c.txt', 'attachment; filename="c.txt"'],
    ['a"b.txt', 'attachment; filename="a_b.txt"; filename*=UTF-8\'\'a%22b.txt'],
    ['50%.txt', 'attachment; filename="50_.txt"; filename*=UTF-8\'\'50%25.txt'],
    ["it's (a) *.txt", 'attachment; filename="it\'s (a) *.txt"'],
    [
      "é's (a) *.txt",
      "attachment; filename=\"_'s (a) *.txt\"; filename*=UTF-8''%C3%A9%27s%20%28a%29%20%2A.txt",
    ],
    ['../../etc/passwd', 'attachment; filename="passwd"'],
    ['C:\\fakepath\\a.jpg', 'attachment; filename="a.jpg"'],
    ['dir/', 'attachment; filename="dir"'],
    ['/', 'attachment'],
    ['..', 'attachment'],
    [' ', 'attachment'],
  ])('names %j as %s', (filename, header) => {
    expect(contentDisposition('attachment', filename)).toBe(header);
    expect(contentDisposition('inline', filename)).toBe(header.replace('attachment', 'inline'));
  });

  it('gives the last segment of every name back, in a header that nothing in it can end', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1, maxLength: 40 }), (filename) => {
        fc.pre(!/\p{Cc}/u.test(filename));
        const header = contentDisposition('attachment', filename);
        expect(header).toMatch(
          /^attachment(?:; filename="[^"\\%\x00-\x1f\x7f-\uffff]*"(?:; filename\*=UTF-8''[\w.~!%-]*)?)?$/,
        );
        const last = (filename.split(/[/\\]/).findLast((segment) => segment !== '') ?? '').trim();
        expect(readName(header) ?? '').toBe(last === '.' || last === '..' ? '' : last);
      }),
    );
  });

  it('cuts a name to what file systems can hold, between characters, and keeps the extension', () => {
    const name = readName(contentDisposition('inline', `${'😀'.repeat(1000)}.jpeg`)) ?? '';
    expect(Buffer.byteLength(name)).toBeLessThanOrEqual(255);
    expect(Buffer.byteLength(name)).toBeGreaterThan(250);
    expect(name).toMatch(/^(?:😀)+\.jpeg$/u);
    expect(contentDisposition('inline', 'x'.repeat(255))).toBe(`inline; filename="${'x'.repeat(255)}"`);
  });
});
