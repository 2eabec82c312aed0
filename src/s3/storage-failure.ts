// What a failed question to S3 means. Pure.
import { Fault } from '../fault/fault.ts';

/** When to ask again an S3 that does not answer, or is too busy to. */
const RETRY_AFTER_MS = 1_000;

/** What is known of a failure. */
export interface StorageFailure {
  /** The HTTP status; undefined where there was no answer, or none that could be read. */
  readonly status: number | undefined;
  /** S3's code for it, such as `NoSuchUpload`, or the name of what kept S3 from answering. */
  readonly code: string;
  /** By which S3's operators find the request. */
  readonly requestId: string | undefined;
}

/** Also with a status of 4xx they say that a later try may go through. */
const PASSING_CODES: ReadonlySet<string> = new Set([
  'InternalError',
  'OperationAborted',
  'RequestTimeout',
  'RequestTimeoutException',
  'ServiceUnavailable',
  'SlowDown',
  'Throttling',
  'ThrottlingException',
  'TooManyRequests',
]);
const PASSING_STATUSES: ReadonlySet<number> = new Set([408, 425, 429]);

/** Codes are words; whatever else stands in their place is nothing to put into a log. */
const WORD = /^[A-Za-z][\w.-]{0,63}$/;

/** What S3's codes say of an error of the AWS SDK. */
export function failureFrom(error: unknown): StorageFailure {
  if (!(error instanceof Error)) return { status: undefined, code: 'unknown', requestId: undefined };
  const { code, $metadata } = error as { code?: unknown; $metadata?: Record<string, unknown> };
  const { httpStatusCode: status, requestId } = $metadata ?? {};
  const known = typeof status === 'number' ? status : undefined;
  const words = [known === undefined ? code : error.name, error.name].map(String);
  return {
    status: known,
    code: words.find((word) => WORD.test(word)) ?? 'unknown',
    requestId: typeof requestId === 'string' && WORD.test(requestId) ? requestId : undefined,
  };
}

/**
 * The Fault for a call to S3 that failed with the error: STORAGE_UNAVAILABLE where S3 did not answer or a later try may
 * go through, STORAGE_REFUSED where it will not, SIGNING_UNAVAILABLE where there are no credentials to ask with. Its
 * cause says what S3 said, and nothing more: S3's own error quotes the whole request, session token included.
 */
export function storageFault(operation: string, error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof Error && error.name === 'CredentialsProviderError') {
    const cause = new Error('the credential provider failed');
    return new Fault('SIGNING_UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS, cause });
  }
  const failure = failureFrom(error);
  const cause = new Error(`S3 ${operation}: ${failureText(failure)}`);
  return isRefusal(failure)
    ? new Fault('STORAGE_REFUSED', { cause })
    : new Fault('STORAGE_UNAVAILABLE', { retryAfterMs: RETRY_AFTER_MS, cause });
}

function isRefusal({ status, code }: StorageFailure): boolean {
  if (status === undefined || status < 300 || status >= 500) return false;
  return !PASSING_STATUSES.has(status) && !PASSING_CODES.has(code);
}

function failureText({ status, code, requestId }: StorageFailure): string {
  if (status === undefined) return `no answer (${code})`;
  return `${status} ${code}${requestId === undefined ? '' : ` (request ${requestId})`}`;
}
