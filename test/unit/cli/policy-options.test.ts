import { create, toJson } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import { KeyPolicySchema, RateLimitSchema } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { type CommandContext, UsageError } from '../../../src/cli/command.ts';
import { policyFromOptions, rateLimitFromOptions } from '../../../src/cli/policy-options.ts';

function given(values: CommandContext['values']): CommandContext {
  return { values, positionals: [], stop: AbortSignal.abort() };
}

function policyJson(values: CommandContext['values'], base?: Parameters<typeof policyFromOptions>[1]) {
  const policy = policyFromOptions(given(values), base);
  return policy && toJson(KeyPolicySchema, policy);
}

function rateJson(values: CommandContext['values'], base?: Parameters<typeof rateLimitFromOptions>[1]) {
  const limit = rateLimitFromOptions(given(values), base);
  return limit && toJson(RateLimitSchema, limit);
}

describe('a policy', () => {
  it('is what the options say', () => {
    expect(
      policyJson({
        'content-types': 'image/*, application/pdf',
        extensions: 'png,pdf',
        'max-size': '10MB',
        'max-expiry': '5m',
        'key-prefix': 'avatars/',
        destinations: 'default',
        'no-overwrite': true,
      }),
    ).toEqual({
      content_types: ['image/*', 'application/pdf'],
      extensions: ['png', 'pdf'],
      max_size: '10000000',
      max_expiry_seconds: 300,
      key_prefix: 'avatars/',
      destinations: ['default'],
      allow_overwrite: false,
    });
  });

  it('is none without options', () => {
    expect(policyJson({})).toBeUndefined();
    expect(policyJson({}, create(KeyPolicySchema, { extensions: ['png'] }))).toBeUndefined();
  });

  /** Security property: naming one rule lifts no other. */
  it('keeps the rules of its base that are not named, and leaves the base as it was', () => {
    const base = create(KeyPolicySchema, { contentTypes: ['image/*'], maxSize: 1n, allowOverwrite: false });
    expect(policyJson({ 'max-size': '2' }, base)).toEqual({
      content_types: ['image/*'],
      max_size: '2',
      allow_overwrite: false,
    });
    expect(base.maxSize).toBe(1n);
    expect(policyJson({ overwrite: true }, base)).toMatchObject({ allow_overwrite: true, max_size: '1' });
  });

  it.each([
    ['max-size', '10 elephants', '--max-size must be a size'],
    ['max-expiry', '500ms', '--max-expiry must be a duration of whole seconds'],
    ['content-types', ' , ', '--content-types must be a list'],
  ])('refuses --%s "%s"', (name, text, message) => {
    expect(() => policyFromOptions(given({ [name]: text }))).toThrow(message);
  });
});

describe('limits', () => {
  it('are what the options say', () => {
    expect(rateJson({ rate: '100/1m', 'bytes-per-day': '1GB', 'bytes-per-month': '20GiB' })).toEqual({
      requests: 100,
      window_seconds: 60,
      bytes_per_day: '1000000000',
      bytes_per_month: '21474836480',
    });
    expect(rateJson({ plan: 'free' })).toEqual({ plan: 'free' });
    expect(rateJson({})).toBeUndefined();
  });

  it('of a plan replace those of a rate and the other way round; quotas stay', () => {
    const own = create(RateLimitSchema, { requests: 5, windowSeconds: 1, bytesPerDay: 7n });
    const planned = create(RateLimitSchema, { plan: 'free', bytesPerDay: 7n });
    expect(rateJson({ plan: 'pro' }, own)).toEqual({ plan: 'pro', bytes_per_day: '7' });
    expect(rateJson({ rate: '9/1s' }, planned)).toEqual({
      requests: 9,
      window_seconds: 1,
      bytes_per_day: '7',
    });
    expect(rateJson({ 'bytes-per-day': '8' }, planned)).toEqual({ plan: 'free', bytes_per_day: '8' });
  });

  it('are not taken from a plan and a rate at once', () => {
    expect(() => rateLimitFromOptions(given({ plan: 'free', rate: '1/1s' }))).toThrow(UsageError);
  });
});
