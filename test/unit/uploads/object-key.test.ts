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

function keyFrom(template: string, filename: string, owner = 'acme', uuid = UUID): string {
  return objectKeyFrom(parseObjectKeyTemplate(template), { owner, uuid, nowMs: NOW_MS, filename });
}

describe('objectKeyFrom', () => {
  it('follows the default template', () => {
    expect(keyFrom(DEFAULT_TEMPLATE, 'John Doe')).toBe(`acme/2026/01/02/${UUID}/John-Doe`);
  });

  it('follows a template of the operator', () => {
    expect(keyFrom('raw/{uuid}-{name}', 'a b.txt')).toBe(`raw/${UUID}-a-b.txt`);
  });

  it('shows the day in UTC', () => {
    const template = parseObjectKeyTemplate('{date}/{uuid}');
    const at = (nowMs: number) => objectKeyFrom(template, { owner: 'o', uuid: UUID, nowMs, filename: 'f' });
    expect(at(Date.UTC(2026, 11, 31, 23, 59, 59, 999))).toBe(`2026/12/31/${UUID}`);
    expect(at(Date.UTC(2027, 0, 1))).toBe(`2027/01/01/${UUID}`);
  });

  /** A caller must not be able to leave its prefix, or to make a key that a URL parser or a file system changes. */
  it('is a legal key that survives a URL parser, for any name, owner and template', () => {
    fc.assert(
      fc.property(fc.constantFrom(...TEMPLATES), anyName, anyName, (template, filename, owner) => {
        const key = keyFrom(template, filename, owner);
        expect(key).toMatch(/^[A-Za-z0-9._/-]+$/);
        expect(key.length).toBeLessThanOrEqual(1024);
        for (const segment of key.split('/')) {
          expect(segment).not.toMatch(/^\.{0,2}$/);
          expect(segment.length).toBeLessThanOrEqual(255);
        }
        expect(new URL(`https://bucket.example/${key}`).pathname).toBe(`/${key}`);
      }),
      { numRuns: 1000 },
    );
  });

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
