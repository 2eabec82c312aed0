import { describe, expect, it, vi } from 'vitest';
import type { KeyRateLimit } from '../../../src/keys/api-key.ts';
import { createKeyLimits } from '../../../src/quota/key-limits.ts';
import { PLANS, principalWith } from '../../support/rate-fleet.ts';

function limitsWith(defaultPlan: string) {
  const onUnknownPlan = vi.fn();
  const limitOf = createKeyLimits({ plans: PLANS, defaultPlan, onUnknownPlan });
  return {
    onUnknownPlan,
    limitOf: (rateLimit: KeyRateLimit | null) => limitOf(principalWith(rateLimit)),
  };
}

describe('the limit of a key', () => {
  it('is its own before any plan', () => {
    expect(limitsWith('free').limitOf({ requests: 7, windowSeconds: 2 })).toEqual({
      plan: undefined,
      requests: 7,
      windowMs: 2_000,
      rate: { perSecond: 3.5, burst: 7 },
    });
  });

  it('is that of the plan it names', () => {
    expect(limitsWith('free').limitOf({ plan: 'pro' })).toMatchObject({
      plan: 'pro',
      requests: 100,
      windowMs: 60_000,
      rate: { burst: 100 },
    });
    expect(limitsWith('free').limitOf({ plan: 'unlimited' })).toBeUndefined();
  });

  it.each([null, {}, { bytesPerDay: 1 }])(
    'is that of the default plan where the key says %j',
    (rateLimit) => {
      expect(limitsWith('free').limitOf(rateLimit)).toMatchObject({ plan: 'free', requests: 10 });
      expect(limitsWith('unlimited').limitOf(rateLimit)).toBeUndefined();
    },
  );

  it('is that of the default plan where the named one is gone, which is told of once', () => {
    const { limitOf, onUnknownPlan } = limitsWith('free');
    for (let n = 0; n < 3; n++) expect(limitOf({ plan: 'gold' })).toMatchObject({ plan: 'free' });
    expect(limitOf({ plan: 'toString' })).toMatchObject({ plan: 'free' });
    expect(onUnknownPlan.mock.calls).toEqual([['gold'], ['toString']]);
  });

  it('does not remember without bound which unknown plans it told of', () => {
    const { limitOf, onUnknownPlan } = limitsWith('free');
    for (let n = 0; n < 3_000; n++) limitOf({ plan: `plan-${n}` });
    expect(onUnknownPlan).toHaveBeenCalledTimes(1_000);
  });

  it('cannot be found with a default plan that is none of the plans', () => {
    expect(() => limitsWith('gold')).toThrow(
      'PRESIGND_DEFAULT_RATE_PLAN is gold, but PRESIGND_RATE_PLANS has only free, pro, unlimited',
    );
  });
});
