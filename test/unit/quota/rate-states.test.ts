import { describe, expect, it } from 'vitest';
import { createRateStates } from '../../../src/quota/rate-states.ts';

describe('the states of keys', () => {
  it('are kept while something is owed', () => {
    const states = createRateStates(10);
    states.of('a', 0).known = 5_000_000;
    for (let n = 0; n < 5; n++) states.of(`other-${n}`, 1_000);
    expect(states.of('a', 4_999)).toEqual({ known: 5_000_000, alone: undefined });
  });

  it('are forgotten when nothing is owed any more, as others come', () => {
    const states = createRateStates(1_000);
    for (let n = 0; n < 500; n++) states.of(`old-${n}`, 0).alone = 1_000_000;
    for (let n = 0; n < 500; n++) states.of(`new-${n}`, 2_000).known = 9_000_000;
    expect(states.size()).toBe(500);
  });

  it('never exceed their number: the key that rested longest goes', () => {
    const states = createRateStates(3);
    for (const key of ['a', 'b', 'c', 'a']) states.of(key, 0).known = 9_000_000;
    states.of('d', 0).known = 9_000_000;
    expect(states.size()).toBeLessThanOrEqual(3);
    expect(states.of('a', 0).known).toBe(9_000_000);
    expect(states.of('b', 0).known).toBeUndefined();
  });

  it('stay within their number for any amount of keys', () => {
    const states = createRateStates(100);
    for (let n = 0; n < 10_000; n++) {
      states.of(String(n), 0).known = 9_000_000;
      expect(states.size()).toBeLessThanOrEqual(100);
    }
  });
});
