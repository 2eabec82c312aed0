import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { ServiceImpl } from '@connectrpc/connect';
import type { UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import type { Uploads } from '../uploads/uploads.ts';
import { principalOf } from './call.ts';

/** upload.v1.UploadService: maps between the contract's messages and the uploads room's nouns. */
export function createUploadService(uploads: Uploads): ServiceImpl<typeof UploadService> {
  return {
    createS3Upload: async ({ filename, contentType, size }, context) => {
      const principal = principalOf(context.values);
      if (principal === undefined || size === undefined)
        throw new Error('the chain let an unchecked call through');
      const put = await uploads.issuePut({ filename, contentType, sizeBytes: Number(size) }, principal);
      const { uploadUrl, publicUrl, fileKey, method, headers, expiresAtMs } = put;
      return { uploadUrl, publicUrl, fileKey, method, headers, expiresAt: timestampFromMs(expiresAtMs) };
    },
  };
}
