import { describe, expect, it } from 'vitest';
import { NO_OVERLOAD, type Overload, overloadAfter } from '../../../src/flow/overload.ts';

const LIMITS = { maxDelayMs: 200, patienceMs: 1_000, waryMs: 10_000 };

type Sample = readonly [atMs: number, delayMs: number];

/** Whether calls are shed after each of the samples. */
function sheddingAfter(samples: readonly Sample[], limits = LIMITS): boolean[] {
  let overload: Overload = NO_OVERLOAD;
  return samples.map(([atMs, delayMs]) => {
    overload = overloadAfter(overload, delayMs, atMs, limits);
    return overload.isShedding;
  });
}

describe('an event loop', () => {
  it('that is late once, however much, is a burst and sheds nothing', () => {
    expect(
      sheddingAfter([
        [0, 5_000],
        [50, 0],
        [5_000, 5_000],
      ]),
    ).toEqual([false, false, false]);
  });

  it('that stays too late sheds when patience is over', () => {
    expect(
      sheddingAfter([
        [0, 201],
        [999, 300],
        [1_000, 300],
        [1_300, 300],
      ]),
    ).toEqual([false, false, true, true]);
  });

  it('whose lateness has a break is patient from the start', () => {
    expect(
      sheddingAfter([
        [0, 300],
        [900, 200],
        [1_000, 300],
        [1_999, 300],
        [2_000, 300],
      ]),
    ).toEqual([false, false, false, false, true]);
  });

  it('that recovers sheds no more, and at once again when it is soon too late again', () => {
    expect(
      sheddingAfter([
        [0, 300],
        [1_000, 300],
        [1_050, 10],
        [11_049, 201],
        [11_100, 0],
      ]),
    ).toEqual([false, true, false, true, false]);
  });

  it('that was well for long is met with patience again', () => {
    expect(
      sheddingAfter([
        [0, 300],
        [1_000, 300],
        [1_050, 10],
        [11_050, 201],
      ]),
    ).toEqual([false, true, false, false]);
  });

  it('may be as late as it likes where there is no limit', () => {
    const samples = [0, 1_000, 2_000].map((atMs): Sample => [atMs, 60_000]);
    expect(sheddingAfter(samples, { ...LIMITS, maxDelayMs: 0 })).toEqual([false, false, false]);
  });
});
