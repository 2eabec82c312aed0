/** What became of an input. */
export interface Outcome {
  /** HTTP statuses of the answers, in order. */
  readonly statuses: readonly number[];
  /** What the server must not do, seen on the wire. */
  readonly problem?: string;
}

/**
 * How long an input may stay without an answer or a hang-up: longer than the service waits for S3, retries included, and
 * than its own limit for a request that does not end.
 */
export const PATIENCE_MS = 45_000;

/** Silence after which a client of a connection of its own takes the server's answers for complete, and hangs up. */
export const QUIET_MS = 30;
