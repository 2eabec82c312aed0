import { Fault } from '../fault/fault.ts';

/** When a caller may try again: a restart or a failover takes seconds, a lost connection none. */
const RETRY_AFTER_MS = 1_000;

/** A connection that is found dead this soon was dead before it was used. */
const STALE_WITHIN_MS = 250;

/** serialization_failure, deadlock_detected (https://www.postgresql.org/docs/current/errcodes-appendix.html). */
const ROLLED_BACK = ['40001', '40P01'];

/** admin_shutdown, crash_shutdown, and what the operating system says of a broken connection. */
const CUT_OFF = ['57P01', '57P02', 'ECONNRESET', 'EPIPE'];

/** pg has no code for a connection that ends without a word. */
const ENDED = /^Connection terminated/;

/**
 * Everything that keeps the store from answering is STORE_UNAVAILABLE: no connection, no room, no rights, a
 * read-only server, another schema. Only what the server refuses for the values themselves, such as a key that
 * exists already, is not: no retry would change it.
 */
export function postgresFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  const cause = causeOf(error);
  if (/^2[23]/.test(codeOf(error) ?? '')) return new Fault('INTERNAL', { cause });
  return new Fault('STORE_UNAVAILABLE', { cause, retryAfterMs: RETRY_AFTER_MS });
}

/**
 * What may be told of an error of pg: its message and code. Its other members quote the values of rows, and lead to
 * the client, which knows the password.
 */
export function causeOf(error: unknown): Error {
  const code = codeOf(error);
  return Object.assign(new Error(messageOf(error)), code === undefined ? {} : { code });
}

/** Whether the server has undone everything and asks to have it all again, or never heard of it. */
export function wasUndone(error: unknown, elapsedMs: number): boolean {
  const code = codeOf(error) ?? '';
  if (ROLLED_BACK.includes(code)) return true;
  return elapsedMs < STALE_WITHIN_MS && (CUT_OFF.includes(code) || ENDED.test(messageOf(error)));
}

/** The SQLSTATE of an answer, or the system's code for a failure of the network. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : undefined;
}

function messageOf(error: unknown): string {
  // A host with several addresses fails with one error for each of them, and none of its own.
  if (error instanceof AggregateError) return error.errors.map(messageOf).join('; ');
  return error instanceof Error ? error.message : String(error);
}
