import { describe, expect, it } from 'vitest';
import {
  browserHeaders,
  corsFormOf,
  corsRule,
  corsText,
  hasCorsRule,
  withCorsRule,
} from '../../../src/doctor/cors-rule.ts';
import { PUT_HEADERS } from '../../../src/s3/put-input.ts';
import { PROVIDER_CAPABILITIES, PROVIDERS } from '../../../src/uploads/providers.ts';

const RULE = corsRule(['https://a.example.com'], PROVIDER_CAPABILITIES.aws, []);

describe('the headers of browsers', () => {
  it('are all that an upload to AWS can be signed with', () => {
    expect(browserHeaders(PROVIDER_CAPABILITIES.aws, ['private'])).toEqual(
      [...PUT_HEADERS, 'x-amz-meta-*'].sort(),
    );
  });

  it('leave out what the provider cannot do', () => {
    const r2 = browserHeaders(PROVIDER_CAPABILITIES.r2, ['private']);
    for (const header of ['x-amz-tagging', 'x-amz-acl', 'x-amz-server-side-encryption'])
      expect(r2).not.toContain(header);
    expect(browserHeaders(PROVIDER_CAPABILITIES.wasabi, [])).not.toContain('x-amz-checksum-sha256');
    expect(browserHeaders(PROVIDER_CAPABILITIES.gcs, [])).toContain('x-goog-if-generation-match');
    expect(browserHeaders(PROVIDER_CAPABILITIES.gcs, [])).not.toContain('if-none-match');
  });

  it.each(PROVIDERS)('have each name once, and the content type, for %s', (provider) => {
    const headers = browserHeaders(PROVIDER_CAPABILITIES[provider], []);
    expect(new Set(headers).size).toBe(headers.length);
    expect(headers).toEqual(expect.arrayContaining(['content-type', 'x-amz-meta-*']));
  });
});

it('stands in front of the rules that there are, and lets the same pages read what they let them read', () => {
  const theirs = { AllowedOrigins: ['https://*.example.com'], ExposeHeaders: ['x-amz-version-id', 'ETag'] };
  const others = { AllowedOrigins: ['https://elsewhere.org'], ExposeHeaders: ['x-secret'] };
  const [ours, ...rest] = withCorsRule([theirs, others], RULE);
  expect(ours.ExposeHeaders).toEqual(['ETag', 'x-amz-version-id']);
  expect(rest).toEqual([theirs, others]);
});

it('is found among rules that grant all that it does', () => {
  expect(hasCorsRule([], RULE)).toBe(false);
  expect(hasCorsRule([RULE], RULE)).toBe(true);
  const all = { AllowedOrigins: ['*'], AllowedMethods: RULE.AllowedMethods, AllowedHeaders: ['*'] };
  expect(hasCorsRule([{ ...all, ExposeHeaders: ['etag'] }], RULE)).toBe(true);
  expect(hasCorsRule([all], RULE)).toBe(false);
  expect(hasCorsRule([{ ...RULE, AllowedHeaders: ['content-type'] }], RULE)).toBe(false);
});

it('is printed as each server takes it', () => {
  expect(JSON.parse(corsText(RULE, 'aws'))).toEqual({ CORSRules: [RULE] });
  expect(JSON.parse(corsText(RULE, 'r2')).rules[0].allowed.origins).toEqual(RULE.AllowedOrigins);
  expect(corsText(RULE, 'minio')).toBe('MINIO_API_CORS_ALLOW_ORIGIN=https://a.example.com');
  expect(corsFormOf({ provider: 'wasabi' })).toBe('aws');
});
