import { PutObjectCommand, S3Client, type S3ClientConfig } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export interface OracleRequest {
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly mayOverwrite: boolean;
  readonly expiresSeconds: number;
  readonly atMs: number;
}

/** The URL that the AWS SDK makes for a PutObject, asked the way its own documentation asks it. */
export async function oraclePutUrl(config: S3ClientConfig, request: OracleRequest): Promise<string> {
  const client = new S3Client({ requestChecksumCalculation: 'WHEN_REQUIRED', ...config });
  const command = new PutObjectCommand({
    Bucket: request.bucket,
    Key: request.key,
    ContentType: request.contentType,
    ContentLength: request.sizeBytes,
    ...(request.mayOverwrite ? {} : { IfNoneMatch: '*' }),
  });
  return getSignedUrl(client, command, {
    expiresIn: request.expiresSeconds,
    signingDate: new Date(request.atMs),
    signableHeaders: new Set(['content-type']),
  });
}
