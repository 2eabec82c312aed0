import { describe, expect, it } from 'vitest';
import { isRefusedKey, judgeBucket, judgeLifecycle, rulesOf } from '../../../src/doctor/judge-bucket.ts';
import type { LifecycleRule } from '../../../src/doctor/remedies.ts';
import { refusal, SPEC } from './observed.ts';

const WEEK_MS = 7 * 86_400_000;

function rule(days: number, changes: Partial<LifecycleRule> = {}): LifecycleRule {
  return {
    ID: 'r',
    Status: 'Enabled',
    AbortIncompleteMultipartUpload: { DaysAfterInitiation: days },
    ...changes,
  };
}

const lifecycle = (...rules: readonly LifecycleRule[]) =>
  judgeLifecycle(SPEC, { value: rules }, WEEK_MS, 'generic');

describe('the lifecycle', () => {
  it.each([
    ['of the whole bucket', rule(7)],
    ['of a folder around', rule(8, { Filter: { Prefix: 'u' } })],
    ['of the very prefix, as old rules have it', rule(30, { Prefix: 'up/' })],
  ])('is well with a rule %s', (_, only) => {
    expect(lifecycle(only).level).toBe('ok');
  });

  it.each([
    ['none', []],
    ['one that is off', [rule(7, { Status: 'Disabled' })]],
    ['one for another folder', [rule(7, { Filter: { Prefix: 'logs/' } })]],
    ['one for a part of the folder', [rule(7, { Filter: { Prefix: 'up/acme/' } })]],
    ['one that does something else', [{ ID: 'r', Status: 'Enabled' }]],
  ])('lacks a rule where there is %s', (_, rules) => {
    const { level, fix } = lifecycle(...rules);
    expect(level).toBe('warning');
    // The command replaces all rules, so it brings those that there are.
    for (const { ID } of rules) expect(fix).toContain(`"ID":"${ID}"`);
    expect(fix).toContain('"DaysAfterInitiation":7');
  });

  it('must not end what can still be completed', () => {
    expect(lifecycle(rule(7), rule(3, { ID: 'early', Filter: { Prefix: 'up/acme/' } }))).toMatchObject({
      level: 'warning',
      seen: 'the rule "early" ends uploads after 3 days, and upload ids live for 7',
      fix: 'PRESIGND_UPLOAD_TTL=3d',
    });
  });

  it.each([
    ['on MinIO', judgeLifecycle(SPEC, { value: [] }, WEEK_MS, 'minio')],
    ['where there is no such call', judgeLifecycle(SPEC, refusal(501, 'NotImplemented'), WEEK_MS, 'generic')],
    ['where the rules may not be read', judgeLifecycle(SPEC, refusal(403, 'AccessDenied'), WEEK_MS, 'aws')],
  ])('is not judged %s', (_, finding) => {
    expect(finding.level).toBe('skipped');
  });

  it('without any rules differs from one that cannot be read', () => {
    expect(rulesOf(refusal(404, 'NoSuchLifecycleConfiguration'))).toEqual([]);
    expect(rulesOf(refusal(404, 'NoSuchBucket'))).toBeUndefined();
  });
});

describe('the bucket', () => {
  it.each([
    ['ok', { value: 'uploads' }],
    ['problem', { value: undefined }],
    ['problem', refusal(404, 'NoSuchBucket')],
    ['warning', refusal(403, 'AccessDenied')],
    ['problem', refusal(500, 'InternalError')],
  ])('is %s by %j', (level, listing) => {
    expect(judgeBucket(SPEC, listing).level).toBe(level);
  });

  it('is to be put into the path where S3 does not look for it in the host', () => {
    expect(judgeBucket(SPEC, { value: undefined }).fix).toBe('PRESIGND_S3_FORCE_PATH_STYLE=true');
    expect(judgeBucket({ ...SPEC, name: 'avatars' }, { value: undefined }).fix).toBe(
      'in PRESIGND_DESTINATIONS: {"avatars": {"forcePathStyle": true}}',
    );
  });

  it('is not to blame for keys that S3 does not take', () => {
    expect(isRefusedKey(refusal(403, 'InvalidAccessKeyId'))).toBe(true);
    expect(isRefusedKey(refusal(403, 'AccessDenied'))).toBe(false);
  });
});
