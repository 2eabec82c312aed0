// Between the contract's messages of downloads and the uploads room's nouns.
import type { MessageInitShape } from '@bufbuild/protobuf';
import { timestampFromMs } from '@bufbuild/protobuf/wkt';
import type { CreateDownloadRequest, CreateDownloadResponseSchema } from '../../gen/upload/v1/download_pb.js';
import type { DownloadRequest, IssuedDownload } from '../uploads/outcomes.ts';

export function downloadRequestFrom(request: CreateDownloadRequest): DownloadRequest {
  const { uploadId, fileKey, destination, contentDisposition, filename, contentType, expiresIn } = request;
  return {
    uploadId,
    fileKey,
    destination,
    contentDisposition,
    filename,
    contentType,
    expiresInSeconds: expiresIn,
  };
}

export function issuedDownloadMessage({ url, objectKey, expiresAtMs }: IssuedDownload) {
  return {
    url,
    fileKey: objectKey,
    expiresAt: timestampFromMs(expiresAtMs),
  } satisfies MessageInitShape<typeof CreateDownloadResponseSchema>;
}
