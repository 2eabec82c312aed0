/**
 * What is known of one request while it passes through the house. The edge makes it and logs it at the end;
 * the rooms on the way write what they learned. It never holds a token, a body or a signed URL.
 */
export interface RequestRecord {
  readonly requestId: string;
  /** Monotonic milliseconds (`performance.now()`) at which the request arrived. */
  readonly startedAtMs: number;
  /** Address of the peer, for the limiter of failed authentications. */
  readonly remoteAddress: string;
  /** A route template or `package.Service/Method`; never a raw path, so that it can be a metric label. */
  route: string;
  /** `http`, `rest`, `connect`, `grpc` or `grpc-web`. */
  protocol: string;
  /** Wire code of the outcome; `ok` until something else is known. */
  code: string;
  /** The reason of a refusal, as in docs/errors.md. */
  reason?: string;
  keyId?: string;
  owner?: string;
  /** The real cause of an `INTERNAL`, for the log only. */
  cause?: unknown;
}
