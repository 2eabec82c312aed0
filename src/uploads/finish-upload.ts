// How uploads end: put together and looked at, aborted, or only asked about. S3 itself is asked each time, since nothing
// is kept here.
import { Fault, type FieldViolation } from '../fault/fault.ts';
import type { OpenUpload } from './open-upload.ts';
import type { ClaimedPart, CompletedUpload, PartsListing, UploadStatus } from './outcomes.ts';
import { missingParts, rangesText } from './parts.ts';
import type { StoredObject, StoredPart } from './ports.ts';
import type { TrackedMultipart, TrackedUpload } from './tracked-upload.ts';
import { mismatches } from './verify-object.ts';

/**
 * Puts the parts of a multipart upload together and compares the object with what was declared. Idempotent: who
 * completes again is answered the same. Rejects with a Fault UPLOAD_INCOMPLETE, UPLOAD_MISMATCH, OBJECT_EXISTS,
 * UPLOAD_CONFLICT, UPLOAD_NOT_FOUND for what was aborted, and what the storage rejects with.
 */
export async function completeUpload(
  upload: OpenUpload,
  claimed: readonly ClaimedPart[],
): Promise<CompletedUpload> {
  const { tracked, destination, timeLeft } = upload;
  const { objectKey, multipart } = tracked;
  const exists = multipart === undefined ? false : await putTogether(upload, multipart, claimed);
  const object = await destination.storage.headObject(objectKey, timeLeft);
  if (object === undefined) throw nothingThere(tracked);
  const fields = mismatches(tracked, object);
  if (exists && fields.length > 0) throw new Fault('OBJECT_EXISTS');
  if (fields.length > 0) throw new Fault('UPLOAD_MISMATCH', { fields });
  return { objectKey, publicUrl: destination.presigner.publicUrl(objectKey), object };
}

/** Ends a multipart upload. Idempotent. Rejects with a Fault UPLOAD_COMPLETED when the object is there already. */
export async function abortUpload(upload: OpenUpload): Promise<void> {
  const { tracked, destination, timeLeft } = upload;
  const { storage } = destination;
  const { objectKey, multipart } = tracked;
  if ((await storage.headObject(objectKey, timeLeft)) !== undefined) throw new Fault('UPLOAD_COMPLETED');
  if (multipart !== undefined) await storage.abortMultipartUpload(objectKey, multipart.s3UploadId, timeLeft);
}

/** How far the upload is, as S3 sees it now. */
export async function uploadStatus({ tracked, destination, timeLeft }: OpenUpload): Promise<UploadStatus> {
  const { storage, presigner } = destination;
  const { objectKey, multipart, kind } = tracked;
  const object = await storage.headObject(objectKey, timeLeft);
  const parts =
    object === undefined && multipart !== undefined
      ? await storage.listParts(objectKey, multipart.s3UploadId, timeLeft)
      : [];
  return {
    state: stateOf(tracked, object, parts),
    kind,
    objectKey,
    publicUrl: presigner.publicUrl(objectKey),
    destination: tracked.destination,
    receivedBytes: object?.sizeBytes ?? parts?.reduce((sum, part) => sum + part.sizeBytes, 0) ?? 0,
    sizeBytes: tracked.maxSizeBytes,
    uploadExpiresAtMs: tracked.expiresAtMs,
    object,
  };
}

/** Rejects with a Fault UPLOAD_KIND, or UPLOAD_NOT_FOUND when S3 does not have the upload any more. */
export async function listUploadParts({ tracked, destination, timeLeft }: OpenUpload): Promise<PartsListing> {
  const { objectKey, maxSizeBytes } = tracked;
  const multipart = multipartOf(tracked);
  const parts = await destination.storage.listParts(objectKey, multipart.s3UploadId, timeLeft);
  if (parts === undefined) throw gone();
  const layout = layoutOf(tracked, multipart);
  return { parts, missing: missingParts(parts, maxSizeBytes, layout), ...layout };
}

/** What makes the upload a multipart upload. Throws a Fault UPLOAD_KIND for any other. */
export function multipartOf({ multipart }: TrackedUpload): TrackedMultipart {
  if (multipart === undefined) throw new Fault('UPLOAD_KIND');
  return multipart;
}

export function layoutOf({ maxSizeBytes }: TrackedUpload, { partSizeBytes }: TrackedMultipart) {
  return { partSizeBytes, partCount: Math.ceil(maxSizeBytes / partSizeBytes) };
}

/** True where S3 has an object with the key already: whether it is this upload's is for the comparison to say. */
async function putTogether(
  { tracked, destination: { storage }, timeLeft }: OpenUpload,
  multipart: TrackedMultipart,
  claimed: readonly ClaimedPart[],
): Promise<boolean> {
  const { objectKey, oneShot, maxSizeBytes } = tracked;
  const { s3UploadId, checksum } = multipart;
  const stored = await storage.listParts(objectKey, s3UploadId, timeLeft);
  // Completed before, or aborted: the object tells which.
  if (stored === undefined) return false;
  const wrong = claimViolations(claimed, stored);
  if (wrong.length > 0) throw new Fault('UPLOAD_MISMATCH', { fields: wrong });
  const layout = layoutOf(tracked, multipart);
  const missing = missingParts(stored, maxSizeBytes, layout);
  if (missing.length > 0) {
    const publicMessage = `S3 lacks the parts ${rangesText(missing)} of ${layout.partCount}, or has them in another size`;
    throw new Fault('UPLOAD_INCOMPLETE', { publicMessage });
  }
  const parts = stored.filter(({ partNumber }) => partNumber <= layout.partCount);
  const expectedChecksum = checksum?.type === 'full_object' ? tracked.checksum?.value : undefined;
  const completion = { objectKey, s3UploadId, parts, checksum, expectedChecksum, oneShot };
  const result = await storage.completeMultipartUpload(completion, timeLeft);
  if (result.outcome === 'conflict') throw new Fault('UPLOAD_CONFLICT', { retryAfterMs: 1_000 });
  if (result.outcome === 'refused') {
    throw new Fault('UPLOAD_MISMATCH', {
      publicMessage: `S3 does not take the parts as they are: ${result.why}`,
    });
  }
  return result.outcome === 'exists';
}

/** What the client says of parts that S3 knows otherwise. S3 knows best, and a client that differs sent something else. */
function claimViolations(claimed: readonly ClaimedPart[], stored: readonly StoredPart[]): FieldViolation[] {
  const etags = new Map(stored.map(({ partNumber, etag }) => [partNumber, etag]));
  return claimed.flatMap(({ partNumber, etag }, index) => {
    const known = etags.get(partNumber);
    if (known === undefined)
      return [{ field: `parts[${index}].partNumber`, message: `S3 has no part ${partNumber}` }];
    if (etag === '' || etag.replace(/^"|"$/g, '') === known) return [];
    return [{ field: `parts[${index}].etag`, message: `S3 has another ETag for part ${partNumber}` }];
  });
}

function stateOf(
  tracked: TrackedUpload,
  object: StoredObject | undefined,
  parts: readonly StoredPart[] | undefined,
): UploadStatus['state'] {
  if (object !== undefined) return mismatches(tracked, object).length === 0 ? 'complete' : 'mismatched';
  if (tracked.multipart === undefined) return 'pending';
  return parts === undefined ? 'gone' : 'uploading';
}

function nothingThere({ multipart }: TrackedUpload): Fault {
  if (multipart !== undefined) return gone();
  return new Fault('UPLOAD_INCOMPLETE', { publicMessage: 'S3 has no object yet: send the file first' });
}

function gone(): Fault {
  return new Fault('UPLOAD_NOT_FOUND', {
    publicMessage: 'S3 does not have the upload any more: it was completed or aborted, or has expired there',
  });
}
