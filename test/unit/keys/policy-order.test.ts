import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type KeyPolicy, type KeyRateLimit, SCOPES } from '../../../src/keys/api-key.ts';
import { type Allowance, widerRules, widerThan } from '../../../src/keys/policy-order.ts';

const names = (policy: KeyPolicy | null, than: KeyPolicy | null) =>
  widerRules(policy, than).map(({ field }) => field);

const FULL = {
  contentTypes: ['image/*', 'text/plain'],
  extensions: ['png', 'txt'],
  maxSizeBytes: 100,
  maxTtlSeconds: 60,
  objectKeyPrefix: 'a/',
  destinations: ['default', 'cold'],
  allowOverwrite: false,
} as const satisfies KeyPolicy;

const ALL_FIELDS = [
  'policy.content_types',
  'policy.extensions',
  'policy.max_size',
  'policy.max_expiry_seconds',
  'policy.key_prefix',
  'policy.destinations',
  'policy.allow_overwrite',
];

describe('a policy', () => {
  it('is never wider than none, nor than itself', () => {
    expect(names(FULL, null)).toEqual([]);
    expect(names(FULL, {})).toEqual([]);
    expect(names(FULL, FULL)).toEqual([]);
  });

  it('is wider by every rule that it lacks', () => {
    expect(names(null, FULL)).toEqual(ALL_FIELDS);
    expect(names({}, FULL)).toEqual(ALL_FIELDS);
    expect(names({ ...FULL, allowOverwrite: true }, FULL)).toEqual(['policy.allow_overwrite']);
    expect(names(null, { allowOverwrite: true })).toEqual([]);
  });

  it.each([
    [{ contentTypes: ['image/png', 'image/gif'] }, true],
    [{ contentTypes: ['image/*'] }, true],
    [{ contentTypes: ['text/plain'] }, true],
    [{ contentTypes: ['text/*'] }, false],
    [{ contentTypes: ['image/png', 'text/html'] }, false],
    [{ contentTypes: ['imagex/png'] }, false],
    [{ extensions: ['png'] }, true],
    [{ extensions: ['png', 'exe'] }, false],
    [{ maxSizeBytes: 100 }, true],
    [{ maxSizeBytes: 101 }, false],
    [{ maxTtlSeconds: 61 }, false],
    [{ objectKeyPrefix: 'a/b/' }, true],
    [{ objectKeyPrefix: 'ab/' }, false],
    [{ objectKeyPrefix: 'b/a/' }, false],
    [{ destinations: ['cold'] }, true],
    [{ destinations: ['hot'] }, false],
    [{ allowOverwrite: true }, false],
  ] satisfies [KeyPolicy, boolean][])('compares rule by rule: %j is within is %s', (rule, isWithin) => {
    expect(names({ ...FULL, ...rule }, FULL)).toHaveLength(isWithin ? 0 : 1);
  });
});

describe('a rate limit', () => {
  const isWider = (rateLimit: KeyRateLimit | null, than: KeyRateLimit | null) =>
    widerThan({ scopes: [], policy: null, rateLimit }, { scopes: [], policy: null, rateLimit: than }).map(
      ({ field }) => field,
    ).length > 0;

  it.each([
    [{ requests: 10, windowSeconds: 60 }, false],
    [{ requests: 5, windowSeconds: 60 }, false],
    [{ requests: 5, windowSeconds: 30 }, false],
    [{ requests: 10, windowSeconds: 3_600 }, false],
    [{ requests: 11, windowSeconds: 60 }, true],
    [{ requests: 5, windowSeconds: 29 }, true],
    // A slower rate, but more of it at once.
    [{ requests: 100, windowSeconds: 86_400 }, true],
    [{ plan: 'free' }, true],
    [{ bytesPerDay: 1 }, true],
    [null, true],
  ] satisfies [KeyRateLimit | null, boolean][])('%j is wider than 10 a minute is %s', (limit, wider) => {
    expect(isWider(limit, { requests: 10, windowSeconds: 60 })).toBe(wider);
  });

  it.each([
    [{ plan: 'free' }, false],
    [{ plan: 'free', bytesPerDay: 1 }, false],
    [{ plan: 'pro' }, true],
    [{ requests: 1, windowSeconds: 60 }, true],
    [null, true],
  ] satisfies [KeyRateLimit | null, boolean][])('%j is wider than a plan is %s', (limit, wider) => {
    expect(isWider(limit, { plan: 'free' })).toBe(wider);
  });

  /** Whoever is under a default plan that limits must not make a key without a limit. */
  it.each([
    [null, false],
    [{ bytesPerDay: 1 }, false],
    [{ plan: 'free' }, false],
    [{ plan: 'unlimited' }, true],
    [{ requests: 1_000, windowSeconds: 60 }, true],
  ] satisfies [KeyRateLimit | null, boolean][])(
    '%j is wider than the default plan is %s',
    (rateLimit, wider) => {
      const caller = { scopes: [], policy: null, rateLimit: null };
      expect(widerThan({ ...caller, rateLimit }, caller, 'free').length > 0).toBe(wider);
      expect(widerThan({ ...caller, rateLimit }, caller)).toEqual([]);
    },
  );

  it.each([
    [{ bytesPerDay: 10, bytesPerMonth: 100 }, false],
    [{ bytesPerDay: 11, bytesPerMonth: 100 }, true],
    [{ bytesPerDay: 10 }, true],
    [{ bytesPerMonth: 100 }, true],
    [null, true],
  ] satisfies [KeyRateLimit | null, boolean][])('%j is wider than a byte quota is %s', (limit, wider) => {
    expect(isWider(limit, { bytesPerDay: 10, bytesPerMonth: 100 })).toBe(wider);
  });

  it('is not judged where the default plan applies to the caller', () => {
    expect(isWider({ plan: 'pro' }, null)).toBe(false);
    expect(isWider({ plan: 'pro', bytesPerDay: 1 }, { bytesPerDay: 1 })).toBe(false);
  });
});

const some = <T>(items: readonly [T, ...T[]]) =>
  fc.uniqueArray(fc.constantFrom(...items), { minLength: 1, maxLength: 3 });

const NOTHING: Allowance = { scopes: [], policy: null, rateLimit: null };

/** Three keys that differ in one thing, which may be anything: three independent ones are hardly ever a chain. */
function three(part: fc.Arbitrary<Partial<Allowance>>) {
  const allowance = part.map((differing): Allowance => ({ ...NOTHING, ...differing }));
  return fc.tuple(allowance, allowance, allowance);
}

function threeWith(policy: fc.Arbitrary<KeyPolicy>) {
  return three(fc.option(policy, { nil: null }).map((some) => ({ policy: some })));
}

const SOME = { requiredKeys: [] as [] };

const anyThree = fc.oneof(
  three(fc.record({ scopes: fc.uniqueArray(fc.constantFrom(...SCOPES)) })),
  threeWith(
    fc.record({ contentTypes: some(['image/*', 'image/png', 'image/gif', 'text/*', 'text/plain']) }, SOME),
  ),
  threeWith(
    fc.record({ extensions: some(['png', 'gif', 'txt']), destinations: some(['default', 'cold']) }, SOME),
  ),
  threeWith(fc.record({ maxSizeBytes: fc.nat(3), maxTtlSeconds: fc.integer({ min: 1, max: 3 }) }, SOME)),
  threeWith(
    fc.record(
      { objectKeyPrefix: fc.constantFrom('a/', 'a/b/', 'ab/', 'b/'), allowOverwrite: fc.boolean() },
      SOME,
    ),
  ),
  three(
    fc.record({
      rateLimit: fc.oneof(
        fc.record({ plan: fc.constantFrom('free', 'pro') }),
        fc.record({
          requests: fc.integer({ min: 1, max: 4 }),
          windowSeconds: fc.integer({ min: 1, max: 4 }),
        }),
        // Without a rate it would be the default plan, which this room does not know.
        fc.record({ plan: fc.constant('free'), bytesPerDay: fc.nat(3), bytesPerMonth: fc.nat(3) }),
      ),
    }),
  ),
);
const isWithin = (key: Allowance, than: Allowance) => widerThan(key, than).length === 0;

/** Security property: however many keys make keys, the last one may do no more than the first. */
it('no chain of keys, each within the one before, ends in one that is wider than the first', () => {
  let chains = 0;
  fc.assert(
    fc.property(anyThree, ([first, second, third]) => {
      expect(isWithin(first, first)).toBe(true);
      if (isWithin(second, first) && isWithin(third, second)) {
        chains++;
        expect(isWithin(third, first)).toBe(true);
      }
    }),
    { numRuns: 5_000 },
  );
  expect(chains).toBeGreaterThan(500);
});
