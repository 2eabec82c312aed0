import { randomUUID } from 'node:crypto';
import {
  type $Command,
  DeleteObjectCommand,
  GetObjectCommand,
  type GetObjectCommandInput,
  HeadObjectCommand,
  PutObjectCommand,
  type PutObjectCommandInput,
  S3Client,
  type S3ClientConfig,
  type S3ClientResolvedConfig,
  type ServiceInputTypes,
  type ServiceOutputTypes,
  UploadPartCommand,
  type UploadPartCommandInput,
} from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { type HttpAnswer, send } from './http.ts';
import type { S3Subject } from './subject.ts';

type PresignableCommand<I extends ServiceInputTypes, O extends ServiceOutputTypes> = $Command<
  I,
  O,
  S3ClientResolvedConfig,
  ServiceInputTypes,
  ServiceOutputTypes
>;
type PresignOptions = Parameters<typeof getSignedUrl>[2];

/** What the tests do with an endpoint, as one user with one pair of keys. */
export interface S3Access {
  readonly client: S3Client;
  readonly bucket: string;
  /** A key that no other test uses. */
  newKey(name?: string): string;
  presign<I extends ServiceInputTypes, O extends ServiceOutputTypes>(
    command: PresignableCommand<I, O>,
    options?: PresignOptions,
  ): Promise<string>;
  presignPut(input: Omit<PutObjectCommandInput, 'Bucket'>, options?: PresignOptions): Promise<string>;
  presignGet(input: Omit<GetObjectCommandInput, 'Bucket'>, options?: PresignOptions): Promise<string>;
  presignHead(key: string): Promise<string>;
  presignDelete(key: string): Promise<string>;
  presignPart(input: Omit<UploadPartCommandInput, 'Bucket'>): Promise<string>;
  /** Stores an object, and fails unless that works. */
  put(key: string, body: string | Buffer, input?: Partial<PutObjectCommandInput>): Promise<HttpAnswer>;
  get(key: string, headers?: Record<string, string>): Promise<HttpAnswer>;
  destroy(): void;
}

/** @param config Overrides, such as other credentials or another region. */
export function accessTo(subject: S3Subject, config: S3ClientConfig = {}): S3Access {
  const client = new S3Client({
    endpoint: subject.endpoint,
    region: subject.region,
    credentials: { accessKeyId: subject.accessKeyId, secretAccessKey: subject.secretAccessKey },
    forcePathStyle: true,
    maxAttempts: 1,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    ...config,
  });
  const Bucket = subject.bucket;
  const access: S3Access = {
    client,
    bucket: Bucket,
    newKey: (name = 'object') => `contract/${randomUUID()}/${name}`,
    presign: (command, options) => getSignedUrl(client, command, { expiresIn: 300, ...options }),
    presignPut: (input, options) => access.presign(new PutObjectCommand({ Bucket, ...input }), options),
    presignGet: (input, options) => access.presign(new GetObjectCommand({ Bucket, ...input }), options),
    presignHead: (Key) => access.presign(new HeadObjectCommand({ Bucket, Key })),
    presignDelete: (Key) => access.presign(new DeleteObjectCommand({ Bucket, Key })),
    presignPart: (input) => access.presign(new UploadPartCommand({ Bucket, ...input })),

    async put(Key, body, input = {}) {
      const answer = await send('PUT', await access.presignPut({ Key, ...input }), { body });
      if (answer.status !== 200) throw new Error(`storing ${Key} was answered ${answer.outcome}`);
      return answer;
    },
    async get(Key, headers = {}) {
      return send('GET', await access.presignGet({ Key }), { headers });
    },
    destroy: () => client.destroy(),
  };
  return access;
}

/** The same URL with its query changed. */
export function withParameter(url: string, name: string, value: string | undefined): string {
  const changed = new URL(url);
  if (value === undefined) changed.searchParams.delete(name);
  else changed.searchParams.set(name, value);
  return changed.href;
}

/** The outcome of an SDK call that has to fail, as `send` would tell it. */
export async function sdkOutcome(call: Promise<unknown>): Promise<string> {
  try {
    await call;
    return '200';
  } catch (error) {
    if (!(error instanceof Error) || !('$metadata' in error)) throw error;
    const { $metadata } = error as { $metadata: { httpStatusCode?: number } };
    return `${$metadata.httpStatusCode} ${error.name}`;
  }
}
