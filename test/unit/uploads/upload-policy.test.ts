import { expect, it } from 'vitest';
import { createUploadPolicy } from '../../../src/uploads/upload-policy.ts';
import { FREE_POLICY } from '../../support/upload-option-cases.ts';

it.each([
  [900, undefined, 3600],
  [7200, undefined, 7200],
  [900, 900, 900],
  [900, 604_800, 604_800],
])(
  'a usual life of %s s and a longest of %s s make a longest of %s s',
  (ttlSeconds, maxTtlSeconds, longest) => {
    expect(createUploadPolicy({ ...FREE_POLICY, ttlSeconds, maxTtlSeconds }).maxTtlSeconds).toBe(longest);
  },
);

it('refuses a longest life that is shorter than the usual one', () => {
  expect(() => createUploadPolicy({ ...FREE_POLICY, ttlSeconds: 900, maxTtlSeconds: 899 })).toThrow(
    'PRESIGND_URL_MAX_TTL must not be shorter than PRESIGND_URL_TTL',
  );
});
