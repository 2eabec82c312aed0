// Decides what may be uploaded. Pure: everything that changes comes in as an argument.

import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { policyRefusal } from './key-policy.ts';
import { objectKeyFrom } from './object-key.ts';
import type { ObjectKeyTemplate } from './object-key-template.ts';
import { type PutPlan, SINGLE_PUT_MAX_BYTES, type UploadRequest } from './upload.ts';

/** What the operator allows. The policy of an API key can only narrow it. */
export interface UploadPolicy {
  /** How long an upload URL is accepted: 1 to 604800 seconds. */
  readonly ttlSeconds: number;
  readonly template: ObjectKeyTemplate;
}

/** The moment and the identity of one decision. */
export interface DecisionContext {
  /** Wall-clock milliseconds. */
  readonly nowMs: number;
  readonly uuid: string;
}

/** Visible ASCII with inner spaces (RFC 9110 §5.5 without obs-text): nothing that could split or fold a header. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/**
 * What will be signed for the request, or why nothing will: an INVALID_REQUEST, or the POLICY_REFUSED of the key's own
 * policy. The contract's rules have run before; the checks here are the ones that a signature must never be made
 * without.
 */
export function decidePut(
  request: UploadRequest,
  policy: UploadPolicy,
  principal: Principal,
  { nowMs, uuid }: DecisionContext,
): PutPlan | Fault {
  const fields = violations(request);
  if (fields.length > 0) return new Fault('INVALID_REQUEST', { fields });
  const { owner, policy: keyPolicy } = principal;
  if (keyPolicy !== null) {
    const refusal = policyRefusal(request, keyPolicy);
    if (refusal !== undefined) return refusal;
  }
  const { filename, contentType, sizeBytes } = request;
  const prefix = keyPolicy?.objectKeyPrefix ?? '';
  return {
    objectKey: objectKeyFrom(policy.template, { prefix, owner, uuid, nowMs, filename }),
    contentType,
    sizeBytes,
    ttlSeconds: Math.min(policy.ttlSeconds, keyPolicy?.maxTtlSeconds ?? policy.ttlSeconds),
    mayOverwrite: keyPolicy?.allowOverwrite !== false,
  };
}

function violations({ filename, contentType, sizeBytes }: UploadRequest): FieldViolation[] {
  const fields: FieldViolation[] = [];
  if (filename === '' || !filename.isWellFormed()) {
    fields.push({ field: 'filename', message: 'must be valid Unicode of at least one character' });
  }
  if (!HEADER_VALUE.test(contentType)) {
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
