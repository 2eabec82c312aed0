import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { KeyRateVerdict } from '../../../src/quota/key-limiter.ts';
import type { SharedRateCounts } from '../../../src/quota/ports.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryRateServer } from '../../support/memory-rate-counts.ts';
import { createRateInstance, FAILURES, principalWith } from '../../support/rate-fleet.ts';

const KEY = principalWith({ requests: 10, windowSeconds: 60 });
const FREE = principalWith(null);

function alone() {
  const clock = createManualClock();
  return { clock, ...createRateInstance(undefined, { clock }) };
}

/** Instances that count together in one place. */
function fleet(size: number) {
  const clock = createManualClock();
  const server = createMemoryRateServer(clock);
  const connections = Array.from({ length: size }, () => server.connect());
  return { clock, server, instances: connections.map((counts) => createRateInstance(counts, { clock })) };
}

function single() {
  const { clock, server, instances } = fleet(1);
  const [instance] = instances;
  if (instance === undefined) throw new Error('the fleet is empty');
  return { clock, server, ...instance };
}

async function admitted(calls: number, take: () => unknown): Promise<number> {
  let count = 0;
  for (let n = 0; n < calls; n++) if ((await verdictOf(take)).allowed) count++;
  return count;
}

async function verdictOf(take: () => unknown): Promise<KeyRateVerdict> {
  return (await take()) as KeyRateVerdict;
}

describe('a key limiter without a shared count', () => {
  it('neither judges nor waits where no limit applies', () => {
    expect(alone().limiter.take(FREE)).toBeUndefined();
    expect(single().limiter.take(FREE)).toBeUndefined();
  });

  it('answers at once how the call stands to the limit', () => {
    expect(alone().limiter.take(KEY)).toEqual({
      plan: undefined,
      requests: 10,
      windowMs: 60_000,
      allowed: true,
      remaining: 9,
      retryAfterMs: 0,
      resetMs: 6_000,
    });
    expect(alone().limiter.take(principalWith({ plan: 'pro' }))).toMatchObject({
      plan: 'pro',
      remaining: 99,
    });
  });

  it('refuses beyond the limit, and says when to come back', async () => {
    const { clock, limiter } = alone();
    expect(await admitted(20, () => limiter.take(KEY))).toBe(10);
    expect(limiter.take(KEY)).toMatchObject({ allowed: false, remaining: 0, retryAfterMs: 6_000 });
    await clock.advance(6_000);
    expect(limiter.take(KEY)).toMatchObject({ allowed: true });
    expect(limiter.take(KEY)).toMatchObject({ allowed: false });
  });

  it('counts each key by itself', async () => {
    const { limiter } = alone();
    await admitted(10, () => limiter.take(KEY));
    expect(limiter.take({ ...KEY, keyId: 'key_2' })).toMatchObject({ allowed: true, remaining: 9 });
  });

  it('lets a raised limit count at once', async () => {
    const { clock, limiter } = alone();
    const daily = principalWith({ requests: 5, windowSeconds: 86_400 });
    expect(await admitted(10, () => limiter.take(daily))).toBe(5);
    const raised = principalWith({ requests: 100, windowSeconds: 1 });
    limiter.take(raised);
    await clock.advance(10);
    expect(limiter.take(raised)).toMatchObject({ allowed: true });
  });

  it('is never the business of the insurance', async () => {
    const instance = alone();
    await admitted(20, () => instance.limiter.take(KEY));
    expect(instance.alone).toEqual({ failed: 0, unasked: 0 });
  });
});

describe('a key limiter with a shared count', () => {
  it('admits the limit once for all instances', async () => {
    const { instances } = fleet(3);
    const counts = await Promise.all(instances.map(({ limiter }) => admitted(20, () => limiter.take(KEY))));
    expect(counts.reduce((sum, count) => sum + count)).toBe(10);
  });

  it('tells what all instances have left', async () => {
    const { instances } = fleet(2);
    const [one, other] = instances;
    await admitted(4, () => one?.limiter.take(KEY));
    expect(await other?.limiter.take(KEY)).toMatchObject({ remaining: 5, resetMs: 30_000 });
  });

  it('asks nobody about a call that it knows to be over the limit', async () => {
    const { clock, server, limiter } = single();
    await admitted(10, () => limiter.take(KEY));
    const calls = server.calls();
    const refused = limiter.take(KEY);
    expect(refused).not.toBeInstanceOf(Promise);
    expect(refused).toMatchObject({ allowed: false, retryAfterMs: 6_000 });
    expect(server.calls()).toBe(calls);
    await clock.advance(6_000);
    expect(await limiter.take(KEY)).toMatchObject({ allowed: true });
    expect(server.calls()).toBe(calls + 1);
  });

  it('learns from a refusal how much the others have used', async () => {
    const { server, instances } = fleet(2);
    const [one, other] = instances;
    await admitted(10, () => one?.limiter.take(KEY));
    expect(await other?.limiter.take(KEY)).toMatchObject({ allowed: false });
    const calls = server.calls();
    await admitted(10, () => other?.limiter.take(KEY));
    expect(server.calls()).toBe(calls);
  });

  it('asks again as soon as others may be admitted, however many calls were refused at once', async () => {
    const { clock, instances } = fleet(2);
    const [one, other] = instances;
    await admitted(10, () => one?.limiter.take(KEY));
    await clock.advance(3_000);
    const refused = await Promise.all(Array.from({ length: 10 }, () => other?.limiter.take(KEY)));
    expect(refused.filter((verdict) => verdict?.allowed)).toEqual([]);
    await clock.advance(3_000);
    expect(await other?.limiter.take(KEY)).toMatchObject({ allowed: true });
  });

  it('admits no more than the limit by itself, however often the count is lost', async () => {
    const { server, limiter } = single();
    const count = await admitted(50, () => {
      server.flush();
      return limiter.take(KEY);
    });
    expect(count).toBe(10);
  });
});

describe('a key limiter whose shared count fails', () => {
  it('admits its share, and neither refuses below nor admits beyond', async () => {
    const { server, instances } = fleet(4);
    server.down = true;
    for (const { limiter } of instances) {
      expect(await admitted(10, () => limiter.take(KEY))).toBe(3);
    }
  });

  it('admits at least one call per window', async () => {
    const { clock, server, instances } = fleet(20);
    server.down = true;
    const [one] = instances;
    expect(await admitted(5, () => one?.limiter.take(KEY))).toBe(1);
    await clock.advance(60_000);
    expect(await admitted(5, () => one?.limiter.take(KEY))).toBe(1);
  });

  it('admits no more than is left of what it saw being used', async () => {
    const { server, limiter } = single();
    await admitted(7, () => limiter.take(KEY));
    server.down = true;
    expect(await admitted(10, () => limiter.take(KEY))).toBe(3);
    server.down = false;
  });

  it('does not count a call that its share refused', async () => {
    const { server, instances } = fleet(4);
    const [one] = instances;
    server.down = true;
    expect(await admitted(4, () => one?.limiter.take(KEY))).toBe(3);
    server.down = false;
    expect(await admitted(20, () => one?.limiter.take(KEY))).toBe(7);
  });

  it('tells what is left of the limit where that is less than its share', async () => {
    const { server, instances } = fleet(2);
    const [one] = instances;
    await admitted(8, () => one?.limiter.take(KEY));
    server.down = true;
    expect(await one?.limiter.take(KEY)).toMatchObject({ allowed: true, remaining: 1, resetMs: 54_000 });
  });

  it('tells the stricter of what is left of the share and of the limit', async () => {
    const { server, instances } = fleet(2);
    const [one] = instances;
    server.down = true;
    expect(await one?.limiter.take(KEY)).toMatchObject({
      requests: 10,
      remaining: 4,
      resetMs: 12_000,
      allowed: true,
    });
    await admitted(4, () => one?.limiter.take(KEY));
    expect(await one?.limiter.take(KEY)).toMatchObject({
      allowed: false,
      remaining: 0,
      retryAfterMs: 12_000,
    });
  });

  it('stops asking after some failures, tries again by itself, and lets nobody wait for that', async () => {
    const { clock, server, limiter, alone } = single();
    server.down = true;
    const many = principalWith({ requests: 1_000, windowSeconds: 60 });
    expect(await admitted(100, () => limiter.take(many))).toBe(100);
    expect(server.calls()).toBe(FAILURES);
    expect(alone).toEqual({ failed: FAILURES, unasked: 100 - FAILURES });

    await clock.advance(500);
    expect(limiter.take(many)).not.toBeInstanceOf(Promise);
    expect(server.calls()).toBe(FAILURES + 1);
    server.down = false;
    await clock.advance(500);
    expect(limiter.take(many)).not.toBeInstanceOf(Promise);
    await clock.advance(0);
    expect(limiter.take(many)).toBeInstanceOf(Promise);
  });

  it('never rejects, and counts a call that was refused for neither', async () => {
    const { server, limiter } = single();
    server.down = true;
    await admitted(10, () => limiter.take(KEY));
    const first = await limiter.take(KEY);
    const second = await limiter.take(KEY);
    expect(second).toEqual(first);
  });

  it('does not give a whole new limit away when the count comes back empty', async () => {
    const { clock, server, limiter } = single();
    await admitted(4, () => limiter.take(KEY));
    server.down = true;
    await admitted(6, () => limiter.take(KEY));
    server.down = false;
    server.flush();
    await clock.advance(1_000);
    expect(await admitted(10, () => limiter.take(KEY))).toBe(0);
    await clock.advance(5_000);
    expect(await admitted(10, () => limiter.take(KEY))).toBe(1);
  });

  it('waits for no answer that never comes', async () => {
    const clock = createManualClock();
    // What the adapter makes of a Redis that hangs: a rejection after its time limit.
    const hanging: SharedRateCounts = {
      take: () =>
        new Promise((_, reject) => clock.schedule(150, () => reject(new Error('Command timed out')))),
      instances: () => 1,
    };
    const { limiter } = createRateInstance(hanging, { clock });
    const many = principalWith({ requests: 1_000, windowSeconds: 60 });
    let waited = 0;
    for (let n = 0; n < 200; n++) {
      const verdict = limiter.take(many);
      if (verdict instanceof Promise) {
        waited += 1;
        await clock.advance(150);
      } else {
        await clock.advance(10);
      }
      expect(await verdict).toMatchObject({ allowed: true });
    }
    expect(waited).toBe(FAILURES);
  });
});

describe('however instances, pauses and outages follow each other,', () => {
  interface Admission {
    readonly atMs: number;
  }
  const limits = fc.record({
    requests: fc.integer({ min: 1, max: 20 }),
    windowSeconds: fc.integer({ min: 1, max: 5 }),
  });
  const steps = fc.array(
    fc.oneof(
      { weight: 8, arbitrary: fc.record({ call: fc.nat(3), times: fc.integer({ min: 1, max: 6 }) }) },
      { weight: 4, arbitrary: fc.record({ waitMs: fc.oneof(fc.nat(100), fc.nat(3_000)) }) },
      { weight: 1, arbitrary: fc.record({ down: fc.boolean() }) },
    ),
    { minLength: 1, maxLength: 60 },
  );

  async function play(
    size: number,
    limit: { requests: number; windowSeconds: number },
    script: typeof steps extends fc.Arbitrary<infer T> ? T : never,
    mayFail: boolean,
  ): Promise<Admission[]> {
    const { clock, server, instances } = fleet(size);
    const principal = principalWith(limit);
    const admissions: Admission[] = [];
    for (const step of script) {
      if ('waitMs' in step) await clock.advance(step.waitMs);
      else if ('down' in step) server.down = mayFail && step.down;
      else {
        const instance = instances[step.call % size];
        const asked = Array.from({ length: step.times }, () => instance?.limiter.take(principal));
        for (const verdict of await Promise.all(asked)) {
          if (verdict?.allowed) admissions.push({ atMs: clock.monotonicMs() });
        }
      }
    }
    return admissions;
  }

  /** Every stretch of time from one admission to another holds at most what the bound allows for its length. */
  function expectBound(admissions: readonly Admission[], bound: (lengthMs: number) => number): void {
    for (const [from, first] of admissions.entries()) {
      for (const [offset, last] of admissions.slice(from).entries()) {
        expect(offset + 1).toBeLessThanOrEqual(bound(last.atMs - first.atMs) + 1e-6);
      }
    }
  }

  const bucket = ({ requests, windowSeconds }: { requests: number; windowSeconds: number }) => {
    return (lengthMs: number) => requests + (requests * lengthMs) / (windowSeconds * 1_000);
  };

  it('no more is admitted than the limit and its rate while the count answers', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), limits, steps, async (size, limit, script) => {
        expectBound(await play(size, limit, script, false), bucket(limit));
      }),
    );
  });

  it('the rounding up of shares is all that outages add to one more limit', async () => {
    await fc.assert(
      fc.asyncProperty(fc.integer({ min: 1, max: 4 }), limits, steps, async (size, limit, script) => {
        const share = { ...limit, requests: Math.ceil(limit.requests / size) };
        const bound = (lengthMs: number) => bucket(limit)(lengthMs) + size * bucket(share)(lengthMs);
        expectBound(await play(size, limit, script, true), bound);
      }),
    );
  });

  it('outages add nothing where there is one instance', async () => {
    await fc.assert(
      fc.asyncProperty(limits, steps, async (limit, script) => {
        expectBound(await play(1, limit, script, true), bucket(limit));
      }),
    );
  });

  it('nobody is refused who stays within the share of its instance', async () => {
    const sizes = fc.integer({ min: 1, max: 4 });
    const shares = fc.integer({ min: 1, max: 10 });
    const outages = fc.array(fc.boolean(), { maxLength: 40 });
    await fc.assert(
      fc.asyncProperty(sizes, shares, outages, async (size, share, outages) => {
        const { clock, server, instances } = fleet(size);
        const principal = principalWith({ requests: size * share, windowSeconds: 3 });
        for (const down of outages) {
          server.down = down;
          await clock.advance(Math.ceil(3_000 / share) + 1);
          for (const { limiter } of instances) {
            expect(await limiter.take(principal)).toMatchObject({ allowed: true });
          }
        }
      }),
    );
  });
});
