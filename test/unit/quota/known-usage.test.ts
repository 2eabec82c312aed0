import { describe, expect, it } from 'vitest';
import { createKnownUsage } from '../../../src/quota/known-usage.ts';

describe('known usage', () => {
  it('never shrinks by an answer that was overtaken', () => {
    const known = createKnownUsage(10);
    known.learn('a', '2026-11', 500);
    known.learn('a', '2026-11', 300);
    expect(known.of('a', '2026-11')).toBe(500);
  });

  it('is nothing for what was never heard of', () => {
    const known = createKnownUsage(10);
    known.learn('a', '2026-11', 500);
    expect(known.of('b', '2026-11')).toBe(0);
    expect(known.of('a', '2026-12')).toBe(0);
  });

  it('keeps to its number of keys and periods, and forgets what it did not hear of for longest', () => {
    const known = createKnownUsage(2);
    for (const key of ['a', 'b', 'a', 'c']) known.learn(key, '2026-11', 500);
    expect(['a', 'b', 'c'].map((key) => known.of(key, '2026-11'))).toEqual([500, 0, 500]);
    for (let day = 10; day < 20; day++) known.learn('a', `2026-11-${day}`, 1);
    expect(known.of('a', '2026-11-10')).toBe(0);
    expect(known.of('a', '2026-11-19')).toBe(1);
  });
});
