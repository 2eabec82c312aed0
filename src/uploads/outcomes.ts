// What the use cases of this room take and answer beside plans. Pure types.
import type { PlanKind } from './plan.ts';
import type { SignedForm, SignedParts, SignedPut, StoredObject, StoredPart } from './ports.ts';
import type { ObjectKey, PresignedPut } from './upload.ts';

/** A part that may be sent: from 1, and from `offsetBytes` of the file on. */
export type IssuedPart = SignedParts['parts'][number] & {
  readonly partNumber: number;
  readonly sizeBytes: number;
  readonly offsetBytes: number;
  readonly expiresAtMs: number;
};

/** What the client has to do. */
export type IssuedPlan =
  | ({ readonly kind: 'put' } & SignedPut & Pick<PresignedPut, 'method'>)
  | ({
      readonly kind: 'form';
      readonly contentTypePrefix: string | undefined;
      readonly minSizeBytes: number;
      readonly maxSizeBytes: number;
    } & SignedForm)
  | {
      readonly kind: 'multipart';
      readonly partSizeBytes: number;
      readonly partCount: number;
      /** The first ones. */
      readonly parts: readonly IssuedPart[];
    };

/** A planned upload, signed. */
export interface CreatedUpload {
  readonly uploadId: string;
  readonly objectKey: ObjectKey;
  readonly publicUrl: string;
  readonly destination: string;
  /** Until when the upload id is good, in wall-clock milliseconds. */
  readonly uploadExpiresAtMs: number;
  readonly plan: IssuedPlan;
}

/** The parts from `first` to `last`, both included. */
export interface PartRange {
  readonly first: number;
  readonly last: number;
}

/** Which parts to sign. */
export interface SignPartsRequest {
  readonly ranges: readonly PartRange[];
  readonly parts: readonly {
    readonly partNumber: number;
    /** Of the upload's `partChecksum`, in base64. */
    readonly checksum?: string | undefined;
    readonly md5?: string | undefined;
  }[];
  readonly expiresInSeconds?: number | undefined;
}

/** The parts that S3 has, and the others. */
export interface PartsListing {
  readonly parts: readonly StoredPart[];
  readonly missing: readonly PartRange[];
  readonly partSizeBytes: number;
  readonly partCount: number;
}

/** A part as the client knows it. */
export interface ClaimedPart {
  readonly partNumber: number;
  /** With or without quotes; empty where the client was not shown it. */
  readonly etag: string;
}

/** An object that is what was declared. */
export interface CompletedUpload {
  readonly objectKey: ObjectKey;
  readonly publicUrl: string;
  readonly object: StoredObject;
}

/** See the contract's GetUploadResponse for what the states mean. */
export interface UploadStatus {
  readonly state: 'pending' | 'uploading' | 'complete' | 'mismatched' | 'gone';
  readonly kind: PlanKind;
  readonly objectKey: ObjectKey;
  readonly publicUrl: string;
  readonly destination: string;
  readonly receivedBytes: number;
  readonly sizeBytes: number;
  readonly uploadExpiresAtMs: number;
  readonly object: StoredObject | undefined;
}

/** What is to be read, by one of two names, and how S3 is to answer. */
export interface DownloadRequest {
  readonly uploadId?: string | undefined;
  readonly fileKey?: string | undefined;
  readonly destination?: string | undefined;
  readonly contentDisposition?: string | undefined;
  readonly filename?: string | undefined;
  readonly contentType?: string | undefined;
  readonly expiresInSeconds?: number | undefined;
}

export interface IssuedDownload {
  readonly url: string;
  readonly objectKey: string;
  readonly expiresAtMs: number;
}
