import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { evaluateConditions, requestedRange } from '../../../src/local-s3/conditions.ts';

const MODIFIED_MS = Date.UTC(2026, 0, 1, 12, 0, 0, 999);
const VERSION = { etag: 'abc', modifiedMs: MODIFIED_MS };
const AT = new Date(MODIFIED_MS).toUTCString();
const BEFORE = new Date(MODIFIED_MS - 1000).toUTCString();

describe('preconditions', () => {
  it.each([
    [{}, 'proceed'],
    [{ 'if-match': '"abc"' }, 'proceed'],
    [{ 'if-match': '*' }, 'proceed'],
    [{ 'if-match': '"x", "abc"' }, 'proceed'],
    [{ 'if-match': '"x"' }, 'precondition-failed'],
    [{ 'if-unmodified-since': AT }, 'proceed'],
    [{ 'if-unmodified-since': BEFORE }, 'precondition-failed'],
    [{ 'if-unmodified-since': 'not a date' }, 'proceed'],
    [{ 'if-match': '"abc"', 'if-unmodified-since': BEFORE }, 'proceed'],
    [{ 'if-none-match': 'W/"abc"' }, 'not-modified'],
    [{ 'if-none-match': '"x"' }, 'proceed'],
    [{ 'if-modified-since': AT }, 'not-modified'],
    [{ 'if-modified-since': BEFORE }, 'proceed'],
    [{ 'if-none-match': '"x"', 'if-modified-since': AT }, 'proceed'],
    [{ 'if-match': '"x"', 'if-none-match': '"abc"' }, 'precondition-failed'],
  ] as const)('%j: %s', (headers, expected) => {
    expect(evaluateConditions(headers, VERSION)).toBe(expected);
  });
});

describe('ranges', () => {
  const range = (text: string, size = 10, ifRange?: string) =>
    requestedRange({ range: text, ...(ifRange !== undefined && { 'if-range': ifRange }) }, size, VERSION);

  it.each(['bytes=5-2', 'bytes=-', 'bytes=a-b', 'bytes=0-1,3-4', 'items=0-1', ''])(
    'read the whole for "%s"',
    (text) => {
      expect(range(text)).toBeUndefined();
    },
  );

  it.each([
    ['bytes=10-', 10],
    ['bytes=-0', 10],
    ['bytes=0-', 0],
    ['bytes=-5', 0],
  ])('cannot satisfy "%s" of %i bytes', (text, size) => {
    expect(range(text, size)).toBe('unsatisfiable');
  });

  it('lie within the content whatever is asked for', () => {
    fc.assert(
      fc.property(fc.nat(50), fc.option(fc.nat(60)), fc.option(fc.nat(60)), (size, first, last) => {
        const found = range(`bytes=${first ?? ''}-${last ?? ''}`, size);
        if (typeof found !== 'object') return;
        expect(found.start).toBeGreaterThanOrEqual(0);
        expect(found.end).toBeGreaterThanOrEqual(found.start);
        expect(found.end).toBeLessThan(size);
      }),
    );
  });

  it('are answered with the whole when If-Range names another version', () => {
    expect(range('bytes=0-1', 10, '"abc"')).toEqual({ start: 0, end: 1 });
    expect(range('bytes=0-1', 10, AT)).toEqual({ start: 0, end: 1 });
    expect(range('bytes=0-1', 10, '"other"')).toBeUndefined();
    expect(range('bytes=0-1', 10, BEFORE)).toBeUndefined();
  });
});
