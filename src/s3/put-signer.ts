import type { PutHeaders } from '../uploads/upload.ts';

/** A PutObject that is to be signed. */
export interface PutRequest {
  readonly objectKey: string;
  /** Exactly the headers that the upload will send; all are signed. */
  readonly headers: PutHeaders;
}

/** Turns a PutObject into a presigned URL with the credentials that it was made with. No network. */
export type PutSigner = (
  request: PutRequest,
  atMs: number,
  expiresSeconds: number,
) => string | Promise<string>;
