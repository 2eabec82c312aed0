import {
  GetObjectCommand,
  type GetObjectCommandInput,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import {
  createPresignedPost,
  type PresignedPost,
  type PresignedPostOptions,
} from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';

export interface OracleRequest {
  readonly bucket: string;
  readonly key: string;
  readonly contentType: string;
  readonly sizeBytes: number;
  readonly expiresSeconds: number;
  readonly atMs: number;
  /** Whatever else the PutObject asks for. */
  readonly input?: Partial<PutObjectCommandInput>;
}

/** What the SDK would move into the query, where S3 does not hold an upload to it. */
const UNHOISTABLE = [
  'acl',
  'checksum-crc32',
  'checksum-crc32c',
  'checksum-crc64nvme',
  'checksum-sha1',
  'checksum-sha256',
  'server-side-encryption',
  'server-side-encryption-aws-kms-key-id',
  'storage-class',
  'tagging',
].map((name) => `x-amz-${name}`);

/** The URL that the AWS SDK makes for a PutObject, asked the way its own documentation asks it. */
export async function oraclePutUrl(config: S3ClientConfig, request: OracleRequest): Promise<string> {
  const { bucket, key, contentType, sizeBytes, input = {} } = request;
  const command = new PutObjectCommand({
    Bucket: bucket,
    Key: key,
    ContentType: contentType,
    ContentLength: sizeBytes,
    ...input,
  });
  const metadata = Object.keys(input.Metadata ?? {}).map((name) => `x-amz-meta-${name}`);
  return getSignedUrl(clientWith(config), command, {
    expiresIn: request.expiresSeconds,
    signingDate: new Date(request.atMs),
    signableHeaders: new Set(['content-type', 'cache-control']),
    unhoistableHeaders: new Set([...UNHOISTABLE, ...metadata]),
  });
}

/** When something is signed, and for how long. */
export interface OracleMoment {
  readonly expiresSeconds: number;
  readonly atMs: number;
}

/** The URL that the AWS SDK makes for an UploadPart. */
export function oraclePartUrl(
  config: S3ClientConfig,
  input: UploadPartCommandInput,
  { atMs, expiresSeconds }: OracleMoment,
): Promise<string> {
  return getSignedUrl(clientWith(config), new UploadPartCommand(input), {
    expiresIn: expiresSeconds,
    signingDate: new Date(atMs),
    unhoistableHeaders: new Set(UNHOISTABLE),
  });
}

/** The URL that the AWS SDK makes for a GetObject. */
export function oracleGetUrl(
  config: S3ClientConfig,
  input: GetObjectCommandInput,
  { atMs, expiresSeconds }: OracleMoment,
): Promise<string> {
  return getSignedUrl(clientWith(config), new GetObjectCommand(input), {
    expiresIn: expiresSeconds,
    signingDate: new Date(atMs),
  });
}

/** The form that the AWS SDK makes, at the time that the clock shows: it takes no other. */
export function oracleForm(config: S3ClientConfig, options: PresignedPostOptions): Promise<PresignedPost> {
  return createPresignedPost(clientWith(config), options);
}

function clientWith(config: S3ClientConfig): S3Client {
  return new S3Client({
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...config,
  });
}
