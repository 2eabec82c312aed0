import { setTimeout as delay } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { withTimeout } from '../../../src/keys/clock.ts';
import { systemClock } from '../../support/system-clock.ts';

const { schedule } = systemClock;
const tooLate = () => new Error('too late');

it('ends what takes too long', async () => {
  await expect(withTimeout(new Promise(() => {}), 5, schedule, tooLate)).rejects.toThrow('too late');
});

it('answers what is there in time, and what fails', async () => {
  expect(await withTimeout(Promise.resolve(7), 5_000, schedule, tooLate)).toBe(7);
  await expect(withTimeout(Promise.reject(new Error('broken')), 5_000, schedule, tooLate)).rejects.toThrow(
    'broken',
  );
});

/** Else a burst of calls that keeps the process busy would make a store look as if it were down. */
it('hears of an outcome that came while the process was too busy to listen', async () => {
  for (let n = 0; n < 20; n++) {
    const answered = delay(5).then(() => 'answered');
    // A timer that is due hides behind the time-out, like a socket whose data waits to be read.
    const timed = withTimeout(answered, 3, schedule, tooLate);
    const busyUntilMs = performance.now() + 10;
    while (performance.now() < busyUntilMs);
    expect(await timed).toBe('answered');
  }
});
