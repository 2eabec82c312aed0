// What is said of every reason for a failure.

/** Connect and gRPC status codes that presignd answers, by their wire name. */
export type WireCode =
  | 'invalid_argument'
  | 'unauthenticated'
  | 'permission_denied'
  | 'not_found'
  | 'already_exists'
  | 'failed_precondition'
  | 'aborted'
  | 'unimplemented'
  | 'resource_exhausted'
  | 'deadline_exceeded'
  | 'internal'
  | 'unavailable';

export interface ReasonSpec {
  /** The code over Connect, gRPC and gRPC-Web. */
  readonly code: WireCode;
  /** The status on REST paths. */
  readonly status: number;
  /** What the caller is told. Never more than the caller may know. */
  readonly publicMessage: string;
  /** Whether the same call may succeed later without being changed. */
  readonly retryable: boolean;
  /** What it means and what to do, for docs/errors.md. */
  readonly doc: string;
}

export const UNAUTHENTICATED = {
  code: 'unauthenticated',
  status: 401,
  // One message for every cause: a difference between unknown, revoked and expired would be a key oracle.
  publicMessage: 'Authentication required. Please provide a valid API token',
  retryable: false,
} as const;

export const FORBIDDEN = { code: 'permission_denied', status: 403, retryable: false } as const;

export const UNAVAILABLE = { code: 'unavailable', status: 503, retryable: true } as const;
