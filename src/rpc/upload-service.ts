import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { Uploads } from '../uploads/uploads.ts';
import { principalOf } from './call.ts';
import { uploadOptionsOf } from './upload-options.ts';

/** upload.v1.UploadService: maps between the contract's messages and the uploads room's nouns. */
export function createUploadService(uploads: Uploads): ServiceImpl<typeof UploadService> {
  return {
    createS3Upload: async (request, context) => {
      const { filename, contentType, size } = request;
      const principal = principalOf(context.values);
      if (principal === undefined || size === undefined)
        throw new Error('the chain let an unchecked call through');
      const options = uploadOptionsOf(request);
      const put = await uploads.issuePut(
        { filename, contentType, sizeBytes: Number(size), options },
        principal,
      );
      const { uploadUrl, publicUrl, fileKey, method, headers, expiresAtMs } = put;
      return { uploadUrl, publicUrl, fileKey, method, headers, expiresAt: timestampFromMs(expiresAtMs) };
    },
  };
}
