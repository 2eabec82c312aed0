import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { listPage } from '../../../src/local-s3/list-objects.ts';
import type { ObjectSummary } from '../../../src/local-s3/object-catalog.ts';

const byBytes = (left: string, right: string): number =>
  Buffer.compare(Buffer.from(left), Buffer.from(right));

function scannerOf(keys: readonly string[], prefix: string): (after: string) => ObjectSummary[] {
  const sorted = [...new Set(keys)].sort(byBytes);
  return (after) =>
    sorted
      .filter((key) => key.startsWith(prefix) && byBytes(key, after) > 0)
      .map((key) => ({ key, etag: '', size: 0, modifiedMs: 0 }));
}

/** Everything that a client sees which asks for page after page. */
function listAll(keys: readonly string[], prefix: string, delimiter: string, maxKeys: number): string[] {
  const seen: string[] = [];
  let after: string | undefined = '';
  while (after !== undefined) {
    const page = listPage(scannerOf(keys, prefix), { prefix, delimiter, after, maxKeys });
    const entries = [...page.objects.map(({ key }) => key), ...page.commonPrefixes];
    expect(entries.length).toBeLessThanOrEqual(maxKeys);
    if (page.nextAfter !== undefined) expect(entries.length).toBe(maxKeys);
    seen.push(...entries);
    after = page.nextAfter;
  }
  return seen;
}

const key = fc.stringMatching(/^[ab/😀]{1,6}$/u);

describe('listings', () => {
  it('show every key once, rolled up or not, however they are paged', () => {
    fc.assert(
      fc.property(
        fc.array(key, { maxLength: 20 }),
        fc.constantFrom('', 'a', 'a/', '/'),
        fc.constantFrom('', '/', 'ab'),
        fc.integer({ min: 1, max: 7 }),
        (keys, prefix, delimiter, maxKeys) => {
          const expected = new Set(
            keys
              .filter((name) => name.startsWith(prefix))
              .map((name) => {
                const at = delimiter === '' ? -1 : name.indexOf(delimiter, prefix.length);
                return at < 0 ? name : name.slice(0, at + delimiter.length);
              }),
          );
          const seen = listAll(keys, prefix, delimiter, maxKeys);
          expect([...seen].sort(byBytes)).toEqual([...expected].sort(byBytes));
        },
      ),
    );
  });

  it('read past the keys that a common prefix stands for', () => {
    const scans: string[] = [];
    const scan = scannerOf(['a/1', 'a/2', 'a/3', 'b'], '');
    const spied = (after: string): ObjectSummary[] => {
      scans.push(after);
      return scan(after);
    };
    const page = listPage(spied, { prefix: '', delimiter: '/', after: '', maxKeys: 10 });
    expect([page.commonPrefixes, page.objects.map((object) => object.key)]).toEqual([['a/'], ['b']]);
    expect(scans).toEqual(['', 'a/\u{10FFFF}']);
  });

  it('end even where a key begins with the last of all characters', () => {
    expect(listAll(['a/\u{10FFFF}x', 'a/\u{10FFFF}y', 'b'], '', '/', 10)).toEqual(['b', 'a/']);
  });

  it('are empty, and not truncated, when nothing is asked for', () => {
    const page = listPage(scannerOf(['a'], ''), { prefix: '', delimiter: '', after: '', maxKeys: 0 });
    expect(page).toEqual({ objects: [], commonPrefixes: [] });
  });
});
