import { describe, expect, it } from 'vitest';
import { loadSettings } from '../../../src/config/load-settings.ts';
import { ratePlans } from '../../../src/config/rate-plans.ts';
import { SettingsError } from '../../../src/config/settings-error.ts';

describe('rate plans', () => {
  it('are names with calls per window, or a name alone for no limit', () => {
    expect(ratePlans.read('free=10/1m, pro=100/1.5s ,burst_2=1000000/24h,none')).toEqual(
      new Map([
        ['free', { requests: 10, windowMs: 60_000 }],
        ['pro', { requests: 100, windowMs: 1_500 }],
        ['burst_2', { requests: 1_000_000, windowMs: 86_400_000 }],
        ['none', null],
      ]),
    );
  });

  it('are free, pro and unlimited by default, and unlimited is what applies', () => {
    const { ratePlans: plans, defaultRatePlan } = loadSettings({});
    expect([...plans]).toEqual([
      ['free', { requests: 10, windowMs: 60_000 }],
      ['pro', { requests: 100, windowMs: 60_000 }],
      ['unlimited', null],
    ]);
    expect(plans.get(defaultRatePlan)).toBeNull();
  });

  it.each([
    'Free=10/1m',
    '1st=10/1m',
    'free=',
    'free=10',
    'free=10/',
    'free=0/1m',
    'free=-1/1m',
    'free=1.5/1m',
    'free=1000001/1m',
    'free=10/999ms',
    'free=10/1x',
    'free=10/m',
    'free=10/25h',
    'free=10/2d',
    'free=10/1m/1m',
    'fr ee=10/1m',
    `${'a'.repeat(51)}`,
    'free=10/1m;pro=100/1m',
  ])('are not %j', (text) => {
    expect(() => ratePlans.read(text)).toThrow('must list plans such as free=10/1m or unlimited');
  });

  it('name each plan once', () => {
    expect(() => ratePlans.read('free=10/1m,pro=100/1m,free=20/1m')).toThrow('names free twice');
  });

  it('are reported like every other setting', () => {
    const load = () => loadSettings({ PRESIGND_RATE_PLANS: 'free=0/1m' });
    expect(load).toThrow(SettingsError);
    expect(load).toThrow('PRESIGND_RATE_PLANS must list plans');
  });
});
