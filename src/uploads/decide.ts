// Decides what may be uploaded. Pure: everything that changes comes in as an argument.
import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { KeyPolicy, Principal } from '../keys/api-key.ts';
import { withoutActiveContent } from './active-headers.ts';
import type { UploadDestination } from './destination.ts';
import { isHeaderValue } from './header-value.ts';
import { type DeclaredFile, policyRefusal } from './key-policy.ts';
import type { MediaFamily } from './media-family.ts';
import { objectKeyFrom } from './object-key.ts';
import { isOneShot } from './one-shot.ts';
import { draftOptions } from './option-headers.ts';
import { policiesOf } from './policies.ts';
import { effectivePrefix } from './prefix.ts';
import { refusedWishes } from './provider-wishes.ts';
import { type ObjectKey, type PutPlan, SINGLE_PUT_MAX_BYTES, type UploadRequest } from './upload.ts';
import type { UploadPolicy } from './upload-policy.ts';

/** The moment and the identity of one decision. */
export interface DecisionContext {
  /** Wall-clock milliseconds. */
  readonly nowMs: number;
  readonly uuid: string;
}

/** What a decision needs to know of a destination. */
export type DecisionPlace = Pick<UploadDestination, 'name' | 'policy' | 'provider'>;

/** A file that may be uploaded, whatever the kind of upload. */
export interface DecidedObject {
  readonly objectKey: ObjectKey;
  readonly ttlSeconds: number;
  /** What is kept with the object or proves its bytes, by lower-case header name: all but type, length and condition. */
  readonly headers: Readonly<Record<string, string>>;
  /** S3 must not overwrite an object. */
  readonly oneShot: boolean;
}

/** A request as every kind of upload is judged. */
export interface ObjectRequest extends Omit<UploadRequest, 'sizeBytes' | 'destination'> {
  /** The most that the upload can have. */
  readonly sizeBytes: number;
  /** The most that this kind of upload can have, and what to call that. */
  readonly sizeMaxBytes: number;
  readonly sizeField: 'size' | 'maxSize';
  /** In place of the type, where the client chooses it. */
  readonly family?: MediaFamily | undefined;
}

/**
 * What will be signed for the request, or why nothing will: an INVALID_REQUEST, the POLICY_REFUSED of the key's own
 * policy or of its token's, a DESTINATION_CANNOT or a CONTENT_REFUSED. The contract's rules have run before; the checks
 * here are what they cannot know, and the ones that a signature must never be made without.
 */
export function decidePut(
  request: UploadRequest,
  place: DecisionPlace,
  principal: Principal,
  context: DecisionContext,
): PutPlan | Fault {
  const { contentType, sizeBytes } = request;
  const sizeMaxBytes = Math.min(place.provider.singlePutMaxBytes, SINGLE_PUT_MAX_BYTES);
  const decided = decideObject({ ...request, sizeMaxBytes, sizeField: 'size' }, place, principal, context);
  if (decided instanceof Fault) return decided;
  const { objectKey, ttlSeconds, headers, oneShot } = decided;
  const declared = { 'content-length': `${sizeBytes}`, 'content-type': contentType, ...headers };
  if (!oneShot) return { objectKey, sizeBytes, ttlSeconds, headers: declared };
  const condition = place.provider.oneShotPut;
  // The provider's lack was a refusal before: nothing that may not overwrite is signed without its condition.
  if (condition === null) return new Fault('DESTINATION_CANNOT');
  const conditional = { ...declared, [condition.header]: condition.value };
  return { objectKey, sizeBytes, ttlSeconds, headers: conditional };
}

/** What every kind of upload has in common: see `decidePut` for the faults. */
export function decideObject(
  request: ObjectRequest,
  place: DecisionPlace,
  principal: Principal,
  { nowMs, uuid }: DecisionContext,
): DecidedObject | Fault {
  const { options, filename } = request;
  const { policy, provider } = place;
  const fields = violations(request);
  const draft = options === undefined ? undefined : draftOptions(options, filename, policy);
  if (draft !== undefined) fields.push(...draft.fields);
  if (fields.length > 0) return new Fault('INVALID_REQUEST', { fields });
  const policies = policiesOf(principal);
  const refusal = refusedByPolicy(request, place, policies);
  if (refusal !== undefined) return refusal;
  const oneShot = isOneShot(options, policies);
  const wishes = refusedWishes(oneShot ? { ...options, overwrite: 'never' } : options, provider);
  if (wishes.length > 0) return cannot(wishes);
  const headers = withoutActiveContent(request, draft?.headers ?? {}, policy.activeContent);
  if (headers instanceof Fault) return headers;
  const prefix = effectivePrefix(principal);
  if (prefix instanceof Fault) return prefix;
  const objectKey = objectKeyFrom(policy.template, { prefix, owner: principal.owner, uuid, nowMs, filename });
  return { objectKey, ttlSeconds: ttlFor(options?.expiresInSeconds, policy, policies), headers, oneShot };
}

/** The DESTINATION_CANNOT that names what the provider of the destination cannot keep, and why. */
export function cannot(fields: readonly FieldViolation[]): Fault {
  return new Fault('DESTINATION_CANNOT', { fields });
}

/** The life of a URL: what was asked for, or the usual one, shortened to what every policy allows. */
export function ttlFor(
  askedSeconds: number | undefined,
  policy: UploadPolicy,
  policies: readonly (KeyPolicy | null)[],
): number {
  const asked = Math.min(askedSeconds ?? policy.ttlSeconds, policy.maxTtlSeconds);
  return policies.reduce((least, limit) => Math.min(least, limit?.maxTtlSeconds ?? least), asked);
}

function refusedByPolicy(
  { filename, contentType, family, sizeBytes, options }: ObjectRequest,
  { name: destination }: DecisionPlace,
  policies: readonly (KeyPolicy | null)[],
): Fault | undefined {
  const overwrite = options?.overwrite;
  const file: DeclaredFile = { filename, contentType, family, sizeBytes, overwrite, destination };
  for (const policy of policies) {
    const refusal = policy === null ? undefined : policyRefusal(file, policy);
    if (refusal !== undefined) return refusal;
  }
  return undefined;
}

function violations({
  filename,
  contentType,
  family,
  sizeBytes,
  sizeMaxBytes,
  sizeField,
}: ObjectRequest): FieldViolation[] {
  const fields: FieldViolation[] = [];
  if (filename === '' || !filename.isWellFormed()) {
    fields.push({ field: 'filename', message: 'must be valid Unicode of at least one character' });
  }
  if (family === undefined && !isHeaderValue(contentType)) {
    fields.push({
      field: 'contentType',
      message: 'must be legal as an HTTP header value: visible ASCII and inner spaces',
    });
  }
  if (!Number.isSafeInteger(sizeBytes) || sizeBytes < 0 || sizeBytes > sizeMaxBytes) {
    fields.push({
      field: sizeField,
      message: `must be an integer from 0 to ${sizeMaxBytes}, the most bytes that S3 takes in such an upload`,
    });
  }
  return fields;
}
