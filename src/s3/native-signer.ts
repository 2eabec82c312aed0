import type { S3Address } from './address.ts';
import type { SigningCredentials } from './credentials.ts';
import { createNativeFormSigner } from './native-form-signer.ts';
import { createShapeFinder } from './request-shapes.ts';
import type { Signer } from './signer.ts';
import { UNSIGNED_PAYLOAD, uriEncodePath } from './sigv4.ts';
import { createQuerySigner, createRequestShape } from './sigv4-query.ts';

/** They have no effect at S3; with them the URL is the one that the AWS SDK makes, byte for byte. */
const queryOf = (operation: string) => ({ 'X-Amz-Content-Sha256': UNSIGNED_PAYLOAD, 'x-id': operation });
const PUT_QUERY = queryOf('PutObject');
const PART_QUERY = queryOf('UploadPart');
const GET_QUERY = queryOf('GetObject');

/** The type and the length are signed as headers, so S3 takes exactly what was declared. They are always there. */
const DECLARED = ['content-length', 'content-type'];
const PLAIN_PUT = createRequestShape('PUT', DECLARED, PUT_QUERY);

const PART_PARAMETERS = ['partNumber', 'uploadId'];

/** Signs with our own SigV4: the hot path. */
export function createNativeSigner(address: S3Address, credentials: SigningCredentials): Signer {
  const signer = createQuerySigner({ ...address, ...credentials });
  const putShape = createShapeFinder('PUT', PUT_QUERY);
  const partShape = createShapeFinder('PUT', PART_QUERY);
  const getShape = createShapeFinder('GET', GET_QUERY);
  const pathOf = (objectKey: string) => `${address.basePath}/${uriEncodePath(objectKey)}`;

  return {
    put: ({ objectKey, headers }, atMs, expiresSeconds) => {
      const names = Object.keys(headers);
      const shape = names.length === DECLARED.length ? PLAIN_PUT : putShape(names);
      return signer.presign(shape, pathOf(objectKey), headers, atMs, expiresSeconds);
    },
    parts: ({ objectKey, s3UploadId, parts }, atMs, expiresSeconds) => {
      const path = pathOf(objectKey);
      return parts.map(({ partNumber, headers }) => {
        const shape = partShape(Object.keys(headers), PART_PARAMETERS);
        const parameters = { partNumber: String(partNumber), uploadId: s3UploadId };
        return signer.presign(shape, path, headers, atMs, expiresSeconds, parameters);
      });
    },
    get: ({ objectKey, overrides }, atMs, expiresSeconds) => {
      const shape = getShape([], Object.keys(overrides));
      return signer.presign(shape, pathOf(objectKey), {}, atMs, expiresSeconds, overrides);
    },
    form: createNativeFormSigner(address, credentials),
  };
}
