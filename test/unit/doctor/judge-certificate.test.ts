import { X509Certificate } from 'node:crypto';
import { beforeAll, describe, expect, it } from 'vitest';
import {
  judgeClientCa,
  judgeClientCrl,
  judgeEndpointCertificate,
  judgeOwnCertificate,
} from '../../../src/doctor/judge-certificate.ts';
import { createTestCa, type IssueOptions, type TestCa } from '../../support/test-certificates.ts';
import { SPEC } from './observed.ts';

const DAY_MS = 86_400_000;
const NOW_MS = Date.parse('2026-11-27T12:00:00Z');

let ca: TestCa;
beforeAll(async () => {
  ca = await createTestCa('Example CA');
});

/** Valid from a day ago for so many days more, at the time of the judgement. */
async function certificate(days: number, options: IssueOptions = { dns: ['s3.example'] }) {
  const validFromMs = NOW_MS - DAY_MS;
  const { cert } = await ca.issue({ validFromMs, expiresAtMs: NOW_MS + days * DAY_MS, ...options });
  return new X509Certificate(cert);
}

const LIVES = [
  [30, 'ok', 'valid until 2026-12-27 12:00 UTC'],
  [14, 'ok', 'valid until 2026-12-11 12:00 UTC'],
  [13, 'warning', 'expires on 2026-12-10 12:00 UTC'],
  [0, 'problem', 'expired on 2026-11-27 12:00 UTC'],
] as const;

describe("the service's own certificate", () => {
  it.each(LIVES)('that has %i days left is %s', async (days, level, text) => {
    const finding = judgeOwnCertificate([await certificate(days)], NOW_MS);
    expect(finding).toMatchObject({ id: 'certificate', level, seen: expect.stringContaining(text) });
    expect(finding.fix === undefined).toBe(level === 'ok');
  });

  it('that is not valid yet is a problem', async () => {
    const early = await certificate(30, { dns: ['a.example'], validFromMs: NOW_MS + DAY_MS });
    expect(judgeOwnCertificate([early], NOW_MS)).toMatchObject({
      level: 'problem',
      seen: 'the certificate is not valid before 2026-11-28 12:00 UTC',
    });
  });

  it('is no better than those behind it, which are named', async () => {
    const chain = [await certificate(30), await certificate(-1)];
    expect(judgeOwnCertificate(chain, NOW_MS)).toMatchObject({
      level: 'problem',
      seen: 'CN=a test expired on 2026-11-26 12:00 UTC',
    });
  });

  it('that names no host is warned of', async () => {
    const { level, seen } = judgeOwnCertificate([await certificate(30, {})], NOW_MS);
    expect([level, seen]).toEqual(['warning', 'it names no host, so that clients refuse it']);
  });

  it('is not applicable where there is none', () => {
    expect(judgeOwnCertificate([], NOW_MS).level).toBe('skipped');
  });
});

describe('the CA of clients', () => {
  it.each(LIVES)('that has %i days left is %s', async (days, level, text) => {
    expect(judgeClientCa([await certificate(days)], NOW_MS)).toMatchObject({
      level,
      seen: expect.stringContaining(text),
    });
  });

  it('that expired is a warning beside one that did not, and a problem beside others that did', async () => {
    const [good, bad] = [await certificate(30), await certificate(-1)];
    expect(judgeClientCa([good, bad], NOW_MS).level).toBe('warning');
    expect(judgeClientCa([bad, bad], NOW_MS).level).toBe('problem');
    expect(judgeClientCa([], NOW_MS).level).toBe('skipped');
  });
});

describe('the revocation lists of clients', () => {
  const list = (beganDaysAgo: number, endsInDays: number) => ({
    validFromMs: NOW_MS - beganDaysAgo * DAY_MS,
    expiresAtMs: NOW_MS + endsInDays * DAY_MS,
  });

  it.each([
    [list(1, 6), 'ok', 'list 1 of 1 is valid until 2026-12-03 12:00 UTC'],
    [list(9.5, 0.5), 'warning', 'list 1 of 1 expires on 2026-11-28 00:00 UTC'],
    [list(7, 0), 'problem', 'list 1 of 1 expired on 2026-11-27 12:00 UTC'],
    [list(-1, 6), 'problem', 'list 1 of 1 is not valid before 2026-11-28 12:00 UTC'],
    [list(1, Number.POSITIVE_INFINITY), 'ok', 'list 1 of 1 has no end'],
  ] as const)('%o are %s', (life, level, seen) => {
    expect(judgeClientCrl([life], NOW_MS)).toMatchObject({ id: 'client-crl', level, seen });
  });

  it('are no better than the worst of them', () => {
    const seen = judgeClientCrl([list(1, 6), list(9, -1), list(9.5, 0.5)], NOW_MS);
    expect(seen).toMatchObject({ level: 'problem', seen: 'list 2 of 3 expired on 2026-11-26 12:00 UTC' });
    expect(judgeClientCrl([], NOW_MS).level).toBe('skipped');
  });
});

describe('the certificate of an endpoint', () => {
  interface Circumstances {
    readonly origin?: string;
    readonly distrust?: string;
    readonly others?: readonly X509Certificate[];
  }
  const judge = (own: X509Certificate | undefined, circumstances: Circumstances = {}) => {
    const { origin = 'https://s3.example', distrust, others = [] } = circumstances;
    const shown = own && { chain: [own, ...others], distrust };
    return judgeEndpointCertificate(SPEC, 'endpoint', origin, shown, NOW_MS);
  };

  it.each(LIVES)('that has %i days left is %s', async (days, level, text) => {
    expect(judge(await certificate(days))).toMatchObject({
      id: 'endpoint-certificate',
      level,
      seen: expect.stringContaining(text),
    });
  });

  it('that is for other names is a problem, by host and by address', async () => {
    const good = await certificate(30, { dns: ['*.s3.example'], ip: ['127.0.0.1'] });
    expect(judge(good, { origin: 'https://bucket.s3.example' }).level).toBe('ok');
    expect(judge(good, { origin: 'https://127.0.0.1:9000' }).level).toBe('ok');
    for (const origin of [
      'https://my.bucket.s3.example',
      'https://other.example',
      'https://127.0.0.2',
      'https://[::1]',
    ])
      expect(judge(good, { origin })).toMatchObject({
        level: 'problem',
        seen: `the certificate of ${origin} is for DNS:*.s3.example, IP Address:127.0.0.1`,
        fix: expect.stringContaining('PRESIGND_S3_ENDPOINT'),
      });
  });

  it('that is not trusted here is a problem, and told so after its dates', async () => {
    const distrust = 'SELF_SIGNED_CERT_IN_CHAIN';
    expect(judge(await certificate(30), { distrust })).toMatchObject({
      level: 'problem',
      seen: expect.stringContaining(`not trusted here (${distrust})`),
    });
    expect(judge(await certificate(-1), { distrust: 'CERT_HAS_EXPIRED' }).seen).toContain('expired on');
  });

  it('is no better than those sent with it where they keep it from being trusted, and else warned of', async () => {
    const own = await certificate(30);
    const others = [await certificate(-1)];
    const expired = 'CN=a test, sent by https://s3.example, expired on 2026-11-26 12:00 UTC';
    expect(judge(own, { others })).toMatchObject({ level: 'warning', seen: expired });
    expect(judge(own, { others, distrust: 'CERT_HAS_EXPIRED' })).toMatchObject({
      level: 'problem',
      seen: expired,
    });
  });

  it('is skipped where there was no handshake', () => {
    expect(judge(undefined).level).toBe('skipped');
  });
});
