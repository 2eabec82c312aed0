// POST policies (AWS "Creating a POST Policy"): what both signers of forms have in common.
import type { FormRequest } from './signer.ts';

/** S3 puts the name of the file in its place, and so lets the client choose the key. */
const FILENAME_VARIABLE = '$' + '{filename}';

/** A condition that is no exact field. */
type FormCondition =
  | ['content-length-range', minSizeBytes: number, maxSizeBytes: number]
  | ['starts-with', field: string, prefix: string];

/**
 * The conditions of a form beside its exact fields. Throws a RangeError for an object key with a part that S3 would
 * replace.
 */
export function formConditions(request: FormRequest): FormCondition[] {
  const { objectKey, contentTypePrefix, minSizeBytes, maxSizeBytes } = request;
  if (objectKey.includes(FILENAME_VARIABLE)) throw new RangeError('an object key that S3 would change');
  const size: FormCondition = ['content-length-range', minSizeBytes, maxSizeBytes];
  return contentTypePrefix === undefined
    ? [size]
    : [size, ['starts-with', '$Content-Type', contentTypePrefix]];
}
