// What a request says of the object beside its content: tags, storage class, ACL.
import type { IncomingHttpHeaders } from 'node:http';
import { S3Error } from './s3-error.ts';

/** Headers that only requests which make an object may carry. */
export const ATTRIBUTE_HEADERS: ReadonlySet<string> = new Set([
  'x-amz-acl',
  'x-amz-storage-class',
  'x-amz-tagging',
]);

/** Classes of which an object can be read at once, and those out of which it has to be restored first. */
const READABLE_CLASSES = new Set([
  'STANDARD',
  'REDUCED_REDUNDANCY',
  'STANDARD_IA',
  'ONEZONE_IA',
  'INTELLIGENT_TIERING',
  'GLACIER_IR',
]);
const ARCHIVE_CLASSES = new Set(['GLACIER', 'DEEP_ARCHIVE']);

/** All that a bucket takes whose owner owns every object, as buckets are made by default; they change nothing. */
const HARMLESS_ACLS = new Set(['private', 'bucket-owner-full-control']);

const MAX_TAGS = 10;
const MAX_TAG_KEY_LENGTH = 128;
const MAX_TAG_VALUE_LENGTH = 256;
const TAG_TEXT = /^[\p{L}\p{Z}\p{N}_.:/=+\-@]*$/u;

/**
 * The attributes to keep with an object, as headers.
 * @throws S3Error InvalidTag, InvalidStorageClass, AccessControlListNotSupported
 */
export function attributesFromRequest(headers: IncomingHttpHeaders): Record<string, string> {
  const [acl, storageClass, tagging] = [...ATTRIBUTE_HEADERS].map((name) => headers[name]);
  if (acl !== undefined && !HARMLESS_ACLS.has(String(acl)))
    throw new S3Error('AccessControlListNotSupported');
  const kept: Record<string, string> = {};
  if (storageClass !== undefined) {
    const name = String(storageClass);
    if (!READABLE_CLASSES.has(name) && !ARCHIVE_CLASSES.has(name)) throw new S3Error('InvalidStorageClass');
    if (name !== 'STANDARD') kept['x-amz-storage-class'] = name;
  }
  if (tagging !== undefined && tagsFromHeader(String(tagging)).length > 0)
    kept['x-amz-tagging'] = String(tagging);
  return kept;
}

/** The attributes as the answer to GET and HEAD shows them: of the tags only how many they are. */
export function shownAttributes(headers: Readonly<Record<string, string>>): Record<string, string> {
  const { 'x-amz-tagging': tagging, ...shown } = headers;
  return tagging === undefined
    ? shown
    : { ...shown, 'x-amz-tagging-count': String(tagsFromHeader(tagging).length) };
}

/** Whether the content has to be restored before it can be read. */
export function isArchived(headers: Readonly<Record<string, string>>): boolean {
  return ARCHIVE_CLASSES.has(headers['x-amz-storage-class'] ?? '');
}

/** The tags of an `x-amz-tagging` header, which is encoded like a query. @throws S3Error InvalidTag */
export function tagsFromHeader(header: string): { key: string; value: string }[] {
  const tags = [...new URLSearchParams(header)].map(([key, value]) => ({ key, value }));
  const keys = new Set(tags.map(({ key }) => key));
  if (keys.size !== tags.length || tags.length > MAX_TAGS || !tags.every(isTag))
    throw new S3Error('InvalidTag');
  return tags;
}

function isTag({ key, value }: { key: string; value: string }): boolean {
  const fits = key.length > 0 && key.length <= MAX_TAG_KEY_LENGTH && value.length <= MAX_TAG_VALUE_LENGTH;
  return fits && TAG_TEXT.test(key) && TAG_TEXT.test(value) && !/^aws:/i.test(key);
}
