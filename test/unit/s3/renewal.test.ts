import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import { createRenewal, RENEWAL_LIMITS } from '../../../src/s3/renewal.ts';

const HOUR_MS = 3_600_000;

interface Lease {
  readonly name: string;
  readonly expiresAtMs: number | null;
}

/** A source whose next answers the test decides. */
function source() {
  const answers: (() => Promise<Lease>)[] = [];
  const failures: unknown[] = [];
  let loads = 0;
  const renewal = createRenewal<Lease>({
    load: () => {
      loads += 1;
      return (answers.shift() ?? (() => Promise.reject(new Error('down'))))();
    },
    expiresAtMs: (lease) => lease.expiresAtMs,
    wallClockMs: () => Date.now(),
    onFailure: (error) => failures.push(error),
  });
  return {
    renewal,
    failures,
    loads: () => loads,
    answer: (name: string, lifeMs: number | null, delayMs = 0) => {
      answers.push(async () => {
        if (delayMs > 0) await new Promise((resolve) => setTimeout(resolve, delayMs));
        return { name, expiresAtMs: lifeMs === null ? null : Date.now() + lifeMs };
      });
    },
    hang: () => answers.push(() => new Promise(() => {})),
    current: () => renewal.current(Date.now())?.name,
  };
}

async function faultOf(promise: Promise<unknown>): Promise<Fault> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof Fault)) throw new Error('no Fault was thrown', { cause: error });
  expect(error.reason).toBe('SIGNING_UNAVAILABLE');
  return error;
}

describe('createRenewal', () => {
  beforeEach(() => vi.useFakeTimers({ now: Date.UTC(2026, 0, 1) }));
  afterEach(() => vi.useRealTimers());

  it('asks once for callers that come at the same time', async () => {
    const { renewal, answer, loads } = source();
    answer('a', HOUR_MS, 100);
    const callers = Promise.all([renewal.obtain(), renewal.obtain(), renewal.obtain()]);
    await vi.advanceTimersByTimeAsync(100);
    expect((await callers).map((lease) => lease.name)).toEqual(['a', 'a', 'a']);
    expect(loads()).toBe(1);
  });

  it('answers what it holds without asking again', async () => {
    const { renewal, answer, loads, current } = source();
    answer('a', null);
    await renewal.obtain();
    await vi.advanceTimersByTimeAsync(30 * 24 * HOUR_MS);
    expect(current()).toBe('a');
    expect((await renewal.obtain()).name).toBe('a');
    expect(loads()).toBe(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('renews ahead of the expiry, with nobody asking', async () => {
    const { renewal, answer, loads, current } = source();
    answer('a', HOUR_MS);
    await renewal.obtain();
    answer('b', HOUR_MS);
    await vi.advanceTimersByTimeAsync(HOUR_MS - RENEWAL_LIMITS.floorMs - 1);
    expect([loads(), current()]).toEqual([1, 'a']);
    await vi.advanceTimersByTimeAsync(1);
    expect([loads(), current()]).toEqual([2, 'b']);
  });

  it('goes on with what it holds while the source is slow', async () => {
    const { renewal, answer, current } = source();
    answer('a', HOUR_MS);
    await renewal.obtain();
    answer('b', HOUR_MS, 20_000);
    await vi.advanceTimersByTimeAsync(HOUR_MS - RENEWAL_LIMITS.floorMs + 19_999);
    expect(current()).toBe('a');
    await vi.advanceTimersByTimeAsync(1);
    expect(current()).toBe('b');
  });

  it('goes on with what it holds while the source fails, and retries at growing distances', async () => {
    const { renewal, answer, failures, loads, current } = source();
    answer('a', HOUR_MS);
    await renewal.obtain();
    await vi.advanceTimersByTimeAsync(HOUR_MS - RENEWAL_LIMITS.floorMs);
    expect([loads(), failures.length, current()]).toEqual([2, 1, 'a']);
    await vi.advanceTimersByTimeAsync(1_000 + 2_000 + 4_000 + 8_000 + 16_000);
    expect([loads(), failures.length, current()]).toEqual([7, 6, 'a']);
    await vi.advanceTimersByTimeAsync(5 * 60_000);
    expect(loads()).toBe(17);
    answer('b', HOUR_MS);
    await vi.advanceTimersByTimeAsync(RENEWAL_LIMITS.retryMaxMs);
    expect(current()).toBe('b');
  });

  /** A URL signed with credentials that are about to expire would be refused by S3 before the upload begins. */
  it('answers nothing from the moment on that the value is too old to use', async () => {
    const { renewal, answer, current } = source();
    answer('a', HOUR_MS);
    await renewal.obtain();
    await vi.advanceTimersByTimeAsync(HOUR_MS - RENEWAL_LIMITS.usableMs);
    expect(current()).toBe('a');
    await vi.advanceTimersByTimeAsync(1);
    expect(current()).toBeUndefined();
    await faultOf(renewal.obtain());
  });

  it('leaves a source alone that has just failed, and says when to come back', async () => {
    const { renewal, loads } = source();
    await faultOf(renewal.obtain());
    const fault = await faultOf(renewal.obtain());
    expect(fault.retryAfterMs).toBe(RENEWAL_LIMITS.retryMs);
    expect(loads()).toBe(1);
  });

  it('comes back by itself when the source does', async () => {
    const { renewal, answer, current } = source();
    await faultOf(renewal.obtain());
    answer('a', HOUR_MS);
    await vi.advanceTimersByTimeAsync(RENEWAL_LIMITS.retryMs);
    expect(current()).toBe('a');
  });

  it('lets no caller wait for a source that hangs, and asks it again later', async () => {
    const { renewal, answer, hang, failures, current } = source();
    hang();
    const waiting = faultOf(renewal.obtain());
    await vi.advanceTimersByTimeAsync(RENEWAL_LIMITS.waitMs);
    await waiting;
    answer('a', HOUR_MS);
    await vi.advanceTimersByTimeAsync(RENEWAL_LIMITS.giveUpMs);
    expect(failures).toHaveLength(1);
    expect(current()).toBe('a');
  });

  it('renews a short-lived value at half its life, and not in a loop', async () => {
    const { renewal, answer, loads } = source();
    answer('a', 10 * 60_000);
    await renewal.obtain();
    await vi.advanceTimersByTimeAsync(5 * 60_000 - 1);
    expect(loads()).toBe(1);
    answer('b', 20_000);
    await vi.advanceTimersByTimeAsync(1);
    expect(loads()).toBe(2);
    await vi.advanceTimersByTimeAsync(RENEWAL_LIMITS.spacingMs - 1);
    expect(loads()).toBe(2);
  });

  it('does not take a value that has expired already', async () => {
    const { renewal, answer, current, failures } = source();
    answer('a', RENEWAL_LIMITS.usableMs - 1);
    await faultOf(renewal.obtain());
    expect(current()).toBeUndefined();
    expect(failures).toHaveLength(1);
  });

  it('renews on the next call when a timer was late, as after a machine has slept', async () => {
    const { renewal, answer, loads, current } = source();
    answer('a', HOUR_MS);
    await renewal.obtain();
    vi.setSystemTime(Date.now() + HOUR_MS - RENEWAL_LIMITS.floorMs);
    answer('b', HOUR_MS);
    expect(current()).toBe('a');
    await vi.advanceTimersByTimeAsync(0);
    expect([loads(), current()]).toEqual([2, 'b']);
  });

  it('asks nothing after it was closed, and leaves no timer', async () => {
    const { renewal, answer, loads, current } = source();
    answer('a', HOUR_MS);
    await renewal.obtain();
    renewal.close();
    expect(vi.getTimerCount()).toBe(0);
    await vi.advanceTimersByTimeAsync(HOUR_MS - RENEWAL_LIMITS.floorMs + 1);
    expect([loads(), current()]).toEqual([1, 'a']);
  });
});
