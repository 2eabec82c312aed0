import { describe, expect, it } from 'vitest';
import { boundedMs, overdueFault, refuseOverdue } from '../../../src/flow/time-left.ts';
import { faultOf } from '../../support/faults.ts';

describe('the time that is left', () => {
  it.each([
    [undefined, 500],
    [1_000, 500],
    [499.2, 500],
    [200.1, 201],
    [0.001, 1],
  ])('%s bounds what may take 500 ms to %s ms', (leftMs, expected) => {
    const timeLeft = leftMs === undefined ? undefined : () => leftMs;
    expect(boundedMs(500, timeLeft)).toBe(expected);
    expect(() => refuseOverdue(timeLeft)).not.toThrow();
  });

  it('has nothing begun when it is over', async () => {
    for (const leftMs of [0, -1]) {
      expect((await faultOf(() => boundedMs(500, () => leftMs))).reason).toBe('DEADLINE_EXCEEDED');
      expect((await faultOf(() => refuseOverdue(() => leftMs))).reason).toBe('DEADLINE_EXCEEDED');
    }
  });

  it('takes the blame for what failed at its end, and for nothing else', () => {
    const cause = new Error('no answer');
    expect(overdueFault(() => 0, cause)).toMatchObject({ reason: 'DEADLINE_EXCEEDED', cause });
    // A timer may go off a little early.
    expect(overdueFault(() => 0.9, cause)?.reason).toBe('DEADLINE_EXCEEDED');
    expect(overdueFault(() => 50, cause)).toBeUndefined();
    expect(overdueFault(undefined, cause)).toBeUndefined();
  });
});
