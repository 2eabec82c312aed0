import type { IncomingHttpHeaders } from 'node:http';
import type { Checksum } from './checksums.ts';
import { attributesFromRequest, shownAttributes } from './object-attributes.ts';
import type { StoredObject } from './object-catalog.ts';
import { S3Error } from './s3-error.ts';

/** Headers that S3 keeps with an object and gives back with it, beside `x-amz-meta-*`. */
const KEPT_HEADERS = [
  'cache-control',
  'content-disposition',
  'content-encoding',
  'content-language',
  'content-type',
  'expires',
] as const;

const METADATA_PREFIX = 'x-amz-meta-';
const MAX_METADATA_BYTES = 2048;

/**
 * What to keep of an upload's headers. Presigned URLs may carry metadata in their query, already decoded.
 * @throws S3Error MetadataTooLarge, and what `attributesFromRequest` throws
 */
export function keptHeadersFromRequest(
  headers: IncomingHttpHeaders,
  query: ReadonlyMap<string, string>,
): Record<string, string> {
  const kept = new Map<string, string>();
  for (const name of KEPT_HEADERS) {
    const value = headers[name];
    if (typeof value === 'string') kept.set(name, value);
  }
  for (const [name, value] of query) {
    if (isMetadata(name)) kept.set(name.toLowerCase(), asciiFromText(value));
  }
  for (const [name, value] of Object.entries(headers)) {
    if (isMetadata(name)) kept.set(name, String(value));
  }
  const encoding = withoutAwsChunked(kept.get('content-encoding'));
  if (encoding === undefined) kept.delete('content-encoding');
  else kept.set('content-encoding', encoding);
  return { ...checkedMetadata(kept), ...attributesFromRequest(headers) };
}

/**
 * What to keep of the fields of a form.
 * @throws S3Error MetadataTooLarge, InvalidArgument
 */
export function keptHeadersFromForm(fields: ReadonlyMap<string, string>): Record<string, string> {
  const kept = new Map<string, string>();
  for (const name of KEPT_HEADERS) {
    const value = fields.get(name);
    // The bytes of the form are kept as they came; headers are latin1 to Node.
    if (value !== undefined) kept.set(name, legalHeaderValue(name, Buffer.from(value).toString('latin1')));
  }
  for (const [name, value] of fields) if (isMetadata(name)) kept.set(name, asciiFromText(value));
  return checkedMetadata(kept);
}

/** The headers of an answer to GET or HEAD. */
export function objectHeaders(
  object: StoredObject,
  overrides: Readonly<Record<string, string>>,
  withChecksum: boolean,
): Record<string, string> {
  return {
    'content-type': 'binary/octet-stream',
    ...shownAttributes(object.headers),
    ...overrides,
    etag: `"${object.etag}"`,
    'last-modified': new Date(object.modifiedMs).toUTCString(),
    'accept-ranges': 'bytes',
    ...(withChecksum && checksumReplyHeaders(object.checksum)),
  };
}

/** The headers that tell a checksum. */
export function checksumReplyHeaders(checksum: Checksum | undefined): Record<string, string> {
  if (checksum === undefined) return {};
  return { [`x-amz-checksum-${checksum.algorithm}`]: checksum.value, 'x-amz-checksum-type': checksum.type };
}

/** The `response-*` parameters of a GET, as headers. @throws S3Error InvalidArgument */
export function overridesFromQuery(query: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries(
    KEPT_HEADERS.flatMap((name) => {
      const value = query.get(`response-${name}`);
      return value === undefined ? [] : [[name, legalHeaderValue(`response-${name}`, value)]];
    }),
  );
}

function isMetadata(name: string): boolean {
  return name.toLowerCase().startsWith(METADATA_PREFIX);
}

function withoutAwsChunked(encoding: string | undefined): string | undefined {
  const left = encoding
    ?.split(',')
    .map((coding) => coding.trim())
    .filter((coding) => coding.toLowerCase() !== 'aws-chunked');
  return left?.join(',') || undefined;
}

function checkedMetadata(kept: ReadonlyMap<string, string>): Record<string, string> {
  let bytes = 0;
  for (const [name, value] of kept) {
    if (isMetadata(name)) bytes += name.length - METADATA_PREFIX.length + Buffer.byteLength(value);
  }
  if (bytes > MAX_METADATA_BYTES) {
    throw new S3Error('MetadataTooLarge', undefined, { Size: bytes, MaxSizeAllowed: MAX_METADATA_BYTES });
  }
  return Object.fromEntries(kept);
}

/** S3 gives metadata that is not ASCII back as an encoded word of RFC 2047. */
function asciiFromText(text: string): string {
  return /^[\t\x20-\x7e]*$/.test(text) ? text : `=?UTF-8?B?${Buffer.from(text).toString('base64')}?=`;
}

function legalHeaderValue(name: string, value: string): string {
  if (/^[\t\x20-\x7e\x80-\xff]*$/.test(value)) return value;
  throw new S3Error('InvalidArgument', 'The value cannot be sent as a header.', { ArgumentName: name });
}
