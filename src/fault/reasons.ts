// Every way a call can fail, in one table: the wire code, the HTTP status, what the caller is told and what
// the operator should know. REST envelopes, RPC errors and docs/errors.md derive from it.
import { FORBIDDEN, type ReasonSpec, UNAUTHENTICATED, UNAVAILABLE } from './reason-spec.ts';
import { UPLOAD_REASONS } from './upload-reasons.ts';

export const REASONS = {
  INVALID_REQUEST: {
    code: 'invalid_argument',
    status: 400,
    publicMessage: 'The request contains invalid parameters or malformed data',
    retryable: false,
    doc: 'A field breaks its rule, or the body cannot be decoded. `details` names each field and its rule.',
  },
  INVALID_HOST: {
    code: 'invalid_argument',
    status: 400,
    publicMessage: 'The Host header is missing or malformed',
    retryable: false,
    doc: 'The `Host` header (`:authority` on HTTP/2) is missing or not a legal host.',
  },
  KEY_MISSING: { ...UNAUTHENTICATED, doc: 'No `Authorization` header was sent.' },
  KEY_MALFORMED: {
    ...UNAUTHENTICATED,
    doc: 'The `Authorization` header is not `Bearer <API key>`, or the key is mistyped or forged.',
  },
  KEY_UNKNOWN: { ...UNAUTHENTICATED, doc: 'The key is well formed, but no such key exists.' },
  KEY_REVOKED: { ...UNAUTHENTICATED, doc: 'The key has been revoked.' },
  KEY_EXPIRED: { ...UNAUTHENTICATED, doc: 'The key has expired.' },
  KEY_DISABLED: { ...UNAUTHENTICATED, doc: 'The key is disabled for now.' },
  UPLOAD_TOKEN_MALFORMED: { ...UNAUTHENTICATED, doc: 'The upload token is mistyped or forged.' },
  UPLOAD_TOKEN_EXPIRED: { ...UNAUTHENTICATED, doc: 'The upload token has expired.' },
  UPLOAD_TOKEN_ORIGIN: {
    ...UNAUTHENTICATED,
    doc: 'The upload token is bound to an origin, and the request came from another one or from none.',
  },
  CERTIFICATE_UNKNOWN: {
    ...UNAUTHENTICATED,
    doc: 'The call has a client certificate in place of an API key, and `PRESIGND_TLS_CLIENT_OWNERS` has none of its names.',
  },
  CERTIFICATE_AMBIGUOUS: {
    ...UNAUTHENTICATED,
    doc: 'Several names of the client certificate have entries, or it has several SPIFFE IDs. The log names them.',
  },
  CERTIFICATE_EXPIRED: {
    ...UNAUTHENTICATED,
    doc: 'The client certificate has expired since its connection was opened.',
  },
  CERTIFICATE_ORIGIN: {
    ...UNAUTHENTICATED,
    doc: 'The call has an `Origin` and only a client certificate: browsers send theirs for any page that asks.',
  },
  API_KEY_NEEDED: {
    ...FORBIDDEN,
    publicMessage: 'This call needs an API key: a client certificate is not enough',
    doc: 'Upload tokens belong to an API key and end with it, and a client certificate has none.',
  },
  TLS_REQUIRED: {
    ...FORBIDDEN,
    publicMessage: 'This service takes calls over TLS only: use https',
    doc: 'The call came without TLS, and `PRESIGND_TLS_PLAINTEXT` allows health probes only. Whatever key it sent has crossed the network readable: rotate it.',
  },
  SCOPE_MISSING: {
    ...FORBIDDEN,
    publicMessage: 'The API key does not have the scope that this call needs',
    doc: 'The key is valid but lacks the scope of the method. The answer names the scope.',
  },
  BEYOND_CALLER: {
    ...FORBIDDEN,
    publicMessage: 'An API key cannot be given more than the calling key may do',
    doc: "A key was to get scopes, a policy or limits that are wider than those of the caller's own key. `details` names each.",
  },
  ...UPLOAD_REASONS,
  API_KEY_NOT_FOUND: {
    code: 'not_found',
    status: 404,
    publicMessage: 'There is no such API key',
    retryable: false,
    doc: "No key of the caller's owner has this id. A key of somebody else is answered the same way.",
  },
  API_KEY_NOT_ACTIVE: {
    code: 'failed_precondition',
    status: 409,
    publicMessage: 'The API key is revoked or expired and cannot be changed',
    retryable: false,
    doc: 'A revoked key cannot be changed, and only an active one can be rotated. The message says what stands in the way.',
  },
  IDEMPOTENCY_REPEATED: {
    code: 'already_exists',
    status: 409,
    publicMessage: 'This Idempotency-Key has made an API key already',
    retryable: false,
    doc: 'The same creation was sent before. The message names the key that it made, whose secret cannot be had again.',
  },
  IDEMPOTENCY_MISMATCH: {
    code: 'failed_precondition',
    status: 409,
    publicMessage: 'This Idempotency-Key was used for another request',
    retryable: false,
    doc: 'The `Idempotency-Key` header was sent before with a different request. Use a new one for each request.',
  },
  CHANGE_CONFLICT: {
    code: 'aborted',
    status: 409,
    publicMessage: 'The API key was changed by others at the same moment. Please retry',
    retryable: true,
    doc: 'Several changes of one key came at once, and this one lost every time. Nothing was changed.',
  },
  ROUTE_NOT_FOUND: {
    code: 'not_found',
    status: 404,
    publicMessage: 'There is nothing at this path',
    retryable: false,
    doc: 'No REST route and no RPC has this path.',
  },
  METHOD_NOT_ALLOWED: {
    code: 'unimplemented',
    status: 405,
    publicMessage: 'This path does not support the request method',
    retryable: false,
    doc: 'The path exists, but not with this HTTP method. `Allow` lists the methods it takes.',
  },
  BODY_TOO_LARGE: {
    code: 'resource_exhausted',
    status: 413,
    publicMessage: 'The request body is too large',
    retryable: false,
    doc: 'The body is larger than the limit that the message names.',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    code: 'invalid_argument',
    status: 415,
    publicMessage: 'The request body must be uncompressed application/json in UTF-8',
    retryable: false,
    doc: 'The `Content-Type` is not JSON in UTF-8, or the body has a `Content-Encoding`.',
  },
  RATE_LIMITED: {
    code: 'resource_exhausted',
    status: 429,
    publicMessage: 'Too many requests. Please retry later',
    retryable: true,
    doc: "The key's rate limit is used up, or too many authentications failed from this address. `Retry-After` says when to come back.",
  },
  INTERNAL: {
    code: 'internal',
    status: 500,
    publicMessage: 'An unexpected error occurred on the server',
    retryable: false,
    doc: 'A fault of the server. The `requestId` finds its cause in the log.',
  },
  DEADLINE_EXCEEDED: {
    code: 'deadline_exceeded',
    status: 504,
    publicMessage: 'The call did not finish within its deadline',
    retryable: true,
    doc: 'The deadline that the caller sent ran out before the answer was ready.',
  },
  STORE_UNAVAILABLE: {
    ...UNAVAILABLE,
    publicMessage: 'The store of API keys cannot be reached right now. Please retry',
    doc: 'The key store cannot be reached: an unknown key cannot be checked, or keys cannot be listed or changed. Never shown as 401: the key may be good.',
  },
  SHUTTING_DOWN: {
    ...UNAVAILABLE,
    publicMessage: 'The server is shutting down. Please retry',
    doc: 'The instance is draining; another one takes over.',
  },
} as const satisfies Record<string, ReasonSpec>;

export type Reason = keyof typeof REASONS;
