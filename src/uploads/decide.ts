// Decides what may be uploaded. Pure: everything that changes comes in as an argument.

import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { KeyPolicy, Principal } from '../keys/api-key.ts';
import { activeContentOf } from './active-content.ts';
import { contentDisposition } from './content-disposition.ts';
import { isHeaderValue } from './header-value.ts';
import { policyRefusal } from './key-policy.ts';
import { objectKeyFrom } from './object-key.ts';
import { draftOptions, IF_NONE_MATCH } from './option-headers.ts';
import { type PutHeaders, type PutPlan, SINGLE_PUT_MAX_BYTES, type UploadRequest } from './upload.ts';
import type { UploadPolicy } from './upload-policy.ts';

/** The moment and the identity of one decision. */
export interface DecisionContext {
  /** Wall-clock milliseconds. */
  readonly nowMs: number;
  readonly uuid: string;
}

/**
 * What will be signed for the request, or why nothing will: an INVALID_REQUEST, the POLICY_REFUSED of the key's own
 * policy, or a CONTENT_REFUSED. The contract's rules have run before; the checks here are what they cannot know, and
 * the ones that a signature must never be made without.
 */
export function decidePut(
  request: UploadRequest,
  policy: UploadPolicy,
  principal: Principal,
  { nowMs, uuid }: DecisionContext,
): PutPlan | Fault {
  const { filename, contentType, sizeBytes, options } = request;
  const { owner, policy: keyPolicy } = principal;
  const fields = violations(request);
  const draft = options === undefined ? undefined : draftOptions(options, filename, policy);
  if (draft !== undefined) fields.push(...draft.fields);
  if (fields.length > 0) return new Fault('INVALID_REQUEST', { fields });
  if (keyPolicy !== null) {
    const refusal = policyRefusal(request, keyPolicy);
    if (refusal !== undefined) return refusal;
  }
  const declared: PutHeaders = { 'content-length': `${sizeBytes}`, 'content-type': contentType };
  const asked = draft === undefined ? declared : { ...declared, ...draft.headers };
  const headers = withoutActiveContent(request, withPolicyOf(keyPolicy, asked), policy);
  if (headers instanceof Fault) return headers;
  const prefix = keyPolicy?.objectKeyPrefix ?? '';
  const ttlSeconds = options?.expiresInSeconds ?? policy.ttlSeconds;
  return {
    objectKey: objectKeyFrom(policy.template, { prefix, owner, uuid, nowMs, filename }),
    sizeBytes,
    ttlSeconds: Math.min(ttlSeconds, keyPolicy?.maxTtlSeconds ?? ttlSeconds),
    headers,
  };
}

function violations({ filename, contentType, sizeBytes }: UploadRequest): FieldViolation[] {
  const fields: FieldViolation[] = [];
  if (filename === '' || !filename.isWellFormed()) {
    fields.push({ field: 'filename', message: 'must be valid Unicode of at least one character' });
  }
  if (!isHeaderValue(contentType)) {
    fields.push({
      field: 'contentType',
      message: 'must be legal as an HTTP header value: visible ASCII and inner spaces',
    });
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > SINGLE_PUT_MAX_BYTES) {
    fields.push({
      field: 'size',
      message: `must be an integer from 0 to ${SINGLE_PUT_MAX_BYTES}, the most bytes that S3 takes in a single PUT`,
    });
  }
  return fields;
}

function withPolicyOf(keyPolicy: KeyPolicy | null, headers: PutHeaders): PutHeaders {
  return keyPolicy?.allowOverwrite === false ? { ...headers, [IF_NONE_MATCH]: '*' } : headers;
}

/** The headers that keep browsers from executing the upload, or the refusal where they are to take none of its kind. */
function withoutActiveContent(
  { filename, contentType, options }: UploadRequest,
  headers: PutHeaders,
  { activeContent: policy }: UploadPolicy,
): PutHeaders | Fault {
  if (policy === 'allow') return headers;
  const active = activeContentOf(contentType, filename);
  if (active === undefined) return headers;
  const { name, because, field } = active;
  if (policy === 'deny') return contentRefused(field, `This server takes no ${name}: ${because}`);
  if (options?.contentDisposition === 'inline') {
    return contentRefused(
      'contentDisposition',
      `This server takes ${name} only as an attachment: ${because}`,
    );
  }
  return { ...headers, 'content-disposition': contentDisposition('attachment', filename) };
}

function contentRefused(field: string, message: string): Fault {
  return new Fault('CONTENT_REFUSED', { publicMessage: message, fields: [{ field, message }] });
}
