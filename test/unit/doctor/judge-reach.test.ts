import { describe, expect, it } from 'vitest';
import {
  isLoopback,
  judgeClock,
  judgeEndpoint,
  judgeProvider,
  judgeRegion,
  judgeServer,
  judgeTransport,
} from '../../../src/doctor/judge-reach.ts';
import { networkFailure } from '../../../src/doctor/network-failure.ts';
import { regionOf } from '../../../src/doctor/s3-answer.ts';
import { answerOf, SPEC } from './observed.ts';

const PAGES = ['https://app.example.com'];

function failed(code: string) {
  return networkFailure(Object.assign(new Error('no'), { code }));
}

it.each([
  ['ENOTFOUND', 'name', 'PRESIGND_S3_FORCE_PATH_STYLE=true'],
  ['ECONNREFUSED', 'refused', 'PRESIGND_S3_ENDPOINT'],
  ['ETIMEDOUT', 'silent', 'firewall'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'tls', 'NODE_EXTRA_CA_CERTS'],
  ['ERR_SSL_WRONG_VERSION_NUMBER', 'tls', 'scheme'],
  ['HPE_INVALID_CONSTANT', 'no-http', 'port'],
  ['ECONNRESET', 'cut', 'in front'],
])('says of %s what to look at', (code, kind, words) => {
  expect(failed(code).kind).toBe(kind);
  const finding = judgeEndpoint('endpoint', SPEC, 'https://s3.example.com', { failure: failed(code) });
  expect(finding).toMatchObject({ level: 'problem', fix: expect.stringContaining(words) });
});

it.each([
  ['CERT_HAS_EXPIRED', 'its certificate has expired'],
  ['CERT_NOT_YET_VALID', 'its certificate is not valid yet'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'its certificate is for other hosts'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'TLS cannot be set up with it'],
])('says of %s what it means', (code, words) => {
  expect(failed(code)).toEqual({ kind: 'tls', text: `${words} (${code})` });
});

describe('the clock', () => {
  it.each([
    [0, 'ok'],
    [59, 'ok'],
    [-61, 'warning'],
    [899, 'warning'],
    [-900, 'problem'],
    [1200, 'problem'],
  ])('that S3 has %i s ahead is %s', (seconds, level) => {
    const date = new Date(Date.UTC(2026, 4, 17, 12) + seconds * 1000).toUTCString();
    expect(judgeClock(answerOf({ headers: { date } })).level).toBe(level);
  });

  it('is not judged without a date', () => {
    expect(judgeClock(answerOf({})).level).toBe('skipped');
  });
});

it('tells S3 from other servers', () => {
  const levelOf = (answer: object) => judgeServer(SPEC, 'https://s3.example.com', answerOf(answer)).level;
  expect(levelOf({ status: 403, headers: { 'x-amz-request-id': '1' } })).toBe('ok');
  expect(
    levelOf({ status: 403, body: '<?xml version="1.0"?><Error><Code>AccessDenied</Code></Error>' }),
  ).toBe('ok');
  expect(levelOf({ status: 200, body: '<html><h1>Error</h1></html>' })).toBe('problem');
  expect(levelOf({ status: 404, body: '{"error":"Not Found"}' })).toBe('problem');
});

it('reads the region of a bucket from refusals, too', () => {
  expect(regionOf(answerOf({ status: 301, headers: { 'x-amz-bucket-region': 'eu-west-1' } }))).toBe(
    'eu-west-1',
  );
  const body = '<Error><Code>AuthorizationHeaderMalformed</Code><Region>eu-west-1</Region></Error>';
  expect(regionOf(answerOf({ status: 400, body }))).toBe('eu-west-1');
  expect(regionOf(answerOf({ headers: { 'x-amz-bucket-region': 'not a region' } }))).toBeUndefined();
});

it('compares the region with what S3 tells, if it does', () => {
  expect(judgeRegion(SPEC, 'us-east-1', undefined).level).toBe('ok');
  expect(judgeRegion(SPEC, 'us-east-1', 'us-east-1').level).toBe('ok');
  expect(judgeRegion(SPEC, 'us-east-1', 'eu-west-1')).toMatchObject({
    level: 'problem',
    fix: 'PRESIGND_REGION=eu-west-1',
  });
});

it('knows whose S3 answers where that is plain', () => {
  const levelOf = (server: string) => judgeProvider(SPEC, answerOf({ headers: { server } }));
  expect(levelOf('MinIO')).toMatchObject({ level: 'warning', fix: 'PRESIGND_PROVIDER=minio' });
  expect(levelOf('nginx').level).toBe('ok');
  expect(
    judgeProvider({ ...SPEC, provider: 'minio' }, answerOf({ headers: { server: 'MinIO' } })).level,
  ).toBe('ok');
});

describe('the transport', () => {
  it.each([
    ['https://s3.example.com', PAGES, 'ok'],
    ['http://127.0.0.1:9000', PAGES, 'ok'],
    ['http://[::1]:9000', PAGES, 'ok'],
    ['http://minio:9000', [], 'warning'],
    ['http://minio:9000', ['http://app.example.com'], 'warning'],
    ['http://minio:9000', PAGES, 'problem'],
  ])('of %s to pages of %j is %s', (origin, pages, level) => {
    expect(judgeTransport(SPEC, origin, pages).level).toBe(level);
  });

  it.each(['localhost', 'bucket.localhost', '127.0.0.2', '[::1]'])('is on this machine at %s', (host) => {
    expect(isLoopback(host)).toBe(true);
  });

  it.each(['localhost.example.com', 'mylocalhost', '128.0.0.1', '[::2]'])('is not at %s', (host) => {
    expect(isLoopback(host)).toBe(false);
  });
});
