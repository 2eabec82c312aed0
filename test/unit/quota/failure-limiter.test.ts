import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createFailureLimiter } from '../../../src/quota/failure-limiter.ts';

function limiterAt(options: { perSecond?: number; burst?: number; maxAddresses?: number } = {}) {
  const clock = { nowMs: 1_000, monotonicMs: () => clock.nowMs };
  const limiter = createFailureLimiter({ perSecond: 2, burst: 3, maxAddresses: 100, ...options, clock });
  const fail = (address: string, times: number) => {
    for (let n = 0; n < times; n += 1) limiter.recordFailure(address);
  };
  return { clock, limiter, fail };
}

describe('createFailureLimiter', () => {
  it('lets an address try until its burst of failures is used up', () => {
    const { limiter, fail } = limiterAt();
    expect(limiter.blockedForMs('192.0.2.1')).toBe(0);
    fail('192.0.2.1', 2);
    expect(limiter.blockedForMs('192.0.2.1')).toBe(0);
    fail('192.0.2.1', 1);
    expect(limiter.blockedForMs('192.0.2.1')).toBe(500);
  });

  it('lets it try again at the rate, and forgets all after a pause', () => {
    const { clock, limiter, fail } = limiterAt();
    fail('192.0.2.1', 3);
    clock.nowMs += 499;
    expect(limiter.blockedForMs('192.0.2.1')).toBe(1);
    clock.nowMs += 1;
    expect(limiter.blockedForMs('192.0.2.1')).toBe(0);
    fail('192.0.2.1', 1);
    expect(limiter.blockedForMs('192.0.2.1')).toBe(500);
    clock.nowMs += 60_000;
    fail('192.0.2.1', 2);
    expect(limiter.blockedForMs('192.0.2.1')).toBe(0);
  });

  it('does not block for longer because of calls that were already on their way', () => {
    const { limiter, fail } = limiterAt();
    fail('192.0.2.1', 1_000);
    expect(limiter.blockedForMs('192.0.2.1')).toBe(500);
  });

  it('never charges one address for the failures of others', () => {
    const address = fc.ipV4();
    fc.assert(
      fc.property(address, fc.array(address, { maxLength: 60 }), (innocent, guilty) => {
        const { limiter, fail } = limiterAt();
        for (const address of guilty.filter((address) => address !== innocent)) fail(address, 5);
        expect(limiter.blockedForMs(innocent)).toBe(0);
      }),
    );
  });

  /** Security property: an IPv6 guesser has 2^64 addresses to choose from, and they all count as one. */
  it('counts a /64 of IPv6 as one, and an IPv4 address the same however it is written', () => {
    const { limiter, fail } = limiterAt();
    for (const host of ['::1', '::2', '::ffff:ffff']) fail(`2001:db8:0:1${host}`, 1);
    expect(limiter.blockedForMs('2001:db8:0:1:a:b:c:d')).toBe(500);
    expect(limiter.blockedForMs('2001:db8:0:2::1')).toBe(0);
    fail('::ffff:192.0.2.1', 3);
    expect(limiter.blockedForMs('192.0.2.1')).toBe(500);
  });

  it('remembers a bounded number of addresses: those that failed last', () => {
    const { limiter, fail } = limiterAt({ maxAddresses: 2 });
    for (const address of ['192.0.2.1', '192.0.2.2', '192.0.2.1', '192.0.2.3']) fail(address, 3);
    const blocked = ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map(
      (address) => limiter.blockedForMs(address) > 0,
    );
    expect(blocked).toEqual([true, false, true]);
  });
});
