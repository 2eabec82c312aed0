// From the uploads room's nouns to the contract's messages of objects and of how far an upload is.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CompleteUploadResponseSchema, GetUploadResponseSchema } from '../../gen/upload/v1/upload_pb.js';
import type { CompletedUpload, UploadStatus } from '../uploads/outcomes.ts';

export function completedUploadMessage({ objectKey, publicUrl, object }: CompletedUpload) {
  const { etag, versionId, sizeBytes, contentType, checksum } = object;
  return {
    fileKey: objectKey,
    publicUrl,
    etag,
    versionId,
    size: BigInt(sizeBytes),
    contentType,
    checksum,
  } satisfies MessageInitShape<typeof CompleteUploadResponseSchema>;
}

export function uploadStatusMessage(status: UploadStatus) {
  const { state, kind, objectKey, publicUrl, destination, object } = status;
  return {
    state,
    kind,
    fileKey: objectKey,
    publicUrl,
    destination,
    received: BigInt(status.receivedBytes),
    size: BigInt(status.sizeBytes),
    uploadExpiresAt: timestampFromMs(status.uploadExpiresAtMs),
    object: object && completedUploadMessage({ objectKey, publicUrl, object }),
  } satisfies MessageInitShape<typeof GetUploadResponseSchema>;
}
