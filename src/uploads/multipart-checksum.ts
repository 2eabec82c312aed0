// Which checksum S3 keeps of an object that is put together from parts
// (https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html). Pure.
import type { FieldViolation } from '../fault/fault.ts';
import { type MultipartChecksum, PART_CHECKSUM_ALGORITHMS, type PlanRequest } from './plan.ts';
import type { ChecksumAlgorithm } from './upload.ts';

/** The ones that S3 can reckon for a whole object from those of its parts. */
const FULL_OBJECT: readonly ChecksumAlgorithm[] = ['crc32', 'crc32c', 'crc64nvme'];

/** What S3 is to keep, or what is wrong with the wish; undefined for none. */
export function multipartChecksumOf({
  options,
  partChecksum,
}: Pick<PlanRequest, 'options' | 'partChecksum'>): MultipartChecksum | FieldViolation | undefined {
  const { kept, md5 } = options?.checksum ?? {};
  if (md5 !== undefined)
    return violation('checksum.md5', 'must be left out: S3 takes an MD5 of each part only');
  if (partChecksum !== undefined) {
    const algorithm = PART_CHECKSUM_ALGORITHMS.find((known) => known === partChecksum);
    if (algorithm === undefined)
      return violation('partChecksum', `must be ${PART_CHECKSUM_ALGORITHMS.join(', ')}`);
    if (kept === undefined) return { algorithm, type: 'composite' };
    return violation(
      'partChecksum',
      'must be left out beside a checksum of the whole file: S3 keeps one of them',
    );
  }
  if (kept === undefined) return undefined;
  if (FULL_OBJECT.includes(kept.algorithm)) return { algorithm: kept.algorithm, type: 'full_object' };
  return violation(
    `checksum.${kept.algorithm}`,
    `must be ${FULL_OBJECT.join(', ')} for a multipart upload: of the others S3 keeps only a composite of the parts' (partChecksum)`,
  );
}

export function isViolation(
  result: MultipartChecksum | FieldViolation | undefined,
): result is FieldViolation {
  return result !== undefined && 'field' in result;
}

function violation(field: string, message: string): FieldViolation {
  return { field, message };
}
