// Whether an object is what was declared. Pure.
import type { FieldViolation } from '../fault/fault.ts';
import type { StoredObject } from './ports.ts';
import type { TrackedUpload } from './tracked-upload.ts';

/** Everything in which the object differs, by the fields of the request that declared it. Empty when it is as declared. */
export function mismatches(tracked: TrackedUpload, object: StoredObject): FieldViolation[] {
  return [
    ...sizeMismatch(tracked, object),
    ...typeMismatch(tracked, object),
    ...checksumMismatch(tracked, object),
  ];
}

function sizeMismatch(
  { minSizeBytes, maxSizeBytes }: TrackedUpload,
  { sizeBytes }: StoredObject,
): FieldViolation[] {
  if (sizeBytes >= minSizeBytes && sizeBytes <= maxSizeBytes) return [];
  const declared = minSizeBytes === maxSizeBytes ? `${maxSizeBytes}` : `${minSizeBytes} to ${maxSizeBytes}`;
  return [{ field: 'size', message: `was declared as ${declared} bytes, and S3 has ${sizeBytes}` }];
}

function typeMismatch(
  { contentType, contentTypeIsPrefix }: TrackedUpload,
  { contentType: stored }: StoredObject,
): FieldViolation[] {
  const declared = canonical(contentType);
  const has = canonical(stored);
  if (contentTypeIsPrefix ? has.toLowerCase().startsWith(declared.toLowerCase()) : has === declared)
    return [];
  return [
    { field: 'contentType', message: `was declared as ${contentType}, and S3 has ${stored || 'none'}` },
  ];
}

/** A signature does not tell runs of spaces apart, and some servers store what was signed. */
function canonical(value: string): string {
  return value.trim().replace(/ +/g, ' ');
}

function checksumMismatch(
  { checksum: declared }: TrackedUpload,
  { checksum }: StoredObject,
): FieldViolation[] {
  if (declared === undefined) return [];
  const field = `checksum.${declared.algorithm}`;
  if (checksum === undefined || checksum.algorithm !== declared.algorithm)
    return [{ field, message: 'was declared, and S3 keeps no such checksum of the object' }];
  if (checksum.value === declared.value) return [];
  return [{ field, message: 'was declared as another than S3 has' }];
}
