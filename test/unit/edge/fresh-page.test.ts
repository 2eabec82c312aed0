import { describe, expect, it } from 'vitest';
import { freshWithinReason } from '../../../src/edge/fresh-page.ts';

/** A page whose every making has a number of its own, and the time. */
function open(make: (n: number) => Promise<number> = async (n) => n) {
  let nowMs = 1_000;
  let made = 0;
  const page = freshWithinReason(
    () => {
      made += 1;
      return make(made);
    },
    () => nowMs,
  );
  const ask = (times: number) => Promise.all(Array.from({ length: times }, page));
  return {
    ask,
    made: () => made,
    pass: (ms: number) => {
      nowMs += ms;
    },
  };
}

describe('a page', () => {
  it('is made anew for everybody who asks within reason', async () => {
    const page = open();
    expect(await page.ask(20)).toEqual(Array.from({ length: 20 }, (_, n) => n + 1));
    page.pass(200);
    expect(await page.ask(1)).toEqual([21]);
  });

  it('is what it was last for a flood, and made anew five times a second', async () => {
    const page = open();
    await page.ask(1_000);
    expect(page.made()).toBe(20);
    for (let n = 0; n < 10; n += 1) {
      page.pass(100);
      await page.ask(100);
    }
    expect(page.made()).toBe(25);
  });

  it('that cannot be made is tried again at once, flood or not', async () => {
    const page = open((n) => (n <= 20 ? Promise.reject(new Error('not now')) : Promise.resolve(n)));
    await Promise.allSettled(Array.from({ length: 20 }, () => page.ask(1)));
    expect(await page.ask(2)).toEqual([21, 21]);
  });
});
