// Every way an upload can fail that has come past the door.
import { FORBIDDEN, type ReasonSpec, UNAVAILABLE } from './reason-spec.ts';

export const UPLOAD_REASONS = {
  POLICY_REFUSED: {
    ...FORBIDDEN,
    publicMessage: 'The policy of the API key does not allow this upload',
    doc: "The upload breaks a rule of the key's policy. The message names the rule and its limit.",
  },
  CONTENT_REFUSED: {
    ...FORBIDDEN,
    publicMessage: 'This server does not take content that browsers execute',
    doc: 'The upload is of a kind that browsers execute, such as HTML or SVG, and the server takes none, or only as an attachment. The message says which and why.',
  },
  UPLOAD_TOKEN_SCOPE: {
    ...FORBIDDEN,
    publicMessage: 'An upload token cannot be used for this call',
    doc: 'An upload token was sent to a call that takes API keys only, or does not allow the action of the call.',
  },
  UPLOAD_TOKEN_SPENT: {
    ...FORBIDDEN,
    publicMessage: 'The files or bytes that the upload token allows are used up',
    doc: 'The upload token has planned as many files or bytes as it may.',
  },
  DESTINATION_CANNOT: {
    code: 'invalid_argument',
    status: 400,
    publicMessage: 'The destination cannot do what was asked for',
    retryable: false,
    doc: "The destination's provider does not support a wish of the request, such as tags on R2. `details` says which and why: nothing is dropped silently.",
  },
  OBJECT_FORBIDDEN: {
    ...FORBIDDEN,
    publicMessage: 'The object key is not within the prefix of the caller',
    doc: 'A download was asked for by an object key that does not begin with the prefix of the caller and of the policy of the key.',
  },
  UPLOAD_NOT_FOUND: {
    code: 'not_found',
    status: 404,
    publicMessage: 'There is no such upload',
    retryable: false,
    doc: "The upload id is none of the caller's owner, or S3 does not have the upload any more: it was aborted, or has expired there.",
  },
  UPLOAD_EXPIRED: {
    code: 'failed_precondition',
    status: 409,
    publicMessage: 'The upload id has expired. Create a new upload',
    retryable: false,
    doc: 'The life of the upload id (`PRESIGND_UPLOAD_TTL`) is over.',
  },
  UPLOAD_KIND: {
    code: 'failed_precondition',
    status: 409,
    publicMessage: 'Only a multipart upload has parts',
    retryable: false,
    doc: 'Parts were asked for of an upload that is a PUT or a form.',
  },
  UPLOAD_INCOMPLETE: {
    code: 'failed_precondition',
    status: 409,
    publicMessage: 'The upload is not complete: S3 does not have all of it',
    retryable: false,
    doc: 'There is no object yet, or parts of a multipart upload are missing. The message says which.',
  },
  UPLOAD_MISMATCH: {
    code: 'failed_precondition',
    status: 409,
    publicMessage: 'What S3 has is not what was declared',
    retryable: false,
    doc: 'Size, type or checksum of the object, or ETag, size or checksum of a part, differ from what was declared. `details` says which.',
  },
  UPLOAD_COMPLETED: {
    code: 'failed_precondition',
    status: 409,
    publicMessage: 'The upload is complete and cannot be aborted',
    retryable: false,
    doc: 'An upload was aborted whose object is there already.',
  },
  OBJECT_EXISTS: {
    code: 'already_exists',
    status: 409,
    publicMessage: 'There is an object with this key, which must not be overwritten',
    retryable: false,
    doc: 'An upload with `overwrite: never` was completed over an object that exists.',
  },
  UPLOAD_CONFLICT: {
    code: 'aborted',
    status: 409,
    publicMessage: 'The upload was created or completed by another call at the same moment. Please retry',
    retryable: true,
    doc: 'Two calls with one `Idempotency-Key`, or two completions, came at once. Nothing was lost.',
  },
  QUOTA_EXCEEDED: {
    code: 'resource_exhausted',
    status: 429,
    publicMessage: 'The byte quota of the API key is used up',
    retryable: true,
    doc: "The declared size exceeds what is left of the key's byte quota for the day or the month. `Retry-After` says when it begins anew.",
  },
  SIGNING_UNAVAILABLE: {
    ...UNAVAILABLE,
    publicMessage: 'Uploads cannot be signed right now. Please retry',
    doc: 'No usable S3 credentials could be obtained.',
  },
  STORAGE_UNAVAILABLE: {
    ...UNAVAILABLE,
    publicMessage: 'S3 cannot be reached right now. Please retry',
    doc: 'S3 did not answer in time, or with a 5xx. Calls that only sign do not need it.',
  },
  STORAGE_REFUSED: {
    code: 'internal',
    status: 500,
    publicMessage: 'S3 does not let this server do what the call needs',
    retryable: false,
    doc: "S3 refused a request of this server itself: the server's credentials lack a permission, or the destination is set up wrongly. The log has S3's code.",
  },
} as const satisfies Record<string, ReasonSpec>;
