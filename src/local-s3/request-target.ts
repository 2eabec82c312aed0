import { S3Error } from './s3-error.ts';

/** A request target taken apart: nothing is normalised, because S3 does not, and the signature covers it as sent. */
export interface RequestTarget {
  /** The path as it was sent, still percent-encoded. */
  readonly rawPath: string;
  /** Empty for a request to the service itself. */
  readonly bucket: string;
  /** Empty for a request to a bucket. */
  readonly key: string;
  /** Decoded parameters, in the order sent. A parameter given twice is refused. */
  readonly query: ReadonlyMap<string, string>;
}

/** S3's limit on the UTF-8 bytes of a key. */
const MAX_KEY_BYTES = 1024;

/** A bucket may come as the first label of `*.localhost`, which every current browser resolves to loopback. */
const VIRTUAL_HOST = /^(.+)\.localhost(?::\d+)?$/i;

/** Percent-decodes, and throws InvalidURI for what is not UTF-8. */
export function decodePercent(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw new S3Error('InvalidURI');
  }
}

/**
 * Takes a request target apart, path style or virtual-host style.
 * @throws S3Error InvalidURI, InvalidArgument or KeyTooLongError.
 */
export function requestTargetFromUrl(url: string, host = ''): RequestTarget {
  if (!url.startsWith('/')) throw new S3Error('InvalidURI');
  const [rawPath, rawQuery] = splitOnce(url, '?');
  const virtualBucket = VIRTUAL_HOST.exec(host)?.[1]?.toLowerCase();
  const [rawBucket, rawKey] =
    virtualBucket === undefined ? splitOnce(rawPath.slice(1), '/') : [virtualBucket, rawPath.slice(1)];
  const key = decodePercent(rawKey);
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes > MAX_KEY_BYTES) {
    throw new S3Error('KeyTooLongError', undefined, { Size: keyBytes, MaxSizeAllowed: MAX_KEY_BYTES });
  }
  return { rawPath, bucket: decodePercent(rawBucket), key, query: parseQuery(rawQuery) };
}

function parseQuery(rawQuery: string): Map<string, string> {
  const query = new Map<string, string>();
  for (const pair of rawQuery.split('&')) {
    if (pair === '') continue;
    // S3 reads a plus sign in the query as a space, as forms do; in the path it is a plus sign.
    const [name, value] = splitOnce(pair.replaceAll('+', ' '), '=');
    const decodedName = decodePercent(name);
    if (query.has(decodedName)) {
      throw new S3Error('InvalidArgument', 'A query parameter is given more than once.', {
        ArgumentName: decodedName,
      });
    }
    query.set(decodedName, decodePercent(value));
  }
  return query;
}

function splitOnce(text: string, separator: string): [string, string] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, ''] : [text.slice(0, at), text.slice(at + separator.length)];
}
