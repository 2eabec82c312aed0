import { describe, expect, it } from 'vitest';
import type { KeyPolicy, KeyRateLimit } from '../../../src/keys/api-key.ts';
import { checkCreateKeyInput, checkUpdateKeyInput } from '../../../src/keys/key-input.ts';
import { faultOf } from '../../support/faults.ts';
import { PLANS } from '../../support/key-fixtures.ts';
import { INPUT } from './keys-room.ts';

const CONTEXT = { nowMs: 0, plans: PLANS, callersOwner: undefined };

const policyOf = (policy: KeyPolicy) => checkCreateKeyInput({ ...INPUT, policy }, CONTEXT).policy;
const limitOf = (rateLimit: KeyRateLimit) => checkUpdateKeyInput({ rateLimit }, PLANS).rateLimit;

async function wrongFields(call: () => unknown): Promise<string[]> {
  const fault = await faultOf(call);
  expect(fault.reason).toBe('INVALID_REQUEST');
  return fault.fields.map(({ field }) => field);
}

describe('a policy', () => {
  it('is kept in one spelling, each item once', () => {
    expect(
      policyOf({
        contentTypes: ['Image/PNG', 'image/png', 'TEXT/*'],
        extensions: ['.PNG', 'png', 'Jpeg'],
        maxSizeBytes: 0,
        maxTtlSeconds: 604_800,
        objectKeyPrefix: 'Avatars/v1.2',
        destinations: ['default', 'cold-2', 'default'],
        allowOverwrite: false,
      }),
    ).toEqual({
      contentTypes: ['image/png', 'text/*'],
      extensions: ['png', 'jpeg'],
      maxSizeBytes: 0,
      maxTtlSeconds: 604_800,
      objectKeyPrefix: 'Avatars/v1.2/',
      destinations: ['default', 'cold-2'],
      allowOverwrite: false,
    });
  });

  it('without a rule is none', () => {
    expect(policyOf({})).toBeNull();
    expect(checkUpdateKeyInput({ policy: {} }, PLANS).policy).toBeNull();
    expect(checkUpdateKeyInput({}, PLANS).policy).toBeUndefined();
  });

  /** Security property: what nobody understands must not be kept, least of all as a rule. */
  it('keeps nothing but its own rules', () => {
    const odd = { maxSizeBytes: 1, max_size: 2, ['__proto__']: { allowOverwrite: true } };
    expect(policyOf(odd)).toEqual({ maxSizeBytes: 1 });
  });

  it.each([
    ['content_types', { contentTypes: [] }],
    ['content_types', { contentTypes: ['image'] }],
    ['content_types', { contentTypes: ['*/*'] }],
    ['content_types', { contentTypes: ['image/p*'] }],
    ['content_types', { contentTypes: ['text/plain; charset=utf-8'] }],
    ['content_types', { contentTypes: ['image/png', 'image/png\r\nx'] }],
    ['content_types', { contentTypes: Array.from({ length: 101 }, (_, n) => `image/x${n}`) }],
    ['extensions', { extensions: [] }],
    ['extensions', { extensions: [''] }],
    ['extensions', { extensions: ['.'] }],
    ['extensions', { extensions: ['tar.gz'] }],
    ['extensions', { extensions: ['a/b'] }],
    ['extensions', { extensions: ['x'.repeat(33)] }],
    ['max_size', { maxSizeBytes: -1 }],
    ['max_size', { maxSizeBytes: 1.5 }],
    ['max_size', { maxSizeBytes: Number.NaN }],
    ['max_size', { maxSizeBytes: Number.POSITIVE_INFINITY }],
    ['max_expiry_seconds', { maxTtlSeconds: 0 }],
    ['max_expiry_seconds', { maxTtlSeconds: 604_801 }],
    ['key_prefix', { objectKeyPrefix: '' }],
    ['key_prefix', { objectKeyPrefix: '/' }],
    ['key_prefix', { objectKeyPrefix: '/a/' }],
    ['key_prefix', { objectKeyPrefix: 'a//b' }],
    ['key_prefix', { objectKeyPrefix: 'a/../b' }],
    ['key_prefix', { objectKeyPrefix: '..' }],
    ['key_prefix', { objectKeyPrefix: './a' }],
    ['key_prefix', { objectKeyPrefix: 'a b' }],
    ['key_prefix', { objectKeyPrefix: 'ä' }],
    ['key_prefix', { objectKeyPrefix: 'a\n' }],
    ['key_prefix', { objectKeyPrefix: 'x'.repeat(200) }],
    ['destinations', { destinations: [] }],
    ['destinations', { destinations: ['Default'] }],
    ['destinations', { destinations: ['-a'] }],
  ] satisfies [string, KeyPolicy][])('with a bad rule %s is refused: %j', async (name, policy) => {
    expect(await wrongFields(() => policyOf(policy))).toEqual([`policy.${name}`]);
  });

  it('may have dots in its prefix, as long as they lead nowhere', () => {
    for (const objectKeyPrefix of ['.well-known/', '...', 'a..b/', 'a/.../b/', 'x'.repeat(199)])
      expect(policyOf({ objectKeyPrefix })).toMatchObject({ objectKeyPrefix: expect.stringMatching(/\/$/) });
  });

  it('names everything that is wrong with it at once', async () => {
    const policy = { contentTypes: ['x'], extensions: ['.'], maxSizeBytes: -1, objectKeyPrefix: '..' };
    expect(await wrongFields(() => checkUpdateKeyInput({ name: '', scopes: [], policy }, PLANS))).toEqual([
      'name',
      'scopes',
      'policy.content_types',
      'policy.extensions',
      'policy.max_size',
      'policy.key_prefix',
    ]);
  });
});

describe('a rate limit', () => {
  it.each([
    { plan: 'free' },
    { requests: 1, windowSeconds: 86_400 },
    { requests: 1_000_000, windowSeconds: 1, bytesPerDay: 0 },
    { plan: 'pro', bytesPerMonth: Number.MAX_SAFE_INTEGER },
    { bytesPerDay: 1 },
  ])('is taken as a plan or as a rate of its own: %j', (limit) => {
    expect(limitOf(limit)).toEqual(limit);
  });

  it('without a rule is none', () => {
    expect(limitOf({})).toBeNull();
  });

  it.each([
    ['plan', { plan: 'gold' }],
    ['plan', { plan: '' }],
    ['plan', { plan: 'free', requests: 1, windowSeconds: 1 }],
    ['requests', { windowSeconds: 1 }],
    ['requests', { requests: 0, windowSeconds: 1 }],
    ['requests', { requests: 1_000_001, windowSeconds: 1 }],
    ['requests', { requests: 1.5, windowSeconds: 1 }],
    ['window_seconds', { requests: 1 }],
    ['window_seconds', { requests: 1, windowSeconds: 86_401 }],
    ['window_seconds', { requests: 1, windowSeconds: 0 }],
    ['bytes_per_day', { bytesPerDay: -1 }],
    ['bytes_per_month', { bytesPerMonth: 2 ** 53 }],
  ] satisfies [string, KeyRateLimit][])('with a bad %s is refused: %j', async (name, limit) => {
    expect(await wrongFields(() => limitOf(limit))).toEqual([`rate_limit.${name}`]);
  });

  it('names the plans that there are', async () => {
    const { fields } = await faultOf(() => limitOf({ plan: 'gold' }));
    expect(fields[0]?.message).toContain('free, pro, unlimited');
  });
});

describe('scopes', () => {
  it('that nobody knows are refused with those that there are', async () => {
    const { fields } = await faultOf(() => checkUpdateKeyInput({ scopes: ['keys:read', 'root'] }, PLANS));
    expect(fields).toEqual([
      {
        field: 'scopes',
        message: 'must be one or more of uploads:create, uploads:read, uploads:manage, keys:read, keys:write',
      },
    ]);
  });
});
