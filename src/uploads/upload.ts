// The nouns of this room. Pure types; no I/O, no clock.

/** The most bytes that S3 takes in a single PUT: 5 GiB (AWS "Amazon S3 multipart upload limits"). */
export const SINGLE_PUT_MAX_BYTES = 5_368_709_120;

/** The shortest and the longest life of a presigned URL (AWS "Authenticating Requests: Using Query Parameters"). */
export const URL_TTL_MIN_SECONDS = 1;
export const URL_TTL_MAX_SECONDS = 604_800;

/** The longest object key that S3 takes, in UTF-8 bytes (AWS "Naming Amazon S3 objects"). */
export const OBJECT_KEY_MAX_BYTES = 1024;

/** The longest prefix of object keys that the policy of an API key can set (the contract's `key_prefix`). */
export const KEY_PREFIX_MAX_BYTES = 200;

/** What the destination is called that a request gets without naming one. */
export const DEFAULT_DESTINATION = 'default';

/** An object key that this service made: ASCII, no `.` or `..` segment, at most 1024 bytes. */
export type ObjectKey = string & { readonly __brand: 'ObjectKey' };

/** What a caller asks for. Already checked against the contract's field rules. */
export interface UploadRequest {
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  /** The name of a destination; left out, the default one. */
  readonly destination?: string | undefined;
  /** Left out where there is none of them, as in nearly every request. */
  readonly options?: UploadOptions | undefined;
}

/** What an upload can ask for beside name, type and size, by the contract's names. What is left out is not asked for. */
export interface UploadOptions {
  readonly checksum?: Checksum | undefined;
  readonly overwrite?: string | undefined;
  readonly expiresInSeconds?: number | undefined;
  readonly cacheControl?: string | undefined;
  readonly contentLanguage?: string | undefined;
  readonly contentEncoding?: string | undefined;
  readonly contentDisposition?: string | undefined;
  /** Values by name, without the prefix of the headers. */
  readonly metadata?: Readonly<Record<string, string>> | undefined;
  readonly tags?: Readonly<Record<string, string>> | undefined;
  readonly encryption?: Encryption | undefined;
  readonly storageClass?: string | undefined;
  readonly acl?: string | undefined;
}

/** Checksums of a file's bytes, in base64. */
export interface Checksum {
  /** The one that S3 verifies and keeps. */
  readonly kept?: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
  readonly md5?: string | undefined;
}

/** The algorithms of checksums that S3 keeps with an object. */
export type ChecksumAlgorithm = 'sha256' | 'sha1' | 'crc32' | 'crc32c' | 'crc64nvme';

export interface Encryption {
  readonly type: string;
  readonly kmsKeyId?: string | undefined;
}

/** Headers of a PUT by lower-case name. */
export interface PutHeaders {
  readonly 'content-length': string;
  readonly 'content-type': string;
  readonly [name: string]: string;
}

/** A decided upload: what will be signed. */
export interface PutPlan {
  readonly objectKey: ObjectKey;
  readonly sizeBytes: number;
  readonly ttlSeconds: number;
  /** Exactly the headers that the upload must send; each is signed. */
  readonly headers: PutHeaders;
}

/** A presigned upload: all that the caller needs to send the file. */
export interface PresignedPut {
  readonly uploadUrl: string;
  readonly publicUrl: string;
  readonly fileKey: ObjectKey;
  readonly method: 'PUT';
  /** Exactly the headers to send, by lower-case name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly expiresAtMs: number;
}
