import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type GcraState, gcra, type RateLimit } from '../../../src/quota/gcra.ts';

const limits = fc.record({
  perSecond: fc.oneof(fc.integer({ min: 1, max: 10_000 }), fc.double({ min: 0.01, max: 1_000, noNaN: true })),
  burst: fc.integer({ min: 1, max: 200 }),
});
const epochs = fc.constantFrom(0, 123_456.789, 1_800_000_000_000);
const calls = fc.array(
  fc.record({
    waitMs: fc.oneof(fc.constant(0), fc.double({ min: 0, max: 500, noNaN: true })),
    cost: fc.integer({ min: 0, max: 5 }),
  }),
  { minLength: 1, maxLength: 100 },
);

/** Plays the calls one after the other and returns what was admitted, and when. */
function play(limit: RateLimit, startMs: number, script: readonly { waitMs: number; cost: number }[]) {
  let state: GcraState;
  let nowMs = startMs;
  return script.map(({ waitMs, cost }) => {
    nowMs += waitMs;
    const result = gcra(state, cost, nowMs, limit);
    state = result.state;
    return { nowMs, state, cost: result.verdict.allowed ? cost : 0, verdict: result.verdict };
  });
}

describe('gcra', () => {
  it('never admits more than the burst and the rate times the time, in any window', () => {
    fc.assert(
      fc.property(limits, epochs, calls, (limit, startMs, script) => {
        const played = play(limit, startMs, script);
        for (const [from, first] of played.entries()) {
          let admitted = 0;
          for (const { nowMs, cost } of played.slice(from)) {
            admitted += cost;
            // A thousandth of slack for the microseconds that the clock is cut to.
            const bound =
              limit.burst + (limit.perSecond * (nowMs - first.nowMs)) / 1_000 + 0.001 * limit.perSecond;
            expect(admitted).toBeLessThanOrEqual(bound);
          }
        }
      }),
    );
  });

  it('admits the whole burst to somebody who was not seen for long enough', () => {
    fc.assert(
      fc.property(limits, epochs, calls, (limit, startMs, script) => {
        const last = play(limit, startMs, script).at(-1);
        if (last === undefined) throw new Error('the script is empty');
        const later = last.nowMs + last.verdict.resetMs + 0.01;
        expect(gcra(last.state, limit.burst, later, limit).verdict).toMatchObject({
          allowed: true,
          remaining: 0,
        });
      }),
    );
  });

  it('admits more the longer one waits and the less one asks for', () => {
    fc.assert(
      fc.property(
        limits,
        epochs,
        calls,
        fc.nat(10),
        fc.nat(10_000),
        (limit, startMs, script, cost, waitMs) => {
          const last = play(limit, startMs, script).at(-1);
          const at = (ms: number, cost: number) => gcra(last?.state, cost, ms, limit).verdict;
          const now = at(startMs + 60_000, cost);
          const later = at(startMs + 60_000 + waitMs, cost);
          // Of a call that costs nothing, because an admitted one leaves less than a refused one.
          const remaining = [startMs + 60_000, startMs + 60_000 + waitMs].map((ms) => at(ms, 0).remaining);
          expect(remaining[1]).toBeGreaterThanOrEqual(remaining[0] ?? 0);
          expect(later.retryAfterMs).toBeLessThanOrEqual(now.retryAfterMs);
          if (now.allowed) expect([later.allowed, at(startMs + 60_000, 0).allowed]).toEqual([true, true]);
        },
      ),
    );
  });

  it('keeps its word: a refused call is admitted after retryAfterMs and not before', () => {
    fc.assert(
      fc.property(limits, epochs, calls, (limit, startMs, script) => {
        for (const { nowMs, state, verdict } of play(limit, startMs, script)) {
          if (verdict.allowed) {
            expect(verdict.retryAfterMs).toBe(0);
            expect(gcra(state, verdict.remaining, nowMs, limit).verdict.allowed).toBe(true);
            expect(gcra(state, verdict.remaining + 1, nowMs, limit).verdict.allowed).toBe(false);
          } else {
            const { retryAfterMs } = gcra(state, 1, nowMs, limit).verdict;
            expect(gcra(state, 1, nowMs + retryAfterMs + 0.01, limit).verdict.allowed).toBe(true);
            if (retryAfterMs > 0.02) {
              expect(gcra(state, 1, nowMs + retryAfterMs - 0.01, limit).verdict.allowed).toBe(false);
            }
          }
        }
      }),
    );
  });

  it('is not changed by what it refuses', () => {
    const limit = { perSecond: 1, burst: 2 };
    const { state } = gcra(undefined, 2, 0, limit);
    expect(gcra(state, 1, 500, limit)).toEqual({
      state,
      verdict: { allowed: false, remaining: 0, retryAfterMs: 500, resetMs: 1_500 },
    });
  });

  it('never admits what exceeds the burst', () => {
    const { verdict } = gcra(undefined, 4, 0, { perSecond: 1, burst: 3 });
    expect(verdict).toEqual({
      allowed: false,
      remaining: 3,
      retryAfterMs: Number.POSITIVE_INFINITY,
      resetMs: 0,
    });
  });

  it('gives nothing away when the clock steps back, and blocks nobody for longer than a full burst', () => {
    const limit = { perSecond: 1, burst: 2 };
    const { state } = gcra(undefined, 2, 10_000, limit);
    const after = gcra(state, 1, 5_000, limit);
    expect(after.verdict).toMatchObject({ allowed: false, remaining: 0, retryAfterMs: 1_000 });
    expect(gcra(after.state, 1, 6_000, limit).verdict.allowed).toBe(true);
  });

  it('does not carry the debt of a tighter limit over into a looser one', () => {
    const { state } = gcra(undefined, 10, 0, { perSecond: 10 / 86_400, burst: 10 });
    const looser = { perSecond: 10, burst: 100 };
    expect(gcra(state, 1, 0, looser).verdict).toMatchObject({ allowed: false, retryAfterMs: 100 });
    expect(gcra(gcra(state, 1, 0, looser).state, 1, 100, looser).verdict.allowed).toBe(true);
  });
});
