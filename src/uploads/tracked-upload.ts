// What an upload id stands for. Pure types.
import type { MultipartChecksum, PlanKind } from './plan.ts';
import type { ChecksumAlgorithm, ObjectKey } from './upload.ts';

/** All that is known of an upload after it was planned. It is sealed into the upload id and kept nowhere else. */
export interface TrackedUpload {
  readonly kind: PlanKind;
  /** The destination's name. */
  readonly destination: string;
  readonly objectKey: ObjectKey;
  /** Wall-clock milliseconds, whole seconds: the id is good until then. */
  readonly expiresAtMs: number;
  /** As declared; for a form of a family of types, what the type must begin with. */
  readonly contentType: string;
  readonly contentTypeIsPrefix: boolean;
  /** Equal for a file of known size. */
  readonly minSizeBytes: number;
  readonly maxSizeBytes: number;
  /** The declared checksum of the whole file that S3 keeps, in base64. */
  readonly checksum: { readonly algorithm: ChecksumAlgorithm; readonly value: string } | undefined;
  /** S3 must not overwrite an object. */
  readonly oneShot: boolean;
  /** Only of multipart uploads. */
  readonly multipart: TrackedMultipart | undefined;
}

export interface TrackedMultipart {
  /** S3's own name for the upload. */
  readonly s3UploadId: string;
  readonly partSizeBytes: number;
  readonly checksum: MultipartChecksum | undefined;
}
