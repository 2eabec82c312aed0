import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import { createCallAdmission } from '../../../src/flow/call-admission.ts';
import { createManualClock } from '../../support/manual-clock.ts';

/** An admission, and what it has told. */
function open(limits: Partial<Parameters<typeof createCallAdmission>[0]['limits']> = {}, fraction = 0) {
  const clock = createManualClock();
  const told: string[] = [];
  let latenessMs = 0;
  const admission = createCallAdmission({
    limits: { maxConcurrentCalls: 2, maxQueuedCalls: 1, maxLoopDelayMs: 200, ...limits },
    clock,
    // A loop that is late calls its timers late.
    schedule: (delayMs, callback) => clock.schedule(delayMs + latenessMs, callback),
    random: () => fraction,
    onShed: (cause) => told.push(cause),
    onOverload: (delayMs) => told.push(`overload ${delayMs}`),
    onRecovery: () => told.push('recovery'),
  });
  return {
    admission,
    told,
    clock,
    beLate: (ms: number) => {
      latenessMs = ms;
    },
  };
}

function retryAfterMsOf(refuse: () => unknown): number | undefined {
  try {
    refuse();
  } catch (error) {
    if (error instanceof Fault && error.reason === 'OVERLOADED') return error.retryAfterMs;
  }
  return undefined;
}

describe('calls', () => {
  it('begin at once while there is room, then wait in turn, then are refused', async () => {
    const { admission, told } = open();
    expect([admission.enter(), admission.enter()]).toEqual([undefined, undefined]);
    expect(admission.refusal()).toBeUndefined();
    const third = admission.enter();
    expect(admission.counts()).toEqual({ running: 2, queued: 1 });
    expect(admission.refusal()?.reason).toBe('OVERLOADED');
    expect(() => admission.enter()).toThrow(Fault);
    expect(told).toEqual(['concurrency', 'concurrency']);
    admission.leave();
    await third;
    expect(admission.counts()).toEqual({ running: 2, queued: 0 });
    admission.leave();
    admission.leave();
    expect(admission.counts()).toEqual({ running: 0, queued: 0 });
  });

  it('that wait longer than callers do are refused, and leave the queue', async () => {
    const { admission, clock } = open({ maxConcurrentCalls: 1 });
    admission.enter();
    const waiting = admission.enter();
    const refused = expect(waiting).rejects.toMatchObject({ reason: 'OVERLOADED' });
    await clock.advance(500);
    await refused;
    expect(admission.counts()).toEqual({ running: 1, queued: 0 });
    admission.leave();
    expect(admission.enter()).toBeUndefined();
  });

  it('do not wait where nobody may', () => {
    const { admission } = open({ maxConcurrentCalls: 1, maxQueuedCalls: 0 });
    admission.enter();
    expect(admission.refusal()?.reason).toBe('OVERLOADED');
    expect(() => admission.enter()).toThrow(Fault);
  });

  it.each([
    [0, 1_000],
    [0.5, 2_000],
    [0.999, 2_998],
  ])('that are refused come back at times that differ: %s', (fraction, retryAfterMs) => {
    const { admission } = open({ maxConcurrentCalls: 1, maxQueuedCalls: 0 }, fraction);
    admission.enter();
    expect(admission.refusal()?.retryAfterMs).toBe(retryAfterMs);
    expect(retryAfterMsOf(admission.enter)).toBe(retryAfterMs);
  });

  it('are refused while the event loop stays late, are taken on again when it no longer is, and both is told once', async () => {
    const { admission, clock, told, beLate } = open();
    beLate(300);
    await clock.advance(1_000);
    expect(admission.refusal()).toBeUndefined();
    await clock.advance(1_000);
    expect(admission.refusal()?.reason).toBe('OVERLOADED');
    expect(admission.refusal()?.reason).toBe('OVERLOADED');
    // Those whose body has come by now are finished.
    expect(admission.enter()).toBeUndefined();
    beLate(0);
    await clock.advance(1_000);
    expect(admission.refusal()).toBeUndefined();
    expect(told).toEqual(['overload 300', 'loop', 'loop', 'recovery']);
  });

  it('are not refused for a late loop where that is turned off', async () => {
    const { admission, clock, beLate } = open({ maxLoopDelayMs: 0 });
    beLate(60_000);
    await clock.advance(600_000);
    expect(admission.refusal()).toBeUndefined();
  });
});
