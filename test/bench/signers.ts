// The ways to presign the same PUT in Node.
import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl, S3RequestPresigner } from '@aws-sdk/s3-request-presigner';
import { AwsV4Signer } from 'aws4fetch';
import type { S3Presigner } from '../../src/s3/presigner.ts';
import type { ObjectKey, PutPlan } from '../../src/uploads/upload.ts';
import { BUCKET, CREDENTIALS, EXAMPLE_REQUEST, REGION } from './example.ts';

/** The URL for a PUT of the object, as it is at `atMs`. */
export type Sign = (objectKey: string, atMs: number) => string | Promise<string>;

const TTL_SECONDS = 900;
const HOST = `${BUCKET}.s3.${REGION}.amazonaws.com`;
const { contentType, size } = EXAMPLE_REQUEST;
const HEADERS = { 'content-type': contentType, 'content-length': String(size) };

export function nativeSigner(presigner: S3Presigner): Sign {
  return (objectKey, atMs) => {
    const plan: PutPlan = {
      objectKey: objectKey as ObjectKey,
      sizeBytes: size,
      ttlSeconds: TTL_SECONDS,
      headers: HEADERS,
    };
    const signed = presigner.presignPut(plan, atMs);
    return signed instanceof Promise ? signed.then(({ url }) => url) : signed.url;
  };
}

export function s3Client(): S3Client {
  return new S3Client({
    region: REGION,
    credentials: CREDENTIALS,
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
  });
}

export function getSignedUrlSigner(): Sign {
  const client = s3Client();
  return (objectKey, atMs) => {
    const command = new PutObjectCommand({
      Bucket: BUCKET,
      Key: objectKey,
      ContentType: contentType,
      ContentLength: size,
    });
    const options = {
      expiresIn: TTL_SECONDS,
      signingDate: new Date(atMs),
      signableHeaders: new Set(['content-type']),
    };
    return getSignedUrl(client, command, options);
  };
}

/** The SDK's signer without its endpoint rules and middleware: whoever uses it writes the request and the URL. */
export function requestPresignerSigner(): Sign {
  const presigner = new S3RequestPresigner(s3Client().config);
  return async (objectKey, atMs) => {
    const request = {
      protocol: 'https:',
      method: 'PUT',
      hostname: HOST,
      path: `/${objectKey}`,
      headers: { host: HOST, ...HEADERS },
      query: { 'x-id': 'PutObject' },
    };
    const { path, query } = await presigner.presign(request, {
      expiresIn: TTL_SECONDS,
      signingDate: new Date(atMs),
      signableHeaders: new Set(['content-type']),
    });
    const pairs = Object.entries(query ?? {}).map(
      ([name, value]) => `${name}=${encodeURIComponent(String(value))}`,
    );
    return `https://${HOST}${path}?${pairs.join('&')}`;
  };
}

export function aws4fetchSigner(): Sign {
  const cache = new Map<string, ArrayBuffer>();
  const query = `X-Amz-Expires=${TTL_SECONDS}&X-Amz-Content-Sha256=UNSIGNED-PAYLOAD&x-id=PutObject`;
  return async (objectKey, atMs) => {
    const signer = new AwsV4Signer({
      ...CREDENTIALS,
      url: `https://${HOST}/${objectKey}?${query}`,
      method: 'PUT',
      headers: HEADERS,
      service: 's3',
      region: REGION,
      cache,
      datetime: new Date(atMs).toISOString().replace(/[:-]|\.\d{3}/g, ''),
      signQuery: true,
      allHeaders: true,
    });
    return (await signer.sign()).url.href;
  };
}
