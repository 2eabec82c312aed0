// Between the contract's messages of plans and the uploads room's nouns.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CreateUploadRequest, CreateUploadResponseSchema } from '../../gen/upload/v1/upload_pb.js';
import type { CreatedUpload, IssuedPlan } from '../uploads/outcomes.ts';
import type { PlanRequest } from '../uploads/plan.ts';
import { numberOf } from './message-values.ts';
import { issuedPartMessage } from './part-message.ts';
import { uploadOptionsOf } from './upload-options.ts';

type PlanMessage = NonNullable<MessageInitShape<typeof CreateUploadResponseSchema>['plan']>;

export function planRequestFrom(request: CreateUploadRequest): PlanRequest {
  const { filename, contentType, kind, destination, partChecksum, signParts } = request;
  return {
    filename,
    contentType,
    sizeBytes: numberOf(request.size),
    minSizeBytes: numberOf(request.minSize),
    maxSizeBytes: numberOf(request.maxSize),
    kind,
    destination,
    partSizeBytes: numberOf(request.partSize),
    partChecksum,
    signParts,
    options: uploadOptionsOf(request),
  };
}

export function createdUploadMessage(created: CreatedUpload) {
  const { uploadId, objectKey, publicUrl, destination, uploadExpiresAtMs, plan } = created;
  return {
    uploadId,
    kind: plan.kind,
    fileKey: objectKey,
    publicUrl,
    destination,
    uploadExpiresAt: timestampFromMs(uploadExpiresAtMs),
    plan: planMessage(plan),
  } satisfies MessageInitShape<typeof CreateUploadResponseSchema>;
}

function planMessage(plan: IssuedPlan): PlanMessage {
  switch (plan.kind) {
    case 'put': {
      const { url, method, headers, expiresAtMs } = plan;
      return { case: 'put', value: { url, method, headers, expiresAt: timestampFromMs(expiresAtMs) } };
    }
    case 'form': {
      const { url, fields, minSizeBytes, maxSizeBytes, contentTypePrefix = '', expiresAtMs } = plan;
      const [minSize, maxSize] = [BigInt(minSizeBytes), BigInt(maxSizeBytes)];
      const expiresAt = timestampFromMs(expiresAtMs);
      return { case: 'form', value: { url, fields, minSize, maxSize, contentTypePrefix, expiresAt } };
    }
    case 'multipart': {
      const { partSizeBytes, partCount, parts } = plan;
      const partSize = BigInt(partSizeBytes);
      return { case: 'multipart', value: { partSize, partCount, parts: parts.map(issuedPartMessage) } };
    }
  }
}
