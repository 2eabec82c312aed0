/** What became of an input. */
export interface Outcome {
  /** HTTP statuses of the answers, in order. */
  readonly statuses: readonly number[];
  /** What the server must not do, seen on the wire. */
  readonly problem?: string;
}

/** How long an input may stay without an answer or a hang-up: beyond the service's own limits for what it asks of others. */
export const PATIENCE_MS = 15_000;

/** Silence after which a client of a connection of its own takes the server's answers for complete, and hangs up. */
export const QUIET_MS = 30;
