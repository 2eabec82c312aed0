import type { S3Address } from './address.ts';
import type { SigningCredentials } from './credentials.ts';
import type { PutRequest, PutSigner } from './put-signer.ts';
import { UNSIGNED_PAYLOAD, uriEncodePath } from './sigv4.ts';
import { createQuerySigner, createRequestShape } from './sigv4-query.ts';

type SignedHeader = keyof PutRequest['headers'];

/** The type and the length are signed as headers, so S3 takes exactly what was declared. */
const DECLARED: readonly SignedHeader[] = ['content-length', 'content-type'];

/** They have no effect on an upload; with them the URL is the one that the AWS SDK makes, byte for byte. */
const QUERY = { 'X-Amz-Content-Sha256': UNSIGNED_PAYLOAD, 'x-id': 'PutObject' } as const;

const PUT_OBJECT = createRequestShape('PUT', DECLARED, QUERY);
const PUT_NEW_OBJECT = createRequestShape(
  'PUT',
  [...DECLARED, 'if-none-match'] satisfies SignedHeader[],
  QUERY,
);

/** Signs PutObject with our own SigV4: the hot path. */
export function createNativeSigner(address: S3Address, credentials: SigningCredentials): PutSigner {
  const signer = createQuerySigner({ ...address, ...credentials });
  return ({ objectKey, headers }, atMs, expiresSeconds) =>
    signer.presign(
      headers['if-none-match'] === undefined ? PUT_OBJECT : PUT_NEW_OBJECT,
      `${address.basePath}/${uriEncodePath(objectKey)}`,
      headers,
      atMs,
      expiresSeconds,
    );
}
