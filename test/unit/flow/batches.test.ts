import { describe, expect, it } from 'vitest';
import { createBatches } from '../../../src/flow/batches.ts';

function setUp() {
  const turns: (() => void)[] = [];
  const done: string[] = [];
  const batches = createBatches((run) => turns.push(run));
  const ask = (name: string, more = () => {}) =>
    batches(() => {
      done.push(name);
      more();
    });
  return { ask, done, turns };
}

describe('batches', () => {
  it('do nothing until all input has been read, and then everything in the order of asking', () => {
    const { ask, done, turns } = setUp();
    for (const name of ['a', 'b', 'c']) ask(name);
    expect(done).toEqual([]);
    expect(turns).toHaveLength(1);
    turns[0]?.();
    expect(done).toEqual(['a', 'b', 'c']);
  });

  it('leave what is asked for meanwhile to the next one', () => {
    const { ask, done, turns } = setUp();
    ask('a', () => ask('c'));
    ask('b');
    turns[0]?.();
    expect(done).toEqual(['a', 'b']);
    turns[1]?.();
    expect(done).toEqual(['a', 'b', 'c']);
    ask('d');
    expect(turns).toHaveLength(3);
  });

  it('are of bounded size, so that no answer waits for all that has come', () => {
    const { ask, done, turns } = setUp();
    for (let n = 0; n < 100; n += 1) ask(String(n));
    const sizes = turns.map((turn) => {
      const before = done.length;
      turn();
      return done.length - before;
    });
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32);
    expect(done).toEqual(Array.from({ length: 100 }, (_, n) => String(n)));
  });
});
