// Judges certificates by their dates and names: the service's own, and those that S3 shows. Pure.

import type { X509Certificate } from 'node:crypto';
import type { DestinationSettings } from '../config/destinations.ts';
import { type Finding, ok, problem, skipped, warning } from './finding.ts';
import { settingName } from './setting-names.ts';

/** Time enough for somebody to see the warning and renew it, and less than any automatic renewal leaves. */
const SOON_MS = 14 * 86_400_000;

/** With less than this share of its life left, a revocation list has most likely a successor. */
const LATE_SHARE = 0.1;

/** What a server shows in a handshake. */
export interface ShownCertificate {
  /** Its own certificate first. */
  readonly chain: readonly X509Certificate[];
  /** The code of Node for why it is not trusted here, as of a CA that is not known. */
  readonly distrust: string | undefined;
}

interface Life {
  readonly level: 'ok' | 'warning' | 'problem';
  readonly text: string;
  readonly endsAtMs: number;
}

const BADNESS = { ok: 0, warning: 1, problem: 2 } as const;

const RENEW =
  'Renew it and replace the files of PRESIGND_TLS_CERT and PRESIGND_TLS_KEY: the service uses them without a restart.';

/** @param chain From PRESIGND_TLS_CERT, the certificate of the service first. */
export function judgeOwnCertificate(chain: readonly X509Certificate[], nowMs: number): Finding {
  const [own, ...others] = chain;
  if (own === undefined) return skipped('certificate', 'not applicable: PRESIGND_TLS_CERT is not set');
  const life = worstOf([
    lifeOf('the certificate', own, nowMs),
    ...others.map((each) => lifeOf(nameOf(each), each, nowMs)),
  ]);
  if (life.level !== 'ok') return found('certificate', life, RENEW);
  if (own.subjectAltName === undefined)
    return warning(
      'certificate',
      'it names no host, so that clients refuse it',
      'Have it made with a subjectAltName, such as DNS:uploads.example.com',
    );
  return ok('certificate', `${own.subjectAltName}; ${life.text}`);
}

/** @param roots From PRESIGND_TLS_CLIENT_CA. */
export function judgeClientCa(roots: readonly X509Certificate[], nowMs: number): Finding {
  if (roots.length === 0) return skipped('client-ca', 'not applicable: PRESIGND_TLS_CLIENT_CA is not set');
  const lives = roots.map((root) => lifeOf(nameOf(root), root, nowMs));
  const fix = 'Replace the file of PRESIGND_TLS_CLIENT_CA: the service uses it without a restart.';
  // Beside one that works, an old root is what a change of CA leaves behind.
  const works = lives.some(({ level }) => level !== 'problem');
  return found('client-ca', worstOf(works ? lives.map(spared) : lives), fix);
}

/** When a certificate or a revocation list counts, in wall-clock milliseconds; infinite where it has no end. */
export interface Validity {
  readonly validFromMs: number;
  readonly expiresAtMs: number;
}

/** @param lists From PRESIGND_TLS_CLIENT_CRL. That there is one of each CA, the settings are judged for. */
export function judgeClientCrl(lists: readonly Validity[], nowMs: number): Finding {
  if (lists.length === 0) return skipped('client-crl', 'not applicable: PRESIGND_TLS_CLIENT_CRL is not set');
  const lives = lists.map((list, index) => listLife(`list ${index + 1} of ${lists.length}`, list, nowMs));
  const fix =
    'Put the next list of that CA into the file of PRESIGND_TLS_CLIENT_CRL, again and again: the service uses it without a restart.';
  return found('client-crl', worstOf(lives), fix);
}

function listLife(what: string, list: Validity, nowMs: number): Life {
  const { validFromMs, expiresAtMs } = list;
  if (!Number.isFinite(expiresAtMs))
    return { level: 'ok', text: `${what} has no end`, endsAtMs: expiresAtMs };
  // Some live for hours and some for months: what counts is whether the next one is late.
  return lifeWithin(what, list, (expiresAtMs - validFromMs) * LATE_SHARE, nowMs);
}

/**
 * @param origin Of an endpoint with https.
 * @param shown Undefined where there was no handshake, which `endpoint` tells.
 */
export function judgeEndpointCertificate(
  { name }: DestinationSettings,
  field: 'endpoint' | 'publicEndpoint',
  origin: string,
  shown: ShownCertificate | undefined,
  nowMs: number,
): Finding {
  const [own] = shown?.chain ?? [];
  if (shown === undefined || own === undefined)
    return skipped('endpoint-certificate', `${origin} shows no certificate`);
  const renew = `Have the certificate of ${origin} renewed.`;
  const life = lifeOf(`the certificate of ${origin}`, own, nowMs);
  if (life.level === 'problem') return found('endpoint-certificate', life, renew);
  if (!fits(own, new URL(origin).hostname))
    return problem(
      'endpoint-certificate',
      `the certificate of ${origin} is for ${own.subjectAltName ?? 'no host'}`,
      `Set ${settingName(name, field)} to one of its names, or have this one put in. One with * covers no dot: a bucket with dots in its name needs path-style addresses.`,
    );
  const others = shown.chain
    .slice(1)
    .map((each) => lifeOf(`${nameOf(each)}, sent by ${origin},`, each, nowMs));
  if (shown.distrust !== undefined) {
    const expired = others.find(({ level }) => level === 'problem');
    return problem(
      'endpoint-certificate',
      expired?.text ?? `the certificate of ${origin} is not trusted here (${shown.distrust})`,
      'Have the server send the certificates that lead to the root. For an authority of your own, set NODE_EXTRA_CA_CERTS to its certificate.',
    );
  }
  // It is trusted by another way, as with a root that has a successor; not every client finds that.
  return found('endpoint-certificate', worstOf([life, ...others.map(spared)]), renew);
}

type CertificateCheck = 'certificate' | 'client-ca' | 'client-crl' | 'endpoint-certificate';

function found(id: CertificateCheck, { level, text }: Life, fix: string) {
  return { ok, warning, problem }[level](id, text, level === 'ok' ? undefined : fix);
}

function spared(life: Life): Life {
  return life.level === 'problem' ? { ...life, level: 'warning' } : life;
}

function lifeOf(what: string, { validFromDate, validToDate }: X509Certificate, nowMs: number): Life {
  const life = { validFromMs: validFromDate.getTime(), expiresAtMs: validToDate.getTime() };
  return lifeWithin(what, life, SOON_MS, nowMs);
}

/** @param lateMs With less than this left, whatever is to come next should be there. */
function lifeWithin(
  what: string,
  { validFromMs, expiresAtMs }: Validity,
  lateMs: number,
  nowMs: number,
): Life {
  const life = (level: Life['level'], text: string) => ({ level, text, endsAtMs: expiresAtMs });
  const until = dateOf(expiresAtMs);
  if (expiresAtMs <= nowMs) return life('problem', `${what} expired on ${until}`);
  if (validFromMs > nowMs) return life('problem', `${what} is not valid before ${dateOf(validFromMs)}`);
  return expiresAtMs - nowMs < lateMs
    ? life('warning', `${what} expires on ${until}`)
    : life('ok', `${what} is valid until ${until}`);
}

/** Of those that are equally bad the one that ends first. */
function worstOf(lives: readonly Life[]): Life {
  return lives.reduce((worst, life) => {
    const byLevel = BADNESS[life.level] - BADNESS[worst.level];
    return byLevel > 0 || (byLevel === 0 && life.endsAtMs < worst.endsAtMs) ? life : worst;
  });
}

function fits(certificate: X509Certificate, hostname: string): boolean {
  // As URL writes them: IPv6 in brackets, and no other name has nothing but digits and dots.
  const isAddress = /^\[|^[\d.]+$/.test(hostname);
  const name = isAddress
    ? certificate.checkIP(hostname.replace(/^\[|\]$/g, ''))
    : certificate.checkHost(hostname);
  return name !== undefined;
}

/** `CN=Example CA` of a subject with a line for each part. */
function nameOf({ subject }: X509Certificate): string {
  return subject?.split('\n').at(-1) ?? 'a certificate without a name';
}

function dateOf(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 16).replace('T', ' ')} UTC`;
}
