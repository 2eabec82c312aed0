import { Fault } from '../fault/fault.ts';

/** Primary result codes of SQLite that we tell apart (https://sqlite.org/rescode.html). */
export const SQLITE_BUSY = 5;
const SQLITE_CONSTRAINT = 19;

/** When a caller may try again: most outages of a local file are over sooner than anyone can look. */
const RETRY_AFTER_MS = 1_000;

/** A failure of SQLite as it crosses a thread border, where errors lose their own properties. */
export interface SqliteFailure {
  readonly message: string;
  readonly errcode: number | undefined;
}

export function sqliteFailureFromError(error: unknown): SqliteFailure {
  if (!(error instanceof Error)) return { message: String(error), errcode: undefined };
  const errcode = 'errcode' in error && typeof error.errcode === 'number' ? error.errcode : undefined;
  return { message: error.message, errcode };
}

/** The primary result code: the low byte of an extended one. */
export function primaryCode(error: unknown): number | undefined {
  const { errcode } = sqliteFailureFromError(error);
  return errcode === undefined ? undefined : errcode & 0xff;
}

/**
 * Everything that keeps the store from answering is STORE_UNAVAILABLE: a lock that is not let go of, a full
 * disk, a damaged or read-only file. Only a broken constraint, such as a key that exists already, is not: no
 * retry would change it.
 */
export function storeFault(cause: unknown): Fault {
  if (cause instanceof Fault) return cause;
  if (primaryCode(cause) === SQLITE_CONSTRAINT) return new Fault('INTERNAL', { cause });
  return new Fault('STORE_UNAVAILABLE', { cause, retryAfterMs: RETRY_AFTER_MS });
}

/** The fault of a failure that happened in the writer thread. */
export function storeFaultFromFailure({ message, errcode }: SqliteFailure): Fault {
  return storeFault(Object.assign(new Error(message), { errcode }));
}
