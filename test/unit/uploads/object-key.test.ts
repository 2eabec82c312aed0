import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { objectKeyFrom } from '../../../src/uploads/object-key.ts';
import { InvalidTemplateError, parseObjectKeyTemplate } from '../../../src/uploads/object-key-template.ts';

const DEFAULT_TEMPLATE = loadSettings({}).objectKeyTemplate;
const UUID = '0198d0b0-1234-7abc-8def-0123456789ab';
const NOW_MS = Date.UTC(2026, 0, 2, 3, 4, 5);
const TEMPLATES = [DEFAULT_TEMPLATE, '{uuid}', 'in/{date}-{owner}/{uuid}_{name}', '{name}/{uuid}/{name}'];

const anyName = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 1024 }),
  fc.constantFrom(
    '..',
    '.',
    '/',
    '../..',
    'a/../b',
    '\\..\\x',
    '%2e%2e',
    '\u2024\u2024',
    '?',
    '#',
    ' ',
    '\u0000',
    '\ud800',
  ),
);

const anyPrefix = fc.constantFrom('', 'avatars/', 'a/b/', '.../', `${'p'.repeat(199)}/`);

function keyFrom(template: string, filename: string, owner = 'acme', uuid = UUID, prefix = ''): string {
  return objectKeyFrom(parseObjectKeyTemplate(template), { prefix, owner, uuid, nowMs: NOW_MS, filename });
}

/** The longest that every part of a key can get, and a template that uses all of the room. */
const LONGEST = {
  template: `${'a'.repeat(250)}/${'b'.repeat(250)}/${'c'.repeat(91)}/{owner}/{uuid}/{name}`,
  owner: 'o'.repeat(64),
  filename: 'n'.repeat(128),
  prefix: `${'p'.repeat(199)}/`,
};

describe('objectKeyFrom', () => {
  it('follows the default template', () => {
    expect(keyFrom(DEFAULT_TEMPLATE, 'John Doe')).toBe(`acme/2026/01/02/${UUID}/John-Doe`);
  });

  it('follows a template of the operator', () => {
    expect(keyFrom('raw/{uuid}-{name}', 'a b.txt')).toBe(`raw/${UUID}-a-b.txt`);
  });

  it.each([
    ['{owner}/{date}/{uuid}', `acme/avatars/2026/01/02/${UUID}`],
    ['{owner}/{uuid}', `acme/avatars/${UUID}`],
    ['raw/{owner}/in/{uuid}', `raw/acme/avatars/in/${UUID}`],
    ['{date}/{uuid}', `avatars/2026/01/02/${UUID}`],
    ['{owner}-{uuid}', `avatars/acme-${UUID}`],
  ])('puts the prefix behind the folder of the owner, if there is one: %s', (template, key) => {
    expect(keyFrom(template, 'a', 'acme', UUID, 'avatars/')).toBe(key);
  });

  /** One owner's keys must not get into another's folder, whatever prefix their policy sets. */
  it('keeps owners apart whatever the prefix', () => {
    for (const template of ['{owner}/{uuid}', 'raw/{owner}/{uuid}']) {
      const acme = keyFrom(template, 'a').slice(0, -UUID.length);
      for (const prefix of [acme, 'acme/', 'raw/acme/'])
        expect(keyFrom(template, 'a', 'evil', UUID, prefix).startsWith(acme)).toBe(false);
    }
  });

  it('shows the day in UTC', () => {
    const template = parseObjectKeyTemplate('{date}/{uuid}');
    const at = (nowMs: number) =>
      objectKeyFrom(template, { prefix: '', owner: 'o', uuid: UUID, nowMs, filename: 'f' });
    expect(at(Date.UTC(2026, 11, 31, 23, 59, 59, 999))).toBe(`2026/12/31/${UUID}`);
    expect(at(Date.UTC(2027, 0, 1))).toBe(`2027/01/01/${UUID}`);
  });

  /** A caller must not be able to leave its prefix, or to make a key that a URL parser or a file system changes. */
  it('is a legal key that survives a URL parser, for any name, owner and template', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TEMPLATES),
        anyName,
        anyName,
        anyPrefix,
        (template, filename, owner, prefix) => {
          const key = keyFrom(template, filename, owner, UUID, prefix);
          expect(key).toContain(prefix);
          expect(key).toMatch(/^[A-Za-z0-9._/-]+$/);
          expect(key.length).toBeLessThanOrEqual(1024);
          for (const segment of key.split('/')) {
            expect(segment).not.toMatch(/^\.{0,2}$/);
            expect(segment.length).toBeLessThanOrEqual(255);
          }
          expect(new URL(`https://bucket.example/${key}`).pathname).toBe(`/${key}`);
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('has room for the longest prefix before the longest key of any template', () => {
    const { template, filename, owner, prefix } = LONGEST;
    expect(keyFrom(template, filename, owner, UUID, prefix)).toHaveLength(1024);
    expect(() => parseObjectKeyTemplate(`x${template}`)).toThrow(/S3 takes 1024, of which 200 are kept/);
  });

  /** A policy is checked when it is given; one that came past that must not make a key that means another one. */
  it.each(['avatars', '/', '/a/', 'a//', '../', 'a/../', './', 'a b/', 'ä/', 'a?/', `${'p'.repeat(200)}/`])(
    'refuses the prefix %j',
    (prefix) => {
      expect(() => keyFrom(DEFAULT_TEMPLATE, 'a', 'acme', UUID, prefix)).toThrow(RangeError);
    },
  );

  it('differs whenever the UUID differs', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEMPLATES), anyName, fc.uuid(), fc.uuid(), (template, name, a, b) => {
        fc.pre(a !== b);
        expect(keyFrom(template, name, 'acme', a)).not.toBe(keyFrom(template, name, 'acme', b));
      }),
    );
  });
});

describe('parseObjectKeyTemplate', () => {
  function problemsOf(template: string): readonly string[] {
    try {
      parseObjectKeyTemplate(template);
    } catch (error) {
      if (error instanceof InvalidTemplateError) return error.problems;
      throw error;
    }
    return [];
  }

  it.each(TEMPLATES)('takes %s', (template) => {
    expect(problemsOf(template)).toEqual([]);
  });

  it.each([
    ['{owner}/{name}', /\{uuid\} is missing/],
    ['', /\{uuid\} is missing/],
    ['{uuid}/{nmae}', /unknown placeholder \{nmae\}, known are \{owner\}, \{uuid\}, \{date\}, \{name\}/],
    ['{uuid}/{constructor}', /unknown placeholder \{constructor\}/],
    ['{uuid}/{__proto__}', /unknown placeholder \{__proto__\}/],
    ['/{uuid}', /begin or end with \//],
    ['{uuid}/', /begin or end with \//],
    ['a//{uuid}', /begin or end with \//],
    ['../{uuid}', /\. and \.\. cannot be segments/],
    ['a/./{uuid}', /\. and \.\. cannot be segments/],
    ['{uuid}/..', /\. and \.\. cannot be segments/],
    ['a b/{uuid}', /only A-Z/],
    ['a?x=#/{uuid}', /not \? = #/],
    ['%2e%2e/{uuid}', /not %/],
    ['übung/{uuid}', /not ü/],
    ['a\\{uuid}', /only A-Z/],
    ['{uuid', /not \{/],
    [`${'a/'.repeat(600)}{uuid}`, /S3 takes 1024/],
    [`${'a'.repeat(220)}{uuid}`, /longer than 255 bytes/],
    ['{uuid}{name}{name}', /longer than 255 bytes/],
  ])('refuses %j and says why', (template, problem) => {
    expect(problemsOf(template).join('; ')).toMatch(problem);
  });

  it('reports every problem at once', () => {
    expect(problemsOf('/../ä{x}/{name}')).toHaveLength(5);
  });
});
