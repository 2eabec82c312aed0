// What the bench and its load generator say to each other.

/** A request that is sent over and over. */
export interface RequestSpec {
  readonly kind: 'http1' | 'grpc';
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Base64: channels between processes carry JSON. */
  readonly body: string;
  /** Text that every answer's body must hold. */
  readonly expected: string;
}

export interface LoadOrder {
  readonly request: RequestSpec;
  /** On 127.0.0.1. */
  readonly port: number;
  readonly durationMs: number;
  /** Calls in flight at any moment, in place of `IN_FLIGHT`. */
  readonly inFlight?: number;
}

export interface LoadResult {
  readonly requests: number;
  readonly elapsedMs: number;
}

export type LoadReport = LoadResult | { readonly failure: string };

/** Calls in flight at any moment: each is followed by the next as soon as it is answered. */
export const IN_FLIGHT = 32;
