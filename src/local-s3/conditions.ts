import type { IncomingHttpHeaders } from 'node:http';
import type { ByteRange } from './blobs.ts';

/** What conditions and ranges are judged by. */
export interface Validators {
  /** Without quotes. */
  readonly etag: string;
  readonly modifiedMs: number;
}

/** Judges the preconditions of a GET or HEAD in the order of RFC 9110, section 13.2.2. */
export function evaluateConditions(
  headers: IncomingHttpHeaders,
  { etag, modifiedMs }: Validators,
): 'proceed' | 'not-modified' | 'precondition-failed' {
  // Last-Modified has no fractions of a second, so neither has what is compared with it.
  const modified = Math.floor(modifiedMs / 1000) * 1000;
  const unmodifiedSince = Date.parse(headers['if-unmodified-since'] ?? '');
  if (headers['if-match'] !== undefined) {
    if (!listsEtag(headers['if-match'], etag)) return 'precondition-failed';
  } else if (modified > unmodifiedSince) {
    return 'precondition-failed';
  }
  const modifiedSince = Date.parse(headers['if-modified-since'] ?? '');
  if (headers['if-none-match'] !== undefined) {
    if (listsEtag(headers['if-none-match'], etag)) return 'not-modified';
  } else if (modified <= modifiedSince) {
    return 'not-modified';
  }
  return 'proceed';
}

/**
 * The part of the content that a Range header asks for. Undefined, meaning the whole, where there is none, where it is
 * not one plain range of bytes, and where If-Range names another version.
 */
export function requestedRange(
  headers: IncomingHttpHeaders,
  size: number,
  { etag, modifiedMs }: Validators,
): ByteRange | 'unsatisfiable' | undefined {
  const ifRange = headers['if-range'];
  if (
    typeof ifRange === 'string' &&
    ifRange !== `"${etag}"` &&
    ifRange !== new Date(modifiedMs).toUTCString()
  ) {
    return undefined;
  }
  const [, first, last] = /^bytes=\s*(\d*)-(\d*)\s*$/i.exec(headers.range ?? '') ?? [];
  if (first === undefined || last === undefined || first + last === '') return undefined;
  if (first === '') {
    const suffix = Math.min(Number(last), size);
    return suffix === 0 ? 'unsatisfiable' : { start: size - suffix, end: size - 1 };
  }
  const start = Number(first);
  if (last !== '' && Number(last) < start) return undefined;
  const end = last === '' ? size - 1 : Math.min(Number(last), size - 1);
  return start >= size ? 'unsatisfiable' : { start, end };
}

function listsEtag(list: string, etag: string): boolean {
  return list
    .split(',')
    .map((entry) => entry.trim().replace(/^W\//, '').replaceAll('"', ''))
    .some((entry) => entry === '*' || entry === etag);
}
