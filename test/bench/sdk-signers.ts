// How the AWS SDK signs what is no PUT.
import { GetObjectCommand, UploadPartCommand } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPost } from '@aws-sdk/s3-presigned-post';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import type { FormPlan, GetPlan, PartsPlan } from '../../src/uploads/plan.ts';
import { BUCKET } from './example.ts';
import { s3Client } from './signers.ts';

/** The URL of the plan's first part. */
export function sdkPartSigner(): (plan: PartsPlan, atMs: number) => Promise<string> {
  const client = s3Client();
  return ({ objectKey, s3UploadId, ttlSeconds, parts: [part] }, atMs) => {
    const names = { Bucket: BUCKET, Key: objectKey, UploadId: s3UploadId };
    const command = new UploadPartCommand({
      ...names,
      PartNumber: part?.partNumber,
      ContentLength: part?.sizeBytes,
    });
    return getSignedUrl(client, command, { expiresIn: ttlSeconds, signingDate: new Date(atMs) });
  };
}

export function sdkGetSigner(): (plan: GetPlan, atMs: number) => Promise<string> {
  const client = s3Client();
  return ({ objectKey, ttlSeconds, overrides }, atMs) => {
    const command = new GetObjectCommand({
      Bucket: BUCKET,
      Key: objectKey,
      ResponseContentDisposition: overrides['response-content-disposition'],
    });
    return getSignedUrl(client, command, { expiresIn: ttlSeconds, signingDate: new Date(atMs) });
  };
}

/** As it is at `atMs`, to the second: the SDK takes no date but an offset of its clock. */
export function sdkFormSigner(): (plan: FormPlan, atMs: number) => Promise<PresignedPost> {
  const client = s3Client();
  return ({ objectKey, fields, ttlSeconds, minSizeBytes, maxSizeBytes }, atMs) => {
    client.config.systemClockOffset = atMs - Date.now();
    return createPresignedPost(client, {
      Bucket: BUCKET,
      Key: objectKey,
      Fields: { ...fields },
      Conditions: [['content-length-range', minSizeBytes, maxSizeBytes]],
      Expires: ttlSeconds,
    });
  };
}
