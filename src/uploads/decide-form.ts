// Decides what a browser form may upload. Pure.
import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { cannot, type DecisionContext, type DecisionPlace, decideObject } from './decide.ts';
import { formFieldsFrom } from './form-fields.ts';
import { mediaFamilyOf } from './media-family.ts';
import type { FormPlan, PlanRequest } from './plan.ts';
import { SINGLE_PUT_MAX_BYTES } from './upload.ts';

/** AWS "POST Object": 201 has the key and the ETag in its body, where CORS hides the header. */
const SUCCESS_STATUS = { success_action_status: '201' } as const;

/** What will be signed as a POST policy, or why nothing will: the faults are those of `decidePut`. */
export function decideForm(
  request: PlanRequest,
  place: DecisionPlace,
  principal: Principal,
  context: DecisionContext,
): FormPlan | Fault {
  const { sizeBytes, contentType } = request;
  const { forms, singlePutMaxBytes, provider } = place.provider;
  if (!forms)
    return cannot([{ field: 'kind', message: `must not be form: ${provider} takes no browser forms` }]);
  const maxSizeBytes = sizeBytes ?? request.maxSizeBytes ?? Number.NaN;
  const minSizeBytes = sizeBytes ?? request.minSizeBytes ?? 0;
  if (minSizeBytes > maxSizeBytes) {
    return new Fault('INVALID_REQUEST', {
      fields: [{ field: 'minSize', message: 'must not be above maxSize' }],
    });
  }
  const family = mediaFamilyOf(contentType);
  const decided = decideObject(
    {
      ...request,
      family,
      sizeBytes: maxSizeBytes,
      sizeMaxBytes: Math.min(singlePutMaxBytes, SINGLE_PUT_MAX_BYTES),
      sizeField: sizeBytes === undefined ? 'maxSize' : 'size',
    },
    place,
    principal,
    context,
  );
  if (decided instanceof Fault) return decided;
  if (decided.oneShot) {
    const message = 'must not be never for a form: S3 takes no If-None-Match there. Ask for another kind';
    return cannot([{ field: 'overwrite', message }]);
  }
  const { fields, refused } = formFieldsFrom(decided.headers);
  if (refused.length > 0) return cannot(refused);
  return {
    objectKey: decided.objectKey,
    ttlSeconds: decided.ttlSeconds,
    fields: { ...SUCCESS_STATUS, ...(family === undefined && { 'Content-Type': contentType }), ...fields },
    contentTypePrefix: family?.prefix,
    minSizeBytes,
    maxSizeBytes,
  };
}
