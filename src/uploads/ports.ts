// What this room needs from outside. The adapters live in s3/ and quota/; `app.ts` joins them.
import type { TimeLeft } from '../flow/time-left.ts';
import type { Principal } from '../keys/api-key.ts';
import type { FormPlan, GetPlan, MultipartChecksum, MultipartPlan, PartsPlan } from './plan.ts';
import type { ChecksumAlgorithm, ObjectKey, PutPlan } from './upload.ts';

/** A signed PUT: the URL, the headers that it binds, and when it stops being accepted. */
export interface SignedPut {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Wall-clock milliseconds. Never later than the expiry of the signing credentials. */
  readonly expiresAtMs: number;
}

/** A signed form: where it goes, every field but the file, and when it stops being accepted. */
export interface SignedForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
  /** Wall-clock milliseconds. Never later than the expiry of the signing credentials. */
  readonly expiresAtMs: number;
}

/** Signed parts, in the order of the plan. */
export interface SignedParts {
  readonly parts: readonly Omit<SignedPut, 'expiresAtMs'>[];
  /** Wall-clock milliseconds, the same for all. Never later than the expiry of the signing credentials. */
  readonly expiresAtMs: number;
}

/** A signed GET. */
export type SignedGet = Omit<SignedPut, 'headers'>;

/** Signs uploads for one destination. */
export interface Presigner {
  /**
   * Signs without I/O while credentials are at hand, and then answers synchronously: the hot path pays for no
   * promise. Throws or rejects with a Fault SIGNING_UNAVAILABLE when there are no usable credentials.
   */
  presignPut(plan: PutPlan, nowMs: number): SignedPut | Promise<SignedPut>;
  /** As `presignPut`, for a POST policy. */
  presignForm(plan: FormPlan, nowMs: number): SignedForm | Promise<SignedForm>;
  /** As `presignPut`, for parts of a multipart upload. */
  presignParts(plan: PartsPlan, nowMs: number): SignedParts | Promise<SignedParts>;
  /** As `presignPut`, for a GET. */
  presignGet(plan: GetPlan, nowMs: number): SignedGet | Promise<SignedGet>;
  /** Where the object can be read, percent-encoded by segment. */
  publicUrl(key: ObjectKey): string;
}

/** Keeps uploads within the byte quotas of keys. */
export interface ByteQuota {
  /**
   * Counts what is about to be signed. Synchronous for a key without a quota. Throws or rejects with a Fault
   * QUOTA_EXCEEDED, and then counts nothing.
   */
  take(principal: Principal, sizeBytes: number, nowMs: number): void | Promise<void>;
}

/** An object, or a part of a multipart upload, as S3 has it. */
export interface StoredChecksum {
  readonly algorithm: ChecksumAlgorithm;
  /** In base64; of a composite followed by `-` and the number of parts. */
  readonly value: string;
  readonly type: 'full_object' | 'composite';
}

export interface StoredObject {
  readonly sizeBytes: number;
  /** Empty where the object has none. */
  readonly contentType: string;
  /** Without quotes. */
  readonly etag: string;
  readonly versionId: string | undefined;
  readonly checksum: StoredChecksum | undefined;
}

export interface StoredPart {
  readonly partNumber: number;
  readonly sizeBytes: number;
  /** Without quotes. */
  readonly etag: string;
  /** In base64, of the algorithm of the upload. */
  readonly checksum: string | undefined;
}

/** A multipart upload that was begun and neither completed nor aborted. */
export interface OpenMultipartUpload {
  readonly objectKey: string;
  readonly s3UploadId: string;
  /** Wall-clock milliseconds. */
  readonly initiatedAtMs: number;
}

export interface MultipartCompletion {
  readonly objectKey: ObjectKey;
  readonly s3UploadId: string;
  /** In the order of their numbers. */
  readonly parts: readonly StoredPart[];
  /** How the checksum that S3 keeps comes about. */
  readonly checksum: MultipartChecksum | undefined;
  /** What the whole file's checksum has to be, in base64; S3 compares it. */
  readonly expectedChecksum: string | undefined;
  /** S3 must not overwrite an object. */
  readonly oneShot: boolean;
}

/**
 * `absent`: S3 does not know the upload (any more). `exists`: there is an object with the key, which must not be
 * overwritten. `conflict`: another request for the same key came in between; retry. `refused`: S3 does not take the
 * parts as they are, for the reason in `why`, such as a wrong checksum.
 */
export type CompletionOutcome =
  | { readonly outcome: 'completed' | 'absent' | 'exists' | 'conflict' }
  | { readonly outcome: 'refused'; readonly why: string };

/**
 * Asks S3 itself, for one destination, with the service's own credentials. Every method rejects with a Fault
 * STORAGE_UNAVAILABLE when S3 does not answer in time or answers 5xx, and STORAGE_REFUSED when it does not let this
 * service do what it asks for. One that is given less time than it takes rejects with a Fault DEADLINE_EXCEEDED, and
 * asks no further.
 */
export interface ObjectStorage {
  /** Begins a multipart upload and answers S3's name for it. */
  createMultipartUpload(plan: MultipartPlan, timeLeft?: TimeLeft): Promise<string>;
  /** All pages together, by number; undefined when S3 does not know the upload (any more). */
  listParts(
    objectKey: ObjectKey,
    s3UploadId: string,
    timeLeft?: TimeLeft,
  ): Promise<readonly StoredPart[] | undefined>;
  /** A 200 whose body is an error is no success. */
  completeMultipartUpload(completion: MultipartCompletion, timeLeft?: TimeLeft): Promise<CompletionOutcome>;
  /** Frees the parts. An upload that is not there is fine. */
  abortMultipartUpload(objectKey: string, s3UploadId: string, timeLeft?: TimeLeft): Promise<void>;
  /** Undefined when there is no such object. */
  headObject(objectKey: ObjectKey, timeLeft?: TimeLeft): Promise<StoredObject | undefined>;
  /** Every open multipart upload whose key begins with `prefix`, a page at a time. */
  listMultipartUploads(prefix: string): AsyncIterable<OpenMultipartUpload>;
}

/**
 * What creating calls remember for each other, across instances where they can. It may lose anything at any time. It
 * never rejects: who cannot reach the others remembers for itself.
 */
export interface CreationMemory {
  /** Remembers the value unless the name has one, and answers the value that the name then has. */
  remember(name: string, value: string, ttlMs: number): Promise<string>;
  /** Replaces the name's value. */
  replace(name: string, value: string, ttlMs: number): Promise<void>;
  /** The name's value, if there is one. */
  recall(name: string): Promise<string | undefined>;
}

/** Counts what upload tokens have planned, across instances where it can. Never rejects. */
export interface TokenBudget {
  /** Counts files and bytes if both stay within the limits; answers whether they did. */
  take(use: TokenUse): Promise<boolean>;
}

export interface TokenUse {
  readonly tokenId: string;
  readonly files: number;
  readonly bytes: number;
  readonly maxFiles: number;
  /** Infinity for no limit. */
  readonly maxBytes: number;
  /** How long the counts have to be kept: what is left of the token's life. */
  readonly ttlMs: number;
}
