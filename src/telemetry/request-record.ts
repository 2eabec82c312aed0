import type { ClientCertificate } from '../keys/client-certificate.ts';

/**
 * What is known of one request while it passes through the house. The edge makes it and logs it at the end;
 * the rooms on the way write what they learned. It never holds a token, a body or a signed URL.
 */
export interface RequestRecord {
  readonly requestId: string;
  /** Monotonic milliseconds (`performance.now()`) at which the request arrived. */
  readonly startedAtMs: number;
  /** Address of the client, as far as trusted proxies tell it, else of the peer; for the limiter of failed authentications. */
  readonly remoteAddress: string;
  /** What the client of the connection has proved with a certificate. */
  readonly certificate?: ClientCertificate | undefined;
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
  /** Names the upload token that was sent in place of the key. */
  uploadTokenId?: string;
  /** The real cause of an `INTERNAL`, for the log only. */
  cause?: unknown;
}

/** What HTTP knows of a request when it is over. */
export interface RequestEnd {
  readonly method: string;
  /** Without the query, which may hold secrets. */
  readonly path: string;
  /** 499 when the client went away before it had the whole answer. */
  readonly status: number;
  readonly durationMs: number;
  /** Size of the body, where the client announced it. */
  readonly requestBytes?: number;
  /** `1.0`, `1.1` or `2.0`. */
  readonly httpVersion: string;
}
