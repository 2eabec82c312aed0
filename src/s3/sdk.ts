// The AWS SDK: loaded late, because its modules take longer to load than the rest of the service together.
import type {
  GetObjectCommand,
  PutObjectCommand,
  S3Client,
  S3ClientConfig,
  UploadPartCommand,
} from '@aws-sdk/client-s3';
import type { createPresignedPost } from '@aws-sdk/s3-presigned-post';
import type { getSignedUrl } from '@aws-sdk/s3-request-presigner';

/** The parts of the SDK that signing needs. */
export interface Sdk {
  readonly S3Client: typeof S3Client;
  readonly PutObjectCommand: typeof PutObjectCommand;
  readonly UploadPartCommand: typeof UploadPartCommand;
  readonly GetObjectCommand: typeof GetObjectCommand;
  readonly getSignedUrl: typeof getSignedUrl;
  readonly createPresignedPost: typeof createPresignedPost;
}

export type { S3Client, S3ClientConfig };

export async function loadSdk(): Promise<Sdk> {
  const [client, presigner, post] = await Promise.all([
    import('@aws-sdk/client-s3'),
    import('@aws-sdk/s3-request-presigner'),
    import('@aws-sdk/s3-presigned-post'),
  ]);
  return {
    S3Client: client.S3Client,
    PutObjectCommand: client.PutObjectCommand,
    UploadPartCommand: client.UploadPartCommand,
    GetObjectCommand: client.GetObjectCommand,
    getSignedUrl: presigner.getSignedUrl,
    createPresignedPost: post.createPresignedPost,
  };
}

/** The settings that every signing client has, whatever its destination. */
export const SIGNING_CLIENT = {
  // By default the SDK signs a CRC-32 of an empty body into the URL, which S3-compatible servers refuse or ignore.
  requestChecksumCalculation: 'WHEN_REQUIRED',
  // Likewise a wish for a checksum in the answer to a GET, which a browser has no use for.
  responseChecksumValidation: 'WHEN_REQUIRED',
  // A session for a directory bucket costs a network call, which signing must never make.
  disableS3ExpressSessionAuth: true,
} as const satisfies S3ClientConfig;
