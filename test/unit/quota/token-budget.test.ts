import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createCircuitBreaker } from '../../../src/keys/circuit-breaker.ts';
import { createTokenBudget } from '../../../src/quota/token-budget.ts';
import type { TokenBudget, TokenUse } from '../../../src/uploads/ports.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryTokenServer } from '../../support/memory-token-counts.ts';

const FAILURES = 3;
const TTL_MS = 600_000;
const USE: TokenUse = { tokenId: 'token', files: 1, bytes: 10, maxFiles: 5, maxBytes: 1_000, ttlMs: TTL_MS };
const LARGEST = Number.MAX_SAFE_INTEGER;

/** Instances that count together in one place. */
function fleet(size: number) {
  const clock = createManualClock();
  const server = createMemoryTokenServer(clock);
  const insured: unknown[] = [];
  const budgets = Array.from({ length: size }, () =>
    createTokenBudget({
      shared: {
        counts: server.connect(),
        guard: createCircuitBreaker({ clock, random: () => 0, failures: FAILURES, openMs: 500 }),
      },
      clock,
      onInsurance: (error) => insured.push(error),
    }),
  );
  return { clock, server, budgets, insured };
}

function pair() {
  const { budgets, ...rest } = fleet(2);
  const [one, other] = budgets;
  if (one === undefined || other === undefined) throw new Error('the fleet is empty');
  return { one, other, ...rest };
}

async function granted(budget: TokenBudget, calls: number, use: TokenUse = USE): Promise<number> {
  let count = 0;
  for (let n = 0; n < calls; n++) if (await budget.take(use)) count++;
  return count;
}

describe('a token budget of one instance', () => {
  const budget = (maxTokens?: number) => {
    const clock = createManualClock();
    return { clock, ...createTokenBudget({ clock, maxTokens }) };
  };

  it('grants as many files as the token allows, and no byte more', async () => {
    expect(await granted(budget(), 20)).toBe(5);
    expect(await granted(budget(), 20, { ...USE, bytes: 400 })).toBe(2);
    expect(await granted(budget(), 20, { ...USE, bytes: 1_001 })).toBe(0);
    expect(await granted(budget(), 20, { ...USE, bytes: 1_000 })).toBe(1);
  });

  it('grants the limit once to those who ask at the same moment', async () => {
    const { take } = budget();
    const answers = await Promise.all(Array.from({ length: 50 }, () => take(USE)));
    expect(answers.filter(Boolean)).toHaveLength(5);
  });

  it('counts nothing of what it refuses', async () => {
    const { take } = budget();
    expect(await take({ ...USE, files: 6 })).toBe(false);
    expect(await take({ ...USE, bytes: 2_000 })).toBe(false);
    expect(await take({ ...USE, files: 5, bytes: 1_000 })).toBe(true);
  });

  it('knows no limit of bytes where there is none, up to numbers that are exact', async () => {
    const { take } = budget();
    const endless = { ...USE, bytes: LARGEST, maxBytes: Number.POSITIVE_INFINITY };
    expect(await granted({ take }, 20, endless)).toBe(5);
    const exact = { ...USE, tokenId: 'other', bytes: LARGEST - 1, maxBytes: LARGEST };
    expect(await take(exact)).toBe(true);
    expect(await take({ ...exact, bytes: 2 })).toBe(false);
    expect(await take({ ...exact, bytes: 1 })).toBe(true);
  });

  it('keeps the count of a token for as long as the token lives', async () => {
    const { take, clock } = budget();
    await granted({ take }, 5);
    await clock.advance(TTL_MS - 1);
    expect(await take({ ...USE, ttlMs: 1 })).toBe(false);
    await clock.advance(2);
    expect(await take(USE)).toBe(true);
  });

  it('keeps counts in bounded memory', async () => {
    const { take } = budget(10);
    expect(await granted({ take }, 5)).toBe(5);
    for (let n = 0; n < 10; n++) await take({ ...USE, tokenId: `token ${n}` });
    expect(await take(USE)).toBe(true);
  });
});

describe('a token budget of several instances', () => {
  it('is granted once by all of them together', async () => {
    const { budgets, insured } = fleet(3);
    const answers = await Promise.all(
      budgets.flatMap((budget) => Array.from({ length: 10 }, () => budget.take(USE))),
    );
    expect(answers.filter(Boolean)).toHaveLength(5);
    expect(insured).toEqual([]);
  });

  it('is known to be used up without asking anybody', async () => {
    const { one, other, server } = pair();
    await granted(one, 5);
    expect(await other.take(USE)).toBe(false);
    const calls = server.calls();
    expect(await granted(one, 10)).toBe(0);
    expect(await granted(other, 10)).toBe(0);
    expect(server.calls()).toBe(calls);
  });

  it('is not refilled by a shared count that lost its memory, for anybody once it is told', async () => {
    const { one, other, server } = pair();
    await granted(one, 4);
    server.flush();
    expect(await granted(one, 10)).toBe(1);
    expect(await other.take(USE)).toBe(false);
  });

  it('is judged by what each instance knows while nobody can be asked', async () => {
    const { one, other, server, insured } = pair();
    await granted(one, 3);
    await other.take(USE);
    server.down = true;
    // The first one knows of its own three, the other one of all four.
    expect(await granted(one, 10)).toBe(2);
    expect(await granted(other, 10)).toBe(1);
    expect(insured.filter((error) => error !== undefined)).toHaveLength(3);
  });

  it('is left alone while it fails, and counts together again afterwards', async () => {
    const { one, server, clock, insured } = pair();
    server.down = true;
    const large = { ...USE, maxFiles: 1_000, bytes: 0 };
    await granted(one, 20, large);
    expect(server.calls()).toBe(FAILURES);
    expect(insured).toHaveLength(20);
    server.down = false;
    await clock.advance(500);
    // One call finds out, and is answered without waiting for it.
    expect(await one.take(large)).toBe(true);
    await clock.advance(0);
    expect(insured).toHaveLength(21);
    expect(await one.take(large)).toBe(true);
    expect(insured).toHaveLength(21);
  });

  it('is not counted twice when the answer is lost and the count is not', async () => {
    const { one, other, server } = pair();
    server.answering = () => Promise.reject(new Error('the answer is lost'));
    expect(await one.take(USE)).toBe(true);
    server.answering = () => Promise.resolve();
    expect((await granted(one, 10)) + (await granted(other, 10))).toBe(4);
  });

  /** Asks so often at once, and lets the shared count lose its memory before each question arrives. */
  async function askWhileWiped({ one, server }: ReturnType<typeof pair>, calls: number): Promise<number> {
    const releases: (() => void)[] = [];
    server.asking = () => new Promise<void>((resolve) => releases.push(resolve));
    const asked = Array.from({ length: calls }, () => one.take(USE));
    for (const release of releases) {
      server.flush();
      release();
      await Promise.resolve();
    }
    return (await Promise.all(asked)).filter(Boolean).length;
  }

  it('is kept by an instance whose shared count is wiped while it is asked', async () => {
    expect(await askWhileWiped(pair(), 10)).toBe(5);
  });

  it('is kept by an instance whose shared count is wiped while it is asked, and then gone', async () => {
    const fleet = pair();
    expect(await askWhileWiped(fleet, 3)).toBe(3);
    fleet.server.down = true;
    expect(await granted(fleet.one, 10)).toBe(2);
  });

  it('is never exceeded on one instance, whatever becomes of the shared count', async () => {
    const step = fc.oneof(
      { weight: 6, arbitrary: fc.record({ files: fc.integer({ min: 0, max: 3 }), bytes: fc.nat(300) }) },
      fc.constantFrom('down' as const, 'up' as const, 'flush' as const, 'wait' as const),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const { one, server, clock } = pair();
        const asked: Promise<{ files: number; bytes: number }>[] = [];
        for (const each of steps) {
          if (each === 'down' || each === 'up') server.down = each === 'down';
          else if (each === 'flush') server.flush();
          else if (each === 'wait') await clock.advance(300);
          else {
            asked.push(one.take({ ...USE, ...each }).then((yes) => (yes ? each : { files: 0, bytes: 0 })));
          }
        }
        const taken = await Promise.all(asked);
        expect(taken.reduce((sum, { files }) => sum + files, 0)).toBeLessThanOrEqual(USE.maxFiles);
        expect(taken.reduce((sum, { bytes }) => sum + bytes, 0)).toBeLessThanOrEqual(USE.maxBytes);
      }),
    );
  });
});
