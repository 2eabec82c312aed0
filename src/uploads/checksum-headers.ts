// Checksums that S3 verifies: https://docs.aws.amazon.com/AmazonS3/latest/userguide/checking-object-integrity.html
import { blame, type HeaderDraft } from './header-draft.ts';
import type { Checksum, ChecksumAlgorithm } from './upload.ts';

interface ChecksumRow {
  readonly header: string;
  readonly bytes: number;
}

/** As headers, because S3 does not verify a checksum in the query of a URL. */
export const CHECKSUMS = {
  sha256: { header: 'x-amz-checksum-sha256', bytes: 32 },
  sha1: { header: 'x-amz-checksum-sha1', bytes: 20 },
  crc32: { header: 'x-amz-checksum-crc32', bytes: 4 },
  crc32c: { header: 'x-amz-checksum-crc32c', bytes: 4 },
  crc64nvme: { header: 'x-amz-checksum-crc64nvme', bytes: 8 },
  md5: { header: 'content-md5', bytes: 16 },
} as const satisfies Record<ChecksumAlgorithm | 'md5', ChecksumRow>;

export function draftChecksum({ kept, md5 }: Checksum, draft: HeaderDraft): void {
  if (kept === undefined && md5 === undefined) {
    blame(draft, 'checksum', `must hold one of ${Object.keys(CHECKSUMS).join(', ')}`);
  }
  if (kept !== undefined) draftDigest(kept.algorithm, kept.value, draft);
  if (md5 !== undefined) draftDigest('md5', md5, draft);
}

/** Whether the text is a checksum of the algorithm: the base64 of so many bytes, and nothing beside. */
export function isChecksumText(algorithm: keyof typeof CHECKSUMS, text: string): boolean {
  const decoded = Buffer.from(text, 'base64');
  // Encoded again, because the decoder skips what is no base64.
  return decoded.length === CHECKSUMS[algorithm].bytes && decoded.toString('base64') === text;
}

function draftDigest(algorithm: keyof typeof CHECKSUMS, value: string, draft: HeaderDraft): void {
  const { header, bytes } = CHECKSUMS[algorithm];
  if (isChecksumText(algorithm, value)) draft.headers[header] = value;
  else blame(draft, `checksum.${algorithm}`, `must be the base64 of ${bytes} bytes`);
}
