// Which certificates a CA has revoked (RFC 5280, section 5). OpenSSL verifies with the lists and checks who signed them;
// they are read here for what Node does not tell of them. Pure.
import type { X509Certificate } from 'node:crypto';
import { DER_TAGS, type DerElement, derElements, derTimeMs } from './der.ts';

export interface RevocationList {
  readonly pem: string;
  /** The name of the CA, by its bytes. */
  readonly issuer: string;
  /** Wall-clock milliseconds between which it counts. */
  readonly validFromMs: number;
  /** Infinite where it does not tell. */
  readonly expiresAtMs: number;
  /** By their serial numbers. */
  readonly revoked: ReadonlySet<string>;
}

/** What tells one certificate from all others. */
export interface CertificateIdentity {
  readonly issuer: string;
  readonly serial: string;
}

const PEM_LIST = /-----BEGIN X509 CRL-----([^-]+)-----END X509 CRL-----/g;

/** All lists in a text of PEM. Throws an Error for one that cannot be read. */
export function revocationListsFrom(text: string): RevocationList[] {
  return [...text.matchAll(PEM_LIST)].map(([pem, base64 = '']) => ({
    pem,
    ...parseList(Buffer.from(base64, 'base64')),
  }));
}

export function isRevoked(
  { issuer, serial }: CertificateIdentity,
  lists: readonly RevocationList[],
): boolean {
  return lists.some((list) => list.issuer === issuer && list.revoked.has(serial));
}

export function identityOf(certificate: X509Certificate): CertificateIdentity {
  const [serial, , issuer] = fieldsOf(certificate);
  return { issuer: nameText(issuer), serial: serialText(serial) };
}

/** Its name by its bytes, as that of an issuer in what it has signed. */
export function subjectOf(certificate: X509Certificate): string {
  return nameText(fieldsOf(certificate)[4]);
}

/** Serial number, algorithm, issuer, validity, subject and what follows (RFC 5280, section 4.1). */
function fieldsOf({ raw }: X509Certificate): DerElement[] {
  const fields = derElements(contentOf(derElements(contentOf(derElements(raw)[0]))[0]));
  return fields[0]?.tag === DER_TAGS.integer ? fields : fields.slice(1);
}

function parseList(der: Buffer): Omit<RevocationList, 'pem'> {
  const fields = derElements(contentOf(derElements(contentOf(derElements(der)[0]))[0]));
  // The version, which the first ones have not.
  if (fields[0]?.tag === DER_TAGS.integer) fields.shift();
  const [, issuer, thisUpdate, ...rest] = fields;
  const validFromMs = thisUpdate && derTimeMs(thisUpdate);
  if (validFromMs === undefined) throw new Error('a revocation list does not tell when it begins');
  const expiresAtMs = rest[0] && derTimeMs(rest[0]);
  const entries = rest[expiresAtMs === undefined ? 0 : 1];
  return {
    issuer: nameText(issuer),
    validFromMs,
    expiresAtMs: expiresAtMs ?? Number.POSITIVE_INFINITY,
    // Without any revoked certificate there is no such field, and extensions have another tag.
    revoked: new Set(
      entries?.tag === DER_TAGS.sequence
        ? derElements(entries.content).map((entry) => serialText(derElements(entry.content)[0]))
        : [],
    ),
  };
}

function contentOf(element: DerElement | undefined): Buffer {
  if (element?.tag !== DER_TAGS.sequence) throw new Error('there is no sequence where one must be');
  return element.content;
}

function nameText(name: DerElement | undefined): string {
  return contentOf(name).toString('base64');
}

function serialText(serial: DerElement | undefined): string {
  if (serial?.tag !== DER_TAGS.integer) throw new Error('there is no serial number where one must be');
  return serial.content.toString('hex');
}
