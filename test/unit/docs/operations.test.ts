import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { SETTINGS } from '../../../src/config/settings.ts';

const ROOT = join(import.meta.dirname, '../../..');
const read = (path: string) => readFileSync(join(ROOT, path), 'utf8');

/** As GitHub makes it of a heading. */
const anchorOf = (heading: string) =>
  heading
    .toLowerCase()
    .replaceAll(/[^\w -]/g, '')
    .replaceAll(' ', '-');

describe.each(['README.md', 'docs/operations.md'])('%s', (path) => {
  const page = read(path);

  it('names settings that exist', () => {
    const settings = Object.values(SETTINGS).flatMap(({ name }) => [name, `${name}_FILE`]);
    const known = [...settings, 'PRESIGND_API_KEY', 'PRESIGND_API_KEY_FILE'];
    const named = [...page.matchAll(/\bPRESIGND_[A-Z_0-9]+/g)].map(([name]) => name);
    expect(named.length).toBeGreaterThan(1);
    expect(named.filter((name) => !known.includes(name))).toEqual([]);
  });

  it('links to files and headings that are there', () => {
    const folder = join(path, '..');
    const links = [...page.matchAll(/\]\((?!https?:)([^)#]*)(?:#([^)]*))?\)/g)];
    expect(links.length).toBeGreaterThan(5);
    for (const [link, file, anchor] of links) {
      const target = file ? join(folder, file) : path;
      expect(existsSync(join(ROOT, target)), link).toBe(true);
      if (anchor === undefined) continue;
      const headings = [...read(target).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) => anchorOf(heading));
      expect(headings, link).toContain(anchor);
    }
  });
});
