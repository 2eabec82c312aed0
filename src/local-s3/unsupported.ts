// What this endpoint lacks. A request that asks for it is refused, because an answer of 200 would say it was done.
import type { IncomingHttpHeaders } from 'node:http';
import { CHECKSUM_ALGORITHMS } from './checksums.ts';
import { ATTRIBUTE_HEADERS } from './object-attributes.ts';
import type { OperationName } from './routes.ts';
import { S3Error } from './s3-error.ts';

/** Query parameters that turn a request into another operation, or change what it means. */
const LACKING_PARAMETERS = new Set([
  'abac',
  'accelerate',
  'acl',
  'analytics',
  'append',
  'attributes',
  'cors',
  'encryption',
  'intelligent-tiering',
  'inventory',
  'legal-hold',
  'lifecycle',
  'logging',
  'metadataConfiguration',
  'metadataTable',
  'metrics',
  'notification',
  'object-lock',
  'ownershipControls',
  'policy',
  'policyStatus',
  'publicAccessBlock',
  'renameObject',
  'replication',
  'requestPayment',
  'restore',
  'retention',
  'select',
  'session',
  'tagging',
  'torrent',
  'versionId',
  'versioning',
  'versions',
  'website',
]);

/** Every other x-amz-* name, in a header, a query or a form, stands for a feature that is not here. */
const KNOWN_AMZ_NAMES = new Set([
  'x-amz-algorithm',
  'x-amz-checksum-algorithm',
  'x-amz-checksum-mode',
  'x-amz-checksum-type',
  'x-amz-content-sha256',
  'x-amz-credential',
  'x-amz-date',
  'x-amz-decoded-content-length',
  'x-amz-expires',
  'x-amz-mp-object-size',
  'x-amz-sdk-checksum-algorithm',
  'x-amz-signature',
  'x-amz-signedheaders',
  'x-amz-trailer',
  'x-amz-user-agent',
  ...Object.keys(CHECKSUM_ALGORITHMS).map((algorithm) => `x-amz-checksum-${algorithm}`),
]);

/** Form fields without the x-amz- prefix that ask for what is not here. */
const LACKING_FIELDS = new Set(['website-redirect-location']);

/** Conditions that S3 knows on writes and this endpoint does not. */
const LACKING_WRITE_HEADERS = ['if-match', 'if-modified-since', 'if-unmodified-since', 'content-range'];

/** Operations that keep the attributes of an object; any other would ignore them. */
const MAKES_OBJECT: ReadonlySet<OperationName> = new Set(['putObject', 'createMultipartUpload']);

/** @throws S3Error NotImplemented, naming what is lacking. */
export function refuseUnsupported(
  operation: OperationName,
  method: string,
  headers: IncomingHttpHeaders,
  query: ReadonlyMap<string, string>,
): void {
  for (const [name, value] of query) {
    const lacks = LACKING_PARAMETERS.has(name) && !(name === 'tagging' && operation === 'getObjectTagging');
    if (lacks || isUnknownAmz(name, value)) throw lacking(`the parameter "${name}"`);
  }
  for (const [name, value] of Object.entries(headers)) {
    if (MAKES_OBJECT.has(operation) && ATTRIBUTE_HEADERS.has(name)) continue;
    if (isUnknownAmz(name, String(value))) throw lacking(`the header "${name}"`);
  }
  if (method === 'GET' || method === 'HEAD') return;
  const condition = LACKING_WRITE_HEADERS.find((name) => headers[name] !== undefined);
  if (condition !== undefined) throw lacking(`the header "${condition}" on writes`);
  const ifNoneMatch = headers['if-none-match'];
  if (ifNoneMatch !== undefined && ifNoneMatch !== '*') throw lacking('If-None-Match other than * on writes');
}

/** @throws S3Error NotImplemented, naming what is lacking. */
export function refuseUnsupportedFields(fields: ReadonlyMap<string, string>): void {
  for (const [name, value] of fields) {
    if (name === 'x-amz-storage-class') continue;
    if (LACKING_FIELDS.has(name) || isUnknownAmz(name, value)) throw lacking(`the form field "${name}"`);
  }
}

function isUnknownAmz(name: string, value: string): boolean {
  const lower = name.toLowerCase();
  if (!lower.startsWith('x-amz-') || lower.startsWith('x-amz-meta-')) return false;
  if (lower === 'x-amz-storage-class') return value !== 'STANDARD';
  return !KNOWN_AMZ_NAMES.has(lower);
}

function lacking(what: string): S3Error {
  return new S3Error('NotImplemented', `This development endpoint does not implement ${what}.`);
}
