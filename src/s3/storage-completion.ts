// What CompleteMultipartUpload is called with, and what its refusals mean. Pure.
import type { CompletedPart, CompleteMultipartUploadCommandInput } from '@aws-sdk/client-s3';
import type { CompletionOutcome, MultipartCompletion } from '../uploads/ports.ts';
import { checksumMember } from './storage-checksums.ts';
import type { StorageFailure } from './storage-failure.ts';

/** S3's codes for parts that do not make the object that was declared, each with what it says. */
const REFUSALS: Readonly<Record<string, string>> = {
  BadDigest: 'the checksum is not that of the bytes',
  EntityTooLarge: 'the parts are larger than an object may be',
  EntityTooSmall: 'a part before the last is too small',
  InvalidArgument: 'a part or its checksum is not as S3 takes it',
  InvalidDigest: 'a checksum is none',
  InvalidPart: 'a part is missing, or is another than the one named',
  InvalidPartOrder: 'the parts are not in the order of their numbers',
  InvalidRequest: 'the parts or their checksums do not go with the upload',
  MalformedXML: 'there are no parts',
  XAmzContentChecksumMismatch: 'the checksum is not that of the bytes',
};

/** The SDK's request for the completion. */
export function completionInput(
  bucket: string,
  completion: MultipartCompletion,
): CompleteMultipartUploadCommandInput {
  const { objectKey, s3UploadId, parts, checksum, expectedChecksum, oneShot } = completion;
  const member = checksum && checksumMember(checksum.algorithm);
  return {
    Bucket: bucket,
    Key: objectKey,
    UploadId: s3UploadId,
    MultipartUpload: {
      Parts: parts.map(
        (part): CompletedPart => ({
          PartNumber: part.partNumber,
          ETag: `"${part.etag}"`,
          ...(member !== undefined && part.checksum !== undefined && { [member]: part.checksum }),
        }),
      ),
    },
    ...(checksum?.type === 'full_object' && { ChecksumType: 'FULL_OBJECT' as const }),
    ...(member !== undefined && expectedChecksum !== undefined && { [member]: expectedChecksum }),
    ...(oneShot && { IfNoneMatch: '*' }),
  };
}

/** What the failed completion came to; undefined where S3 did not judge it. */
export function completionOutcome({ status, code }: StorageFailure): CompletionOutcome | undefined {
  if (code === 'NoSuchUpload') return { outcome: 'absent' };
  if (code === 'PreconditionFailed' || status === 412) return { outcome: 'exists' };
  if (code === 'ConditionalRequestConflict' || code === 'OperationAborted') return { outcome: 'conflict' };
  const meaning = Object.hasOwn(REFUSALS, code) ? REFUSALS[code] : undefined;
  return meaning === undefined ? undefined : { outcome: 'refused', why: `${meaning} (${code})` };
}
