import { describe, expect, it } from 'vitest';
import {
  judgeEncryption,
  judgePublicList,
  judgePublicRead,
  judgePublicUrl,
} from '../../../src/doctor/judge-access.ts';
import { judgeCredentials, judgeCredentialsLife } from '../../../src/doctor/judge-credentials.ts';
import { judgeWrites } from '../../../src/doctor/judge-write.ts';
import { answered, answerOf, NOW_MS, refusal, SILENT, SPEC } from './observed.ts';

const WITH_BASE = { ...SPEC, publicBaseUrl: 'https://cdn.example.com' };

describe('who else gets at a bucket', () => {
  it('may not list it', () => {
    expect(judgePublicList(SPEC, answerOf({ status: 403 })).level).toBe('ok');
    expect(
      judgePublicList(SPEC, answerOf({ body: '<ListBucketResult xmlns=""></ListBucketResult>' })).level,
    ).toBe('warning');
  });

  it.each([
    [SPEC, { value: true }, undefined, 'warning'],
    [SPEC, { value: false }, answered(200), 'warning'],
    [WITH_BASE, { value: true }, answered(200), 'ok'],
    [SPEC, { value: false }, answered(403), 'ok'],
    [SPEC, { value: false }, undefined, 'ok'],
    [SPEC, refusal(404, 'NoSuchBucketPolicy'), undefined, 'ok'],
    [SPEC, refusal(403, 'AccessDenied'), undefined, 'skipped'],
    [SPEC, refusal(501, 'NotImplemented'), answered(403), 'ok'],
  ])('may read it only where that is meant (%#)', (spec, isPublic, read, level) => {
    expect(judgePublicRead(spec, isPublic, read).level).toBe(level);
  });

  it.each([
    [{ value: ['AES256'] }, SPEC, 'ok'],
    [{ value: [] }, SPEC, 'warning'],
    [refusal(404, 'ServerSideEncryptionConfigurationNotFoundError'), SPEC, 'warning'],
    [refusal(403, 'AccessDenied'), SPEC, 'skipped'],
    [refusal(501, 'NotImplemented'), SPEC, 'skipped'],
    [{ value: [] }, { ...SPEC, provider: 'r2' as const }, 'skipped'],
  ])('finds it encrypted, unless it does not encrypt by default (%#)', (algorithms, spec, level) => {
    expect(judgeEncryption(spec, algorithms).level).toBe(level);
  });
});

it.each([
  [answered(200, {}, 'the bytes'), 'the bytes', 'ok'],
  [answered(200, {}, 'other bytes'), 'the bytes', 'problem'],
  [answered(404), 'the bytes', 'problem'],
  [answered(404), undefined, 'ok'],
  [answered(403), undefined, 'ok'],
  [answered(200), undefined, 'warning'],
  [answered(301), undefined, 'warning'],
  [answered(502), undefined, 'problem'],
  [SILENT, undefined, 'problem'],
])('judges a public URL by what it serves (%#)', (outcome, expected, level) => {
  expect(judgePublicUrl(WITH_BASE, outcome, expected).level).toBe(level);
});

describe('uploads that were tried', () => {
  const ACCEPTED = answered(200);
  const REFUSED = answered(
    403,
    {},
    '<Error><Code>AccessDenied</Code><Message>Access Denied.</Message></Error>',
  );
  const levels = (seen: Parameters<typeof judgeWrites>[1], spec = SPEC) =>
    judgeWrites(spec, seen).map(({ id, level }) => `${id} ${level}`);

  it('are well where S3 takes the right one alone', () => {
    const seen = {
      objectKey: 'k',
      upload: ACCEPTED,
      wrongSize: REFUSED,
      unsigned: REFUSED,
      oneShot: answered(412),
      left: [],
    };
    expect(levels(seen)).toEqual([
      'upload ok',
      'upload-size ok',
      'overwrite ok',
      'public-write ok',
      'cleanup ok',
    ]);
  });

  it('are not where it takes the others', () => {
    const seen = {
      objectKey: 'k',
      upload: ACCEPTED,
      wrongSize: ACCEPTED,
      unsigned: ACCEPTED,
      oneShot: ACCEPTED,
      left: ['k (403 AccessDenied)'],
    };
    expect(levels(seen)).toEqual([
      ...['upload ok', 'upload-size problem', 'overwrite problem', 'public-write problem', 'cleanup warning'],
    ]);
  });

  it.each([
    ['AccessDenied', 'Access Denied.', 's3:PutObject'],
    ['AccessDenied', 'Request has expired', 'timedatectl'],
    ['SignatureDoesNotMatch', 'no', 'Host header'],
  ])('say what to do about %s (%s)', (code, message, words) => {
    const body = `<Error><Code>${code}</Code><Message>${message}</Message></Error>`;
    const [finding] = judgeWrites(SPEC, { objectKey: 'k', upload: answered(403, {}, body), left: [] });
    expect(finding).toMatchObject({ level: 'problem', fix: expect.stringContaining(words) });
  });

  it('need none to know that a provider cannot keep from overwriting', () => {
    expect(levels(undefined, { ...SPEC, provider: 'b2' })).toEqual(['overwrite skipped']);
    expect(levels(undefined)).toEqual([]);
  });
});

describe('credentials', () => {
  const KNOWN = {
    accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
    source: 'env vars',
    expiresAtMs: null,
    identity: undefined,
  };

  it('are shown by both ends of the access key', () => {
    expect(judgeCredentials(SPEC, KNOWN, undefined)).toMatchObject({
      level: 'ok',
      seen: 'AKIA…MPLE from env vars',
    });
  });

  it.each(['ExpiredToken', 'InvalidToken', 'SignatureDoesNotMatch', 'InvalidAccessKeyId'])(
    'that S3 refuses with %s are a problem with something to do',
    (code) => {
      expect(judgeCredentials(SPEC, KNOWN, code)).toMatchObject({
        level: 'problem',
        fix: expect.any(String),
      });
    },
  );

  it('must live as long as URLs', () => {
    const levelAt = (minutes: number) =>
      judgeCredentialsLife(
        { ...SPEC, urlMaxTtlMs: 3_600_000 },
        { ...KNOWN, expiresAtMs: NOW_MS + minutes * 60_000 },
        NOW_MS,
      ).level;
    expect([levelAt(60), levelAt(59), levelAt(-1)]).toEqual(['ok', 'warning', 'warning']);
  });
});
