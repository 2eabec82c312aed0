import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { UploadTokens } from '../keys/upload-tokens.ts';
import type { Uploads } from '../uploads/uploads.ts';
import type { BatchDeps } from './batch.ts';
import { callerOf, callOf } from './call.ts';
import { timeLeftOf } from './deadline.ts';
import { downloadRequestFrom, issuedDownloadMessage } from './download-message.ts';
import { completedUploadMessage, uploadStatusMessage } from './object-message.ts';
import { issuedPartMessage, partsListingMessage, signPartsRequestFrom } from './part-message.ts';
import { createdUploadMessage, planRequestFrom } from './plan-message.ts';
import { createUploadBatches } from './upload-batches.ts';
import { uploadOptionsOf } from './upload-options.ts';
import { uploadTokenInputFrom, uploadTokenMessage } from './upload-token-message.ts';

export interface UploadServiceDeps extends BatchDeps {
  readonly uploads: Uploads;
  readonly uploadTokens: Pick<UploadTokens, 'issue'>;
  readonly wallClockMs: () => number;
}

/** upload.v1.UploadService: maps between the contract's messages and the nouns of the rooms of uploads and keys. */
export function createUploadService(deps: UploadServiceDeps): ServiceImpl<typeof UploadService> {
  const { uploads, uploadTokens, wallClockMs } = deps;
  return {
    ...createUploadBatches(uploads, deps),

    createS3Upload: async (request, context) => {
      const { values } = context;
      const { filename, contentType, size, destination } = request;
      if (size === undefined) throw new Error('the chain let an unchecked call through');
      const options = uploadOptionsOf(request);
      const put = await uploads.issuePut(
        { filename, contentType, sizeBytes: Number(size), destination, options },
        callerOf(values),
        callOf(values).idempotencyKey,
        timeLeftOf(context),
      );
      const { uploadUrl, publicUrl, fileKey, method, headers, expiresAtMs } = put;
      return { uploadUrl, publicUrl, fileKey, method, headers, expiresAt: timestampFromMs(expiresAtMs) };
    },

    createUpload: async (request, context) => {
      const { values } = context;
      const { idempotencyKey } = callOf(values);
      return createdUploadMessage(
        await uploads.create(planRequestFrom(request), callerOf(values), idempotencyKey, timeLeftOf(context)),
      );
    },

    signParts: async (request, { values }) => {
      const parts = await uploads.signParts(
        request.uploadId,
        signPartsRequestFrom(request),
        callerOf(values),
      );
      return { parts: parts.map(issuedPartMessage) };
    },

    listParts: async ({ uploadId }, context) =>
      partsListingMessage(await uploads.listParts(uploadId, callerOf(context.values), timeLeftOf(context))),

    completeUpload: async ({ uploadId, parts }, context) =>
      completedUploadMessage(
        await uploads.complete(uploadId, parts, callerOf(context.values), timeLeftOf(context)),
      ),

    abortUpload: async ({ uploadId }, context) => {
      await uploads.abort(uploadId, callerOf(context.values), timeLeftOf(context));
      return {};
    },

    getUpload: async ({ uploadId }, context) =>
      uploadStatusMessage(await uploads.status(uploadId, callerOf(context.values), timeLeftOf(context))),

    createDownload: async (request, { values }) =>
      issuedDownloadMessage(await uploads.createDownload(downloadRequestFrom(request), callerOf(values))),

    createUploadToken: (request, { values }) =>
      uploadTokenMessage(uploadTokens.issue(uploadTokenInputFrom(request), callerOf(values), wallClockMs())),
  };
}
