import {
  type CompletedPart,
  CompleteMultipartUploadCommand,
  type CompleteMultipartUploadCommandInput,
  type CompleteMultipartUploadCommandOutput,
  CreateMultipartUploadCommand,
  type CreateMultipartUploadCommandInput,
} from '@aws-sdk/client-s3';
import { expect } from 'vitest';
import type { S3Access } from './client.ts';
import { send } from './http.ts';

/** A first part of the smallest size that a part with others behind it may have. */
export const FIRST = Buffer.alloc(5 * 2 ** 20, 'first part ');
export const LAST = Buffer.from('and the last');

export interface Upload {
  readonly Bucket: string;
  readonly Key: string;
  readonly UploadId: string;
}

export async function createUpload(
  s3: S3Access,
  input: Partial<CreateMultipartUploadCommandInput> = {},
): Promise<Upload> {
  const place = { Bucket: s3.bucket, Key: input.Key ?? s3.newKey() };
  const { UploadId = '' } = await s3.client.send(new CreateMultipartUploadCommand({ ...input, ...place }));
  expect(UploadId).not.toBe('');
  return { ...place, UploadId };
}

/** Uploads a part through a presigned URL. */
export async function putPart(
  s3: S3Access,
  upload: Upload,
  PartNumber: number,
  body: Buffer | string,
): Promise<CompletedPart> {
  const answer = await send('PUT', await s3.presignPart({ ...upload, PartNumber }), { body });
  expect(answer.outcome).toBe('200');
  return { PartNumber, ETag: answer.headers.etag };
}

export function completeUpload(
  s3: S3Access,
  upload: Upload,
  Parts: CompletedPart[],
  input: Partial<CompleteMultipartUploadCommandInput> = {},
): Promise<CompleteMultipartUploadCommandOutput> {
  const command = new CompleteMultipartUploadCommand({ ...upload, MultipartUpload: { Parts }, ...input });
  return s3.client.send(command);
}
