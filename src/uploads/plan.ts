// What an upload comes to: the nouns between a decision and its signature. Pure types.
import type { ChecksumAlgorithm, ObjectKey, UploadOptions } from './upload.ts';

export const PLAN_KINDS = ['put', 'form', 'multipart'] as const;
/** One PUT, a browser form (POST policy), or a multipart upload. */
export type PlanKind = (typeof PLAN_KINDS)[number];

/** Algorithms whose checksums of parts S3 makes into one of the object: the others cover whole objects only. */
export const PART_CHECKSUM_ALGORITHMS = ['sha256', 'sha1', 'crc32', 'crc32c'] as const;
export type PartChecksumAlgorithm = (typeof PART_CHECKSUM_ALGORITHMS)[number];

/** What a caller asks for who leaves the kind of upload to the server. Already checked against the contract's rules. */
export interface PlanRequest {
  readonly filename: string;
  /** A media type, or for a form also a family such as `image/*`. */
  readonly contentType: string;
  /** Undefined: not known before; then `maxSizeBytes` is there. */
  readonly sizeBytes?: number | undefined;
  readonly minSizeBytes?: number | undefined;
  readonly maxSizeBytes?: number | undefined;
  readonly kind?: string | undefined;
  readonly destination?: string | undefined;
  readonly partSizeBytes?: number | undefined;
  readonly partChecksum?: string | undefined;
  /** How many parts to sign at once. */
  readonly signParts?: number | undefined;
  readonly options?: UploadOptions | undefined;
}

/** A decided form: what will be signed as a POST policy. */
export interface FormPlan {
  readonly objectKey: ObjectKey;
  readonly ttlSeconds: number;
  /** Exactly the fields that the form must send, by the names that S3 has for them; each is signed with its value. */
  readonly fields: Readonly<Record<string, string>>;
  /** What the client's own `Content-Type` must begin with; undefined where `fields` has the type. */
  readonly contentTypePrefix: string | undefined;
  readonly minSizeBytes: number;
  readonly maxSizeBytes: number;
}

/** A decided multipart upload. */
export interface MultipartPlan {
  readonly objectKey: ObjectKey;
  readonly sizeBytes: number;
  readonly ttlSeconds: number;
  /** What CreateMultipartUpload is called with: all headers of a PUT but those of its body and conditions. */
  readonly headers: Readonly<Record<string, string>>;
  readonly partSizeBytes: number;
  readonly partCount: number;
  /** The checksum that S3 is to keep, and how it comes about. */
  readonly checksum: MultipartChecksum | undefined;
}

export interface MultipartChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** `full_object`: of the bytes in a row. `composite`: of the checksums of the parts. */
  readonly type: 'full_object' | 'composite';
}

/** A part to be signed. */
export interface PartToSign {
  /** From 1. */
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** Beside the length: checksums. Each is signed. */
  readonly headers: Readonly<Record<string, string>>;
}

/** Parts of one multipart upload, to be signed together. */
export interface PartsPlan {
  readonly objectKey: ObjectKey;
  readonly s3UploadId: string;
  readonly ttlSeconds: number;
  readonly parts: readonly PartToSign[];
}

/** A read to be signed. */
export interface GetPlan {
  readonly objectKey: ObjectKey;
  readonly ttlSeconds: number;
  /** What S3 is to answer instead of what it stored, by query parameter: `response-content-type` and the like. */
  readonly overrides: Readonly<Record<string, string>>;
}
