import { beforeAll, describe, expect, it } from 'vitest';
import { followTlsTexts } from '../../../src/edge/tls-follow.ts';
import { type TlsMaterial, type TlsTexts, tlsMaterialFrom } from '../../../src/edge/tls-material.ts';
import {
  createTestCa,
  issueServerCertificate,
  type TestCa,
  type TestCertificate,
} from '../../support/test-certificates.ts';

const DAY_MS = 86_400_000;

let ca: TestCa;
let first: TestCertificate;
let second: TestCertificate;
let expired: TestCertificate;
let other: TestCa;
let listOfCa: string;
beforeAll(async () => {
  [ca, other] = await Promise.all([createTestCa(), createTestCa('Another CA')]);
  listOfCa = await ca.revoke([]);
  [first, second, expired] = await Promise.all([
    issueServerCertificate(ca),
    issueServerCertificate(ca),
    issueServerCertificate(ca, { expiresAtMs: Date.now() - 1_000 }),
  ]);
});

/** Follows what the test configures, and looks when the test says so. */
function follow(begin: TestCertificate) {
  let configured: TlsTexts | Error = { ...begin, clientCa: undefined };
  let next: (() => void) | undefined;
  const replaced: TlsMaterial[] = [];
  const refused: string[] = [];
  const stop = followTlsTexts(tlsMaterialFrom(configured), {
    read: () => {
      if (configured instanceof Error) throw configured;
      return configured;
    },
    wallMs: () => Date.now(),
    schedule: (delayMs, callback) => {
      expect(delayMs).toBe(1_000);
      next = callback;
      return () => {
        next = undefined;
      };
    },
    intervalMs: 1_000,
    onReplaced: (material) => void replaced.push(material),
    onRefused: (error) => void refused.push(String(error)),
  });
  return {
    replaced,
    refused,
    stop,
    look: (texts?: TlsTexts | Error) => {
      configured = texts ?? configured;
      next?.();
    },
    isScheduled: () => next !== undefined,
  };
}

const textsOf = ({ cert, key }: TestCertificate, clientCa?: string, clientCrl?: string): TlsTexts => ({
  cert,
  key,
  clientCa,
  clientCrl,
});

describe('a certificate that follows its files', () => {
  it('is replaced by a whole pair, once', () => {
    const following = follow(first);
    following.look();
    expect(following.replaced).toEqual([]);
    following.look(textsOf(second));
    following.look();
    expect(following.replaced.map(({ cert }) => cert)).toEqual([second.cert]);
    expect(following.refused).toEqual([]);
  });

  it('stays while only half of the next pair is there, whichever half, and is told of once', () => {
    for (const half of [
      { cert: second.cert, key: first.key },
      { cert: first.cert, key: second.key },
      { cert: second.cert.slice(0, 300), key: second.key },
      { cert: second.cert, key: second.key.slice(0, 80) },
    ]) {
      const following = follow(first);
      following.look(textsOf(half));
      following.look();
      expect(following.replaced).toEqual([]);
      expect(following.refused).toHaveLength(1);
      following.look(textsOf(second));
      expect(following.replaced.map(({ cert }) => cert)).toEqual([second.cert]);
    }
  });

  it('stays while its files cannot be read, and is told of again when that comes back', () => {
    const following = follow(first);
    following.look(new Error('EACCES'));
    following.look();
    following.look(textsOf(first));
    following.look(new Error('EACCES'));
    expect(following.refused).toEqual(['Error: EACCES', 'Error: EACCES']);
    expect(following.replaced).toEqual([]);
  });

  it('stays when the next one has expired already, unless it has too', () => {
    const valid = follow(first);
    valid.look(textsOf(expired));
    expect(valid.refused[0]).toMatch(/PRESIGND_TLS_CERT has expired/);
    expect(valid.replaced).toEqual([]);
    const late = follow({ ...expired });
    late.look(textsOf({ cert: first.cert, key: first.key }));
    expect(late.replaced).toHaveLength(1);
  });

  it('is replaced when only the client CA changes', () => {
    const following = follow(first);
    following.look(textsOf(first, ca.cert));
    expect(following.replaced.map(({ clientCa }) => clientCa)).toEqual([ca.cert]);
  });

  it('is replaced when only the revocation lists change, but not by lists that have expired', async () => {
    const following = follow(first);
    const [early, expiredList, late] = await Promise.all([
      ca.revoke([]),
      ca.revoke([second], { expiresAtMs: Date.now() - 1_000 }),
      ca.revoke([second]),
    ]);
    following.look(textsOf(first, ca.cert, early));
    following.look(textsOf(first, ca.cert, expiredList));
    expect(following.refused).toEqual([
      'Error: PRESIGND_TLS_CLIENT_CRL has expired, and the list in use has not',
    ]);
    following.look(textsOf(first, ca.cert, late));
    expect(following.replaced.map(({ clientCrl }) => clientCrl)).toEqual([early, late]);
  });

  it('is no longer looked at once that is stopped', () => {
    const following = follow(first);
    following.look();
    following.stop();
    expect(following.isScheduled()).toBe(false);
  });
});

describe('a pair', () => {
  it('tells when it is valid', () => {
    const { validFromMs, expiresAtMs } = tlsMaterialFrom(textsOf(first));
    expect(Math.abs(validFromMs - (Date.now() - DAY_MS))).toBeLessThan(60_000);
    expect(Math.abs(expiresAtMs - (Date.now() + DAY_MS))).toBeLessThan(60_000);
  });

  it('may hold the certificates that lead to a root', () => {
    expect(() =>
      tlsMaterialFrom(textsOf({ cert: `${first.cert}\n${ca.cert}`, key: first.key })),
    ).not.toThrow();
  });

  it.each<[string, () => TlsTexts, RegExp]>([
    ['the key of another', () => textsOf({ cert: first.cert, key: second.key }), /TLS_KEY is not the key of/],
    [
      'the root in front',
      () => textsOf({ cert: ca.cert + first.cert, key: first.key }),
      /TLS_KEY is not the key of/,
    ],
    ['no certificate', () => textsOf({ cert: 'cert.pem', key: first.key }), /TLS_CERT holds no certificate/],
    [
      'a broken certificate',
      () => textsOf({ cert: first.cert.replace(/M/g, 'N'), key: first.key }),
      /TLS_CERT .*cannot be parsed/,
    ],
    ['no key', () => textsOf({ cert: first.cert, key: first.cert }), /TLS_KEY holds no private key/],
    [
      'a key with a passphrase',
      () =>
        textsOf({
          cert: first.cert,
          key: '-----BEGIN ENCRYPTED PRIVATE KEY-----\nMIIB\n-----END ENCRYPTED PRIVATE KEY-----',
        }),
      /TLS_KEY is encrypted/,
    ],
    ['a client CA that is none', () => textsOf(first, 'ca.pem'), /TLS_CLIENT_CA holds no certificate/],
    ['lists that are none', () => textsOf(first, ca.cert, 'list.pem'), /TLS_CLIENT_CRL holds no revocation/],
    [
      'a list that is cut off',
      () => textsOf(first, ca.cert, '-----BEGIN X509 CRL-----\nMIIB\n-----END X509 CRL-----'),
      /TLS_CLIENT_CRL holds a revocation list that cannot be parsed/,
    ],
    [
      'a list of another CA',
      () => textsOf(first, ca.cert + other.cert, listOfCa),
      /TLS_CLIENT_CRL holds no revocation list of certificate 2 in PRESIGND_TLS_CLIENT_CA/,
    ],
  ])('with %s is refused in words that repeat none of it', (_, texts, message) => {
    const given = texts();
    let told = '';
    try {
      tlsMaterialFrom(given);
    } catch (error) {
      told = String(error);
    }
    expect(told).toMatch(message);
    for (const line of given.key.split('\n').slice(1, -2)) expect(told).not.toContain(line);
  });
});
