// Decides what may be uploaded in parts. Pure.
import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { CHECKSUMS } from './checksum-headers.ts';
import {
  cannot,
  type DecidedObject,
  type DecisionContext,
  type DecisionPlace,
  decideObject,
} from './decide.ts';
import { isViolation, multipartChecksumOf } from './multipart-checksum.ts';
import { layOutParts } from './parts.ts';
import type { MultipartPlan, PlanRequest } from './plan.ts';
import { refusedMultipartChecksum } from './provider-wishes.ts';

/** A multipart upload that may be begun. */
export interface DecidedMultipart extends MultipartPlan {
  readonly oneShot: boolean;
}

/** Headers of a PUT that prove its bytes: in a multipart upload they belong to parts, or to its completion. */
const OF_BYTES: ReadonlySet<string> = new Set(Object.values(CHECKSUMS).map(({ header }) => header));

/** What CreateMultipartUpload will be called with, or why it will not: the faults are those of `decidePut`. */
export function decideMultipart(
  request: PlanRequest & { readonly sizeBytes: number },
  place: DecisionPlace,
  principal: Principal,
  context: DecisionContext,
): DecidedMultipart | Fault {
  const { provider } = place;
  const { sizeBytes, contentType, partSizeBytes: wished } = request;
  const decided = decideObject(
    { ...request, sizeMaxBytes: provider.objectMaxBytes, sizeField: 'size' },
    place,
    principal,
    context,
  );
  if (decided instanceof Fault) return decided;
  const checksum = multipartChecksumOf(request);
  const fields: FieldViolation[] = [];
  if (isViolation(checksum)) fields.push(checksum);
  if (sizeBytes === 0) fields.push({ field: 'size', message: 'must be at least 1 for a multipart upload' });
  const layout = layOutParts(sizeBytes, wished, provider);
  if (layout === undefined)
    fields.push({ field: 'size', message: 'is more than the provider takes in parts' });
  if (fields.length > 0 || isViolation(checksum) || layout === undefined)
    return new Fault('INVALID_REQUEST', { fields });
  if (decided.oneShot && !provider.oneShotMultipart) {
    const message = `must not be never for a multipart upload: ${provider.provider} completes without If-None-Match`;
    return cannot([{ field: 'overwrite', message }]);
  }
  const refused = checksum && refusedMultipartChecksum(checksum, provider);
  if (refused !== undefined) return cannot([refused]);
  const { objectKey, ttlSeconds, oneShot } = decided;
  return {
    objectKey,
    sizeBytes,
    ttlSeconds,
    headers: { 'content-type': contentType, ...keptHeaders(decided) },
    ...layout,
    checksum,
    oneShot,
  };
}

function keptHeaders({ headers }: DecidedObject): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).filter(([name]) => !OF_BYTES.has(name)));
}
