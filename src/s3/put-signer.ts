/** A PutObject that is to be signed. */
export interface PutRequest {
  readonly objectKey: string;
  /** Exactly the headers that the upload will send, by lower-case name; all are signed. */
  readonly headers: {
    readonly 'content-length': string;
    readonly 'content-type': string;
    readonly 'if-none-match'?: '*';
  };
}

/** Turns a PutObject into a presigned URL with the credentials that it was made with. No network. */
export type PutSigner = (
  request: PutRequest,
  atMs: number,
  expiresSeconds: number,
) => string | Promise<string>;
