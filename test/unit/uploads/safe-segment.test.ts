import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  NAME_MAX_BYTES,
  OWNER_MAX_BYTES,
  SEGMENT_RULES,
  safeName,
  safeOwner,
} from '../../../src/uploads/safe-segment.ts';

/** Any sequence of UTF-16 code units: all of Unicode, and lone surrogates too. */
const anyText = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: 'binary', minLength: 100, maxLength: 1100 }),
  fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
  fc.string({ unit: fc.constantFrom('.', '-', '/', '\\', 'a', '_', ' ', '․', '／', '％', 'é', '\u0301') }),
);

describe('safeName', () => {
  it.each([
    ['photo.jpg', 'photo.jpg'],
    ['John Doe', 'John-Doe'],
    ['Photo (1) final.JPG', 'Photo-1-final.JPG'],
    ['C:\\fakepath\\cat.png', 'cat.png'],
    ['../../etc/passwd', 'passwd'],
    ['/var/log/', 'log'],
    ['a/..', 'file'],
    ['..', 'file'],
    ['...', 'file'],
    ['/', 'file'],
    ['.htaccess', 'htaccess'],
    ['--help', 'help'],
    ['Ärger mit Straße.txt', 'Arger-mit-Strasse.txt'],
    ['Łódź, Ørsted & Æon.csv', 'Lodz-Orsted-AEon.csv'],
    ['日本語.pdf', 'file.pdf'],
    ['日本語', 'file'],
    ['résumé..tar...gz', 'resume.tar.gz'],
    ['ＦＵＬＬ／ｗｉｄｔｈ．ｐｎｇ', 'FULL-width.png'],
    ['x\u2025\u2025y', 'x.y'],
    ['evil\u202Egpj.exe', 'evil-gpj.exe'],
    ['a%2F..%2Fb', 'a-2F.2Fb'],
    ['q?x=1#frag.txt', 'q-x-1-frag.txt'],
    ['CON', 'file-CON'],
    ['nul.tar.gz', 'file-nul.tar.gz'],
    ['COM¹.txt', 'file-COM1.txt'],
    ['console.log', 'console.log'],
    ['trailing.', 'trailing'],
    ['__init__.py', '__init__.py'],
    ['\ud800.bin', 'file.bin'],
    ['', 'file'],
  ])('makes %j into %j', (given, expected) => {
    expect(safeName(given)).toBe(expected);
  });

  it('keeps the extension of a name that is too long', () => {
    const name = safeName(`${'a'.repeat(500)}.tar.jpeg`);
    expect(name).toHaveLength(NAME_MAX_BYTES);
    expect(name).toMatch(/a\.jpeg$/);
  });

  it('keeps no extension that is itself too long to be one', () => {
    expect(safeName(`a.${'b'.repeat(500)}`)).toBe(`a.${'b'.repeat(NAME_MAX_BYTES - 2)}`);
  });

  /** Guards against traversal, hidden files and keys that two parsers read differently. */
  it('is short, plain ASCII, without dots that mean something, for any text', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const name = safeName(text);
        expect(name).toMatch(/^[A-Za-z0-9_]+(?:[.-][A-Za-z0-9_-]*[A-Za-z0-9_])*$/);
        expect(name).not.toMatch(/\.\.|--|\.-|-\./);
        expect(name.length).toBeLessThanOrEqual(NAME_MAX_BYTES);
      }),
      { numRuns: 2000 },
    );
  });

  it('leaves a safe name as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        expect(safeName(safeName(text))).toBe(safeName(text));
      }),
      { numRuns: 2000 },
    );
  });

  it('says for a plain name what the rules say', () => {
    const limits = { fallback: 'file', maxBytes: NAME_MAX_BYTES };
    const plainText = fc.string({ unit: fc.constantFrom(...'aZ0_.-com1CON'), maxLength: 140 });
    fc.assert(
      fc.property(fc.oneof(plainText, anyText), (text) => {
        const byRules = SEGMENT_RULES.reduce((result, rule) => rule.apply(result, limits), text);
        expect(safeName(text)).toBe(byRules);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('safeOwner', () => {
  it('leaves a safe owner as it is', () => {
    expect(safeOwner('team-a')).toBe('team-a');
    expect(safeOwner('user_42')).toBe('user_42');
  });

  it('keeps the whole of an owner that looks like a path', () => {
    expect(safeOwner('acme/team a')).toMatch(/^acme-team-a-[0-9a-f]{16}$/);
  });

  /** One customer's prefix must never be another's, whatever they are called. */
  it('never gives two owners one prefix', () => {
    const similar = [
      'team a',
      'team-a',
      'team/a',
      'team\\a',
      'téam a',
      'team  a',
      '.team-a',
      'team-a.',
      'x/../team-a',
    ];
    const long = ['o'.repeat(64), 'o'.repeat(65), 'o'.repeat(66)];
    const empty = ['', '/', '..', '日本', '中国', 'owner'];
    const owners = [...similar, ...long, ...empty];
    expect(new Set(owners.map(safeOwner)).size).toBe(owners.length);
    fc.assert(
      fc.property(anyText, anyText, (a, b) => {
        fc.pre(a !== b);
        expect(safeOwner(a)).not.toBe(safeOwner(b));
      }),
    );
  });

  it('is one short, plain segment for any text, and leaves that as it is', () => {
    fc.assert(
      fc.property(anyText, (text) => {
        const owner = safeOwner(text);
        expect(owner).toMatch(/^[A-Za-z0-9_][A-Za-z0-9._-]*$/);
        expect(owner).not.toContain('..');
        expect(owner.length).toBeLessThanOrEqual(OWNER_MAX_BYTES);
        expect(safeOwner(owner)).toBe(owner);
      }),
      { numRuns: 2000 },
    );
  });
});
