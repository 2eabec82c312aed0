import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/security.md'), 'utf8');

/** The rows of the tables of threats, without heads and rules. */
const rows = page
  .slice(0, page.indexOf('\n## What to know when running it'))
  .split('\n')
  .filter((line) => line.startsWith('| ') && !line.startsWith('| ---'))
  .filter((line) => !line.endsWith('| Test |'));

describe('the threats that the docs name', () => {
  it('are many, and each names a test', () => {
    expect(rows.length).toBeGreaterThan(60);
    expect(rows.filter((row) => !row.includes('`test/'))).toEqual([]);
  });

  it('name tests that exist', () => {
    const named = [...page.matchAll(/`(test\/[^`]+)`/g)].map(([, path = '']) => path);
    expect(named.filter((path) => !existsSync(join(ROOT, path)))).toEqual([]);
    expect(named.filter((path) => !/\.(?:ts|mjs)$/.test(path))).toEqual([]);
  });
});

/** Security property: installing runs no code of packages but the pinned runtime's. */
it('one package may run a script when it is installed', () => {
  const { allowScripts } = JSON.parse(readFileSync(join(ROOT, 'package.json'), 'utf8'));
  const allowed = Object.entries(allowScripts).filter(([, isAllowed]) => isAllowed === true);
  expect(allowed).toEqual([['node', true]]);
});
