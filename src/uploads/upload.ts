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

/** What the policies of API keys call the bucket of the settings. */
export const DEFAULT_DESTINATION = 'default';

/** An object key that this service made: ASCII, no `.` or `..` segment, at most 1024 bytes. */
export type ObjectKey = string & { readonly __brand: 'ObjectKey' };

/** What a caller asks for. Already checked against the contract's field rules. */
export interface UploadRequest {
  readonly filename: string;
  readonly contentType: string;
  readonly sizeBytes: number;
}

/** A decided upload: what will be signed. */
export interface PutPlan {
  readonly objectKey: ObjectKey;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly ttlSeconds: number;
  /** False: S3 takes the upload only if there is no object with this key yet, and so only once. */
  readonly mayOverwrite: boolean;
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
