import type { S3Address } from './address.ts';
import type { SigningCredentials } from './credentials.ts';
import type { PutRequest, PutSigner } from './put-signer.ts';
import { UNSIGNED_PAYLOAD, uriEncodePath } from './sigv4.ts';
import { createQuerySigner, createRequestShape, type RequestShape } from './sigv4-query.ts';

/** They have no effect on an upload; with them the URL is the one that the AWS SDK makes, byte for byte. */
const QUERY = { 'X-Amz-Content-Sha256': UNSIGNED_PAYLOAD, 'x-id': 'PutObject' } as const;

/** The type and the length are signed as headers, so S3 takes exactly what was declared. */
const DECLARED = ['content-length', 'content-type'];
const PUT_OBJECT = createRequestShape('PUT', DECLARED, QUERY);

/** How many sets of headers are remembered. Callers choose the names of metadata, and could make up any number. */
const SHAPES_MAX = 256;

/** Signs PutObject with our own SigV4: the hot path. */
export function createNativeSigner(address: S3Address, credentials: SigningCredentials): PutSigner {
  const signer = createQuerySigner({ ...address, ...credentials });
  const shapeOf = createPutShapes();
  return ({ objectKey, headers }, atMs, expiresSeconds) =>
    signer.presign(
      shapeOf(headers),
      `${address.basePath}/${uriEncodePath(objectKey)}`,
      headers,
      atMs,
      expiresSeconds,
    );
}

/** Finds the shape of a PUT by the names of its headers: clients ask for the same set again and again. */
function createPutShapes(): (headers: PutRequest['headers']) => RequestShape {
  const shapes = new Map<string, RequestShape>();
  return (headers) => {
    const names = Object.keys(headers);
    // Length and type are always there.
    if (names.length === DECLARED.length) return PUT_OBJECT;
    const list = names.join();
    let shape = shapes.get(list);
    if (shape === undefined) {
      if (shapes.size >= SHAPES_MAX) shapes.clear();
      shape = createRequestShape('PUT', names, QUERY);
      shapes.set(list, shape);
    }
    return shape;
  };
}
