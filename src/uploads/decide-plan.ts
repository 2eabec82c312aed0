// Decides of which kind an upload is, and what will be signed for it. Pure.
import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { type DecisionContext, type DecisionPlace, decidePut } from './decide.ts';
import { decideForm } from './decide-form.ts';
import { type DecidedMultipart, decideMultipart } from './decide-multipart.ts';
import { mediaFamilyOf } from './media-family.ts';
import { isViolation, multipartChecksumOf } from './multipart-checksum.ts';
import { isOneShot } from './one-shot.ts';
import { type FormPlan, PLAN_KINDS, type PlanKind, type PlanRequest } from './plan.ts';
import { policiesOf } from './policies.ts';
import { refusedMultipartChecksum } from './provider-wishes.ts';
import type { TrackedUpload } from './tracked-upload.ts';
import { type PutPlan, SINGLE_PUT_MAX_BYTES } from './upload.ts';

/** From this size on a file is sent in parts unless the caller wishes otherwise: a cut then costs one part. */
const MULTIPART_FROM_BYTES = 100 * 1_048_576;

/** An upload that may be, and what its id will say of it. */
export type DecidedPlan = (
  | { readonly kind: 'put'; readonly plan: PutPlan }
  | { readonly kind: 'form'; readonly plan: FormPlan }
  | { readonly kind: 'multipart'; readonly plan: DecidedMultipart }
) & { readonly tracked: Omit<TrackedUpload, 'expiresAtMs' | 'multipart'> };

/** The plan of the kind that was wished for or else fits best, or why there is none: the faults are those of `decidePut`. */
export function decidePlan(
  request: PlanRequest,
  place: DecisionPlace,
  principal: Principal,
  context: DecisionContext,
): DecidedPlan | Fault {
  const fields = shapeViolations(request);
  if (fields.length > 0) return new Fault('INVALID_REQUEST', { fields });
  const { sizeBytes } = request;
  const oneShot = isOneShot(request.options, policiesOf(principal));
  const kind = kindFor(request, place, oneShot);
  if (sizeBytes === undefined || kind === 'form') {
    const plan = decideForm(request, place, principal, context);
    return plan instanceof Fault ? plan : { kind: 'form', plan, tracked: trackedForm(request, place, plan) };
  }
  const sized = { ...request, sizeBytes };
  if (kind === 'multipart') {
    const plan = decideMultipart(sized, place, principal, context);
    if (plan instanceof Fault) return plan;
    return { kind: 'multipart', plan, tracked: trackedFile('multipart', sized, place, plan) };
  }
  const plan = decidePut(sized, place, principal, context);
  if (plan instanceof Fault) return plan;
  return { kind: 'put', plan, tracked: trackedFile('put', sized, place, { ...plan, oneShot }) };
}

function kindFor(request: PlanRequest, place: DecisionPlace, oneShot: boolean): PlanKind {
  const { kind, sizeBytes = 0, partChecksum, partSizeBytes } = request;
  const wished = PLAN_KINDS.find((known) => known === kind);
  if (wished !== undefined) return wished;
  if (sizeBytes === 0) return 'put';
  if (partChecksum !== undefined || partSizeBytes !== undefined) return 'multipart';
  const { singlePutMaxBytes, oneShotMultipart } = place.provider;
  if (sizeBytes > Math.min(singlePutMaxBytes, SINGLE_PUT_MAX_BYTES)) return 'multipart';
  // What only a single PUT can keep is kept, as long as the file fits into one.
  const needsPut = (oneShot && !oneShotMultipart) || !keepsChecksumInParts(request, place);
  return sizeBytes >= MULTIPART_FROM_BYTES && !needsPut ? 'multipart' : 'put';
}

function keepsChecksumInParts(request: PlanRequest, { provider }: DecisionPlace): boolean {
  const checksum = multipartChecksumOf(request);
  if (checksum === undefined) return true;
  return !isViolation(checksum) && refusedMultipartChecksum(checksum, provider) === undefined;
}

/** Fields that do not go together. */
function shapeViolations(request: PlanRequest): FieldViolation[] {
  const { contentType, sizeBytes, minSizeBytes, maxSizeBytes, kind } = request;
  const mayBeForm = kind === undefined ? sizeBytes === undefined : kind === 'form';
  const fields: FieldViolation[] = [];
  const refuse = (field: string, message: string) => void fields.push({ field, message });
  if (mediaFamilyOf(contentType) !== undefined && !mayBeForm)
    refuse('contentType', 'must be one media type: only a form takes a family such as image/*');
  if (sizeBytes === undefined && !mayBeForm) refuse('size', 'value is required: only a form can do without');
  if (sizeBytes === undefined && mayBeForm && maxSizeBytes === undefined)
    refuse('size', 'value is required, or for a form a maxSize in its place');
  if (kind !== undefined && !PLAN_KINDS.some((known) => known === kind))
    refuse('kind', `must be ${PLAN_KINDS.join(', ')}`);
  if (sizeBytes !== undefined && maxSizeBytes !== undefined)
    refuse('maxSize', 'must be left out beside size');
  if (minSizeBytes !== undefined && maxSizeBytes === undefined) refuse('minSize', 'goes only with maxSize');
  const ofParts = kind === undefined ? sizeBytes !== undefined : kind === 'multipart';
  if (!ofParts) {
    for (const [field, value] of Object.entries(partFields(request)))
      if (value !== undefined) refuse(field, 'goes only with a multipart upload');
  }
  return fields;
}

function partFields({ partSizeBytes, partChecksum, signParts }: PlanRequest) {
  return { partSize: partSizeBytes, partChecksum, signParts };
}

function trackedFile(
  kind: 'put' | 'multipart',
  { contentType, sizeBytes, options }: PlanRequest & { readonly sizeBytes: number },
  { name: destination }: DecisionPlace,
  { objectKey, oneShot }: Pick<DecidedMultipart, 'objectKey' | 'oneShot'>,
): DecidedPlan['tracked'] {
  return {
    kind,
    destination,
    objectKey,
    contentType,
    contentTypeIsPrefix: false,
    minSizeBytes: sizeBytes,
    maxSizeBytes: sizeBytes,
    checksum: options?.checksum?.kept,
    oneShot,
  };
}

function trackedForm(
  { contentType, options }: PlanRequest,
  { name: destination }: DecisionPlace,
  { objectKey, contentTypePrefix, minSizeBytes, maxSizeBytes }: FormPlan,
): DecidedPlan['tracked'] {
  return {
    kind: 'form',
    destination,
    objectKey,
    contentType: contentTypePrefix ?? contentType,
    contentTypeIsPrefix: contentTypePrefix !== undefined,
    minSizeBytes,
    maxSizeBytes,
    checksum: options?.checksum?.kept,
    oneShot: false,
  };
}
