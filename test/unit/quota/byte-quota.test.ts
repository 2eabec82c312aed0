import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import type { KeyRateLimit } from '../../../src/keys/api-key.ts';
import { createCircuitBreaker } from '../../../src/keys/circuit-breaker.ts';
import { createByteQuota } from '../../../src/quota/byte-quota.ts';
import { faultOf } from '../../support/faults.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryByteLedger, type MemoryByteLedger } from '../../support/memory-byte-ledger.ts';
import { FAILURES, principalWith } from '../../support/rate-fleet.ts';

const NOON = Date.UTC(2026, 10, 22, 12);
const MIDNIGHT = Date.UTC(2026, 10, 23);
const DECEMBER = Date.UTC(2026, 11, 1);
const HOUR_MS = 3_600_000;

const DAILY = principalWith({ bytesPerDay: 1_000 });
const BOTH = principalWith({ bytesPerDay: 1_000, bytesPerMonth: 2_500 });

function quotaOver({ ledger = createMemoryByteLedger(), maxKeys = 100 } = {}) {
  const clock = createManualClock();
  const guard = createCircuitBreaker({ clock, random: () => 0, failures: FAILURES, openMs: 500 });
  const onInsurance = vi.fn();
  const onLost = vi.fn();
  const quota = createByteQuota({ ledger, guard, schedule: clock.schedule, maxKeys, onInsurance, onLost });
  return { clock, guard, ledger, quota, onInsurance, onLost };
}

describe('a byte quota', () => {
  it.each([null, {}, { plan: 'pro' }, { requests: 1, windowSeconds: 1 }])(
    'is no matter for a key with the limits %j',
    async (rateLimit) => {
      const { ledger, quota } = quotaOver();
      expect(quota.take(principalWith(rateLimit), 5e12, NOON)).toBeUndefined();
      expect(await quota.usage(principalWith(rateLimit), NOON)).toEqual([]);
      expect(ledger.calls()).toBe(0);
    },
  );

  it('grants what fits, to the last byte', async () => {
    const { ledger, quota } = quotaOver();
    await quota.take(DAILY, 999, NOON);
    await quota.take(DAILY, 1, NOON);
    await quota.take(DAILY, 0, NOON);
    expect(await faultOf(() => quota.take(DAILY, 1, NOON))).toMatchObject({ reason: 'QUOTA_EXCEEDED' });
    expect(ledger.usedBytes('key_1', '2026-11-22')).toBe(1_000);
  });

  it('says which quota refuses, its limit, what is left, and when to come back', async () => {
    const { quota } = quotaOver();
    await quota.take(DAILY, 700, NOON);
    const fault = await faultOf(() => quota.take(DAILY, 301, NOON));
    expect(fault).toMatchObject({ reason: 'QUOTA_EXCEEDED', retryAfterMs: 12 * HOUR_MS });
    expect(fault.publicMessage).toBe(
      'The upload of 301 bytes exceeds the daily quota of 1000 bytes of the API key, of which 300 are left until 2026-11-23T00:00:00Z',
    );
    await quota.take(DAILY, 300, NOON);
  });

  it('says so of the month when waiting for the next day is no use', async () => {
    const { quota } = quotaOver();
    await quota.take(BOTH, 1_000, NOON);
    await quota.take(BOTH, 1_000, NOON + 24 * HOUR_MS);
    await quota.take(BOTH, 400, NOON + 48 * HOUR_MS);
    const fault = await faultOf(() => quota.take(BOTH, 700, NOON + 48 * HOUR_MS));
    expect(fault.retryAfterMs).toBe(DECEMBER - NOON - 48 * HOUR_MS);
    expect(fault.publicMessage).toContain(
      'the monthly quota of 2500 bytes of the API key, of which 100 are left',
    );
    await quota.take(BOTH, 100, NOON + 48 * HOUR_MS);
  });

  it('says when an upload is larger than the whole quota', async () => {
    const { quota } = quotaOver();
    const fault = await faultOf(() => quota.take(DAILY, 1_001, NOON));
    expect(fault.publicMessage).toBe(
      'The upload of 1001 bytes is larger than the whole daily quota of 1000 bytes of the API key',
    );
  });

  it('begins anew with each day and month of UTC', async () => {
    const { quota } = quotaOver();
    await quota.take(DAILY, 1_000, MIDNIGHT - 1);
    await quota.take(DAILY, 1_000, MIDNIGHT);
    const monthly = principalWith({ bytesPerMonth: 10 }, 'key_2');
    await quota.take(monthly, 10, DECEMBER - 1);
    await quota.take(monthly, 10, DECEMBER);
    expect(await quota.usage(monthly, Date.UTC(2027, 0, 1) - 1)).toEqual([
      { period: 'month', limitBytes: 10, usedBytes: 10, resetAtMs: Date.UTC(2027, 0, 1) },
    ]);
  });

  it('of nothing refuses everything but empty files', async () => {
    const { quota } = quotaOver();
    const nothing = principalWith({ bytesPerDay: 0 });
    await quota.take(nothing, 0, NOON);
    await faultOf(() => quota.take(nothing, 1, NOON));
  });

  it('shows what is used of the day and of the month, and takes nothing for that', async () => {
    const { quota } = quotaOver();
    await quota.take(BOTH, 400, NOON);
    const usage = [
      { period: 'day', limitBytes: 1_000, usedBytes: 400, resetAtMs: MIDNIGHT },
      { period: 'month', limitBytes: 2_500, usedBytes: 400, resetAtMs: DECEMBER },
    ];
    expect(await quota.usage(BOTH, NOON)).toEqual(usage);
    expect(await quota.usage(BOTH, NOON)).toEqual(usage);
  });

  it('counts each key by itself', async () => {
    const { quota } = quotaOver();
    await quota.take(DAILY, 1_000, NOON);
    await quota.take(principalWith({ bytesPerDay: 1_000 }, 'key_2'), 1_000, NOON);
  });
});

describe('a byte quota whose ledger is out of reach', () => {
  it('grants what the last answer left, and no more', async () => {
    const { ledger, quota, onInsurance } = quotaOver();
    await quota.take(DAILY, 600, NOON);
    ledger.down = true;
    await quota.take(DAILY, 300, NOON);
    expect(onInsurance).toHaveBeenCalledOnce();
    const fault = await faultOf(() => quota.take(DAILY, 101, NOON));
    expect(fault.publicMessage).toContain('of which 100 are left');
    await quota.take(DAILY, 100, NOON);
    await faultOf(() => quota.take(DAILY, 1, NOON));
  });

  it('takes a key of which it knows nothing to have used nothing', async () => {
    const { ledger, quota } = quotaOver();
    ledger.down = true;
    await quota.take(BOTH, 1_000, NOON);
    await faultOf(() => quota.take(BOTH, 1, NOON));
    await quota.take(BOTH, 1_000, MIDNIGHT);
    await quota.take(BOTH, 500, MIDNIGHT + 24 * HOUR_MS);
    await faultOf(() => quota.take(BOTH, 1, MIDNIGHT + 48 * HOUR_MS));
  });

  it('shows what it knows', async () => {
    const { ledger, quota } = quotaOver();
    await quota.take(DAILY, 600, NOON);
    ledger.down = true;
    await quota.take(DAILY, 300, NOON);
    expect(await quota.usage(DAILY, NOON)).toMatchObject([{ usedBytes: 900 }]);
  });

  it('books what it granted before it asks again, so that nothing is granted twice', async () => {
    const { ledger, quota } = quotaOver();
    ledger.down = true;
    await quota.take(BOTH, 800, NOON);
    ledger.down = false;
    await faultOf(() => quota.take(BOTH, 201, NOON));
    await quota.take(BOTH, 200, NOON);
    expect(ledger.usedBytes('key_1', '2026-11-22')).toBe(1_000);
    expect(ledger.usedBytes('key_1', '2026-11')).toBe(1_000);
  });

  it('books it by itself soon after, each day in its own', async () => {
    const { clock, ledger, quota } = quotaOver();
    ledger.down = true;
    await quota.take(BOTH, 800, NOON);
    await quota.take(BOTH, 700, MIDNIGHT);
    await clock.advance(10_000);
    ledger.down = false;
    await clock.advance(3_000);
    expect(ledger.usedBytes('key_1', '2026-11-22')).toBe(800);
    expect(ledger.usedBytes('key_1', '2026-11-23')).toBe(700);
    expect(ledger.usedBytes('key_1', '2026-11')).toBe(1_500);
    await clock.advance(60_000);
    expect(ledger.usedBytes('key_1', '2026-11')).toBe(1_500);
  });

  it('books it when it is closed, and tells of what it could not book', async () => {
    const closing = quotaOver();
    closing.ledger.down = true;
    await closing.quota.take(DAILY, 800, NOON);
    closing.ledger.down = false;
    await closing.quota.close();
    expect(closing.ledger.usedBytes('key_1', '2026-11-22')).toBe(800);
    expect(closing.onLost).not.toHaveBeenCalled();

    const lost = quotaOver();
    lost.ledger.down = true;
    await lost.quota.take(DAILY, 800, NOON);
    await lost.quota.close();
    expect(lost.onLost).toHaveBeenCalledExactlyOnceWith(1);
  });

  it('books what it granted even where the quota was tightened since', async () => {
    const { ledger, quota } = quotaOver();
    ledger.down = true;
    await quota.take(DAILY, 800, NOON);
    ledger.down = false;
    await faultOf(() => quota.take(principalWith({ bytesPerDay: 100 }), 1, NOON));
    expect(ledger.usedBytes('key_1', '2026-11-22')).toBe(800);
  });

  it('stops asking after some failures, and asks again by itself', async () => {
    const { clock, guard, ledger, quota } = quotaOver();
    ledger.down = true;
    for (let n = 0; n < 50; n++) await quota.take(DAILY, 1, NOON);
    expect(ledger.calls()).toBe(FAILURES);
    expect(guard.state()).toBe('open');
    ledger.down = false;
    await clock.advance(3_000);
    expect(guard.state()).toBe('closed');
    expect(ledger.usedBytes('key_1', '2026-11-22')).toBe(50);
  });

  it('asks again for keys that it refuses, too', async () => {
    const { clock, guard, ledger, quota } = quotaOver();
    ledger.down = true;
    for (let n = 0; n < 10; n++) await faultOf(() => quota.take(DAILY, 2_000, NOON));
    ledger.down = false;
    await clock.advance(600);
    await faultOf(() => quota.take(DAILY, 2_000, NOON));
    await clock.advance(0);
    expect(guard.state()).toBe('closed');
  });

  it('grants only as many keys as it can remember, and never fails to book those', async () => {
    const { clock, ledger, quota } = quotaOver({ maxKeys: 3 });
    ledger.down = true;
    const key = (n: number) => principalWith({ bytesPerDay: 1_000 }, `key_${n}`);
    for (let n = 0; n < 3; n++) await quota.take(key(n), 10, NOON);
    expect(await faultOf(() => quota.take(key(3), 10, NOON))).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
    await quota.take(key(0), 10, NOON);
    ledger.down = false;
    await clock.advance(3_000);
    expect([0, 1, 2, 3].map((n) => ledger.usedBytes(`key_${n}`, '2026-11-22'))).toEqual([20, 10, 10, 0]);
  });
});

describe('however uploads and outages follow each other,', () => {
  const limits = fc.record({ bytesPerDay: fc.integer({ min: 0, max: 500 }), bytesPerMonth: fc.nat(2_000) });
  const steps = fc.array(
    fc.oneof(
      { weight: 6, arbitrary: fc.record({ bytes: fc.array(fc.nat(200), { minLength: 1, maxLength: 4 }) }) },
      { weight: 2, arbitrary: fc.record({ waitHours: fc.nat(30) }) },
      { weight: 2, arbitrary: fc.record({ down: fc.boolean() }) },
    ),
    { maxLength: 40 },
  );

  type Steps = typeof steps extends fc.Arbitrary<infer T> ? T : never;

  /** Bytes granted in each period, once the ledger answers again and the instance is closed. */
  async function play(limit: KeyRateLimit, script: Steps) {
    const { clock, ledger, quota } = quotaOver();
    const granted = new Map<string, number>();
    let nowMs = NOON;

    async function upload(bytes: number): Promise<void> {
      const date = new Date(nowMs).toISOString();
      const taken = await Promise.resolve(quota.take(principalWith(limit), bytes, nowMs)).then(
        () => bytes,
        () => 0,
      );
      for (const period of [date.slice(0, 10), date.slice(0, 7)])
        granted.set(period, (granted.get(period) ?? 0) + taken);
    }

    for (const step of script) {
      if ('bytes' in step) await Promise.all(step.bytes.map(upload));
      else if ('down' in step) ledger.down = step.down;
      else {
        nowMs += step.waitHours * HOUR_MS;
        await clock.advance(step.waitHours * 100);
      }
    }
    ledger.down = false;
    await quota.close();
    return { granted, ledger };
  }

  it('one instance grants no byte beyond a quota, and in the end the ledger has every byte', async () => {
    await fc.assert(
      fc.asyncProperty(limits, steps, async (limit, script) => {
        const { granted, ledger } = await play(limit, script);
        for (const [period, bytes] of granted) {
          const limitBytes = period.length === 10 ? limit.bytesPerDay : limit.bytesPerMonth;
          expect(bytes).toBeLessThanOrEqual(limitBytes);
          expect(ledger.usedBytes('key_1', period)).toBe(bytes);
        }
      }),
    );
  });
});

describe('calls at the same moment', () => {
  /** A key could otherwise have its quota twice: once from the ledger and once while that turns calls away. */
  it('get no more than the quota while the ledger answers some of them and turns others away', async () => {
    const inner = createMemoryByteLedger();
    let waiting = 0;
    const ledger: MemoryByteLedger = {
      ...inner,
      async takeBytes(keyId, bytes, periods) {
        if (waiting >= 10) throw new Fault('STORE_UNAVAILABLE');
        waiting++;
        await new Promise((resolve) => setImmediate(resolve));
        return inner.takeBytes(keyId, bytes, periods);
      },
    };
    const { quota } = quotaOver({ ledger });
    const taken = await Promise.allSettled(Array.from({ length: 40 }, () => quota.take(DAILY, 100, NOON)));
    expect(taken.filter(({ status }) => status === 'fulfilled')).toHaveLength(10);
    for (const result of taken)
      if (result.status === 'rejected') expect(result.reason).toMatchObject({ reason: 'STORE_UNAVAILABLE' });
  });
});
