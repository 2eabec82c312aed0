// AWS Signature Version 4 (AWS "Create a signed AWS API request"): the steps that every way of signing shares.
import { createHmac, hash } from 'node:crypto';

export const ALGORITHM = 'AWS4-HMAC-SHA256';

/** What stands for the payload's hash when the signer has not seen the payload. */
export const UNSIGNED_PAYLOAD = 'UNSIGNED-PAYLOAD';

const TERMINATOR = 'aws4_request';

/** The parts of a request that a signature covers, each already in canonical form. */
export interface CanonicalParts {
  readonly method: string;
  /** Absolute path, encoded once: S3 is the one service that does not encode it twice. */
  readonly path: string;
  /** Encoded `name=value` pairs, sorted by name, joined by `&`. */
  readonly query: string;
  /** `name:value\n` for each signed header, sorted by name. */
  readonly headerLines: string;
  /** Names of the signed headers, sorted, joined by `;`. */
  readonly signedHeaders: string;
  readonly payloadHash: string;
}

/** Percent-encodes everything but RFC 3986's unreserved characters. Throws a URIError on a lone surrogate. */
export function uriEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

/** Percent-encodes an object key segment by segment; the slashes between stay. */
export function uriEncodePath(key: string): string {
  return /^[\w.~/-]*$/.test(key) ? key : key.split('/').map(uriEncode).join('/');
}

/** A header's value as it is signed: no space around it, and inside no more than one at a time. */
export function canonicalHeaderValue(value: string): string {
  return /^\s|\s$|[\t\r\n]| {2}/.test(value)
    ? value.replace(/[ \t\r\n]+/g, ' ').replace(/^ | $/g, '')
    : value;
}

/** A moment as `YYYYMMDDTHHMMSSZ` in UTC; milliseconds are dropped. */
export function amzDate(atMs: number): string {
  return new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, '');
}

export function credentialScope(day: string, region: string, service: string): string {
  return `${day}/${region}/${service}/${TERMINATOR}`;
}

/** The key that signs everything of one day, region and service. */
export function signingKey(secretAccessKey: string, day: string, region: string, service: string): Buffer {
  const secret: Buffer = Buffer.from(`AWS4${secretAccessKey}`);
  return [day, region, service, TERMINATOR].reduce(
    (previous, part) => createHmac('sha256', previous).update(part).digest(),
    secret,
  );
}

export function canonicalRequest(parts: CanonicalParts): string {
  return `${parts.method}\n${parts.path}\n${parts.query}\n${parts.headerLines}\n${parts.signedHeaders}\n${parts.payloadHash}`;
}

export function stringToSign(date: string, scope: string, request: string): string {
  return `${ALGORITHM}\n${date}\n${scope}\n${hash('sha256', request, 'hex')}`;
}
