import type { FormPlan } from '../uploads/plan.ts';
import type { PutHeaders } from '../uploads/upload.ts';

/** A PutObject that is to be signed. */
export interface PutRequest {
  readonly objectKey: string;
  /** Exactly the headers that the upload will send; all are signed. */
  readonly headers: PutHeaders;
}

/** UploadParts of one upload that are to be signed. */
export interface PartsRequest {
  readonly objectKey: string;
  readonly s3UploadId: string;
  readonly parts: readonly PartRequest[];
}

export interface PartRequest {
  /** From 1. */
  readonly partNumber: number;
  /** Exactly the headers that the part will be sent with; all are signed. */
  readonly headers: PartHeaders;
}

/** Headers of a part by lower-case name. */
export interface PartHeaders {
  readonly 'content-length': string;
  readonly [name: string]: string;
}

/** A GetObject that is to be signed. */
export interface GetRequest {
  readonly objectKey: string;
  /** Parameters of GetObject by their names in the query, such as `response-content-type` or `versionId`. */
  readonly overrides: Readonly<Record<string, string>>;
}

/** A POST policy that is to be signed. */
export type FormRequest = Omit<FormPlan, 'objectKey' | 'ttlSeconds'> & { readonly objectKey: string };

/** A form without its file. */
export interface PresignedForm {
  readonly url: string;
  readonly fields: Readonly<Record<string, string>>;
}

/** Signs one kind of request. `atMs` has whole seconds. No network. */
type Sign<Request, Signed> = (
  request: Request,
  atMs: number,
  expiresSeconds: number,
) => Signed | Promise<Signed>;

/** Makes presigned URLs with the credentials that it was made with. */
export interface UrlSigner {
  readonly put: Sign<PutRequest, string>;
  /** A URL for each part, in their order. */
  readonly parts: Sign<PartsRequest, readonly string[]>;
  readonly get: Sign<GetRequest, string>;
}

export type FormSigner = Sign<FormRequest, PresignedForm>;

/** Signs all that this service hands out, with the credentials that it was made with. */
export interface Signer extends UrlSigner {
  readonly form: FormSigner;
}
