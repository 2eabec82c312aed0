import { expect, it } from 'vitest';
import { decideRestart } from '../../../src/workers/restart-delay.ts';

/** The delays of so many ends in a row. */
function delays(count: number, random: number): number[] {
  let failures = 0;
  return Array.from({ length: count }, () => {
    const decided = decideRestart(failures, 0, random);
    failures = decided.failures;
    return decided.delayMs;
  });
}

it('replaces a worker at once, and ever later while new ones end as well, up to half a minute', () => {
  expect(delays(10, 0)).toEqual([0, 500, 1_000, 2_000, 4_000, 8_000, 16_000, 30_000, 30_000, 30_000]);
});

it('takes up to half of the delay away by chance, here a quarter', () => {
  expect(delays(4, 0.5)).toEqual([0, 375, 750, 1_500]);
});

it('forgets what happened before a worker that served for a minute', () => {
  expect(decideRestart(9, 59_999, 0)).toEqual({ failures: 10, delayMs: 30_000 });
  expect(decideRestart(9, 60_000, 0)).toEqual({ failures: 1, delayMs: 0 });
});
