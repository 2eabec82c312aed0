// Signature Version 4, seen from the side that verifies: https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-authenticating-requests.html
import { createHash, createHmac, timingSafeEqual } from 'node:crypto';
import { decodePercent } from './request-target.ts';

export const SIGNING_ALGORITHM = 'AWS4-HMAC-SHA256';

export type HeaderValues = Readonly<Record<string, readonly string[] | undefined>>;

export interface SignedParts {
  readonly method: string;
  readonly rawPath: string;
  readonly query: ReadonlyMap<string, string>;
  readonly headers: HeaderValues;
  readonly signedHeaders: readonly string[];
  readonly payloadHash: string;
}

export interface SigningScope {
  readonly date: string;
  readonly region: string;
}

/** Percent-encodes everything outside RFC 3986's unreserved characters, as SigV4 wants. */
export function encodePercent(text: string): string {
  return encodeURIComponent(text).replace(
    /[!'()*]/g,
    (char) => `%${char.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}

export function canonicalRequest(parts: SignedParts): string {
  const path = parts.rawPath
    .split('/')
    .map((segment) => encodePercent(decodePercent(segment)))
    .join('/');
  const headers = parts.signedHeaders.map((name) => `${name}:${canonicalHeaderValue(parts.headers[name])}\n`);
  return [
    parts.method,
    path,
    canonicalQuery(parts.query),
    headers.join(''),
    parts.signedHeaders.join(';'),
    parts.payloadHash,
  ].join('\n');
}

export function stringToSign(canonical: string, amzDate: string, scope: SigningScope): string {
  // Node hands header bytes over as latin1; encoding them back keeps the hash over the bytes that were sent.
  const hash = createHash('sha256').update(canonical, 'latin1').digest('hex');
  return [SIGNING_ALGORITHM, amzDate, `${scope.date}/${scope.region}/s3/aws4_request`, hash].join('\n');
}

/** The lower-case hex signature of a text, which is a string to sign or the base64 policy of a form. */
export function signature(secretAccessKey: string, scope: SigningScope, text: string): string {
  const signingKey = [scope.date, scope.region, 's3', 'aws4_request'].reduce<Buffer>(
    (key, part) => hmac(key, part),
    Buffer.from(`AWS4${secretAccessKey}`),
  );
  return hmac(signingKey, text).toString('hex');
}

/** Compares without telling by its duration where two texts differ. */
export function isSameSignature(expected: string, given: string): boolean {
  const [left, right] = [Buffer.from(expected), Buffer.from(given)];
  return left.length === right.length && timingSafeEqual(left, right);
}

function canonicalQuery(query: ReadonlyMap<string, string>): string {
  return [...query]
    .filter(([name]) => name !== 'X-Amz-Signature')
    .map(([name, value]): [string, string] => [encodePercent(name), encodePercent(value)])
    .sort(([left], [right]) => (left < right ? -1 : 1))
    .map(([name, value]) => `${name}=${value}`)
    .join('&');
}

function canonicalHeaderValue(values: readonly string[] = []): string {
  return values.map((value) => value.trim().replace(/\s+/g, ' ')).join(',');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
