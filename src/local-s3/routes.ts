import type { RequestTarget } from './request-target.ts';
import { S3Error } from './s3-error.ts';

export type OperationName = (typeof ROUTES)[number]['operation'];

interface Route {
  readonly method: string;
  readonly on: 'service' | 'bucket' | 'object';
  /** Query parameters that have to be there. */
  readonly with: readonly string[];
  readonly operation: string;
}

/** The first row that fits is the operation. */
const ROUTES = [
  { method: 'GET', on: 'service', with: [], operation: 'listBuckets' },
  { method: 'PUT', on: 'bucket', with: [], operation: 'createBucket' },
  { method: 'HEAD', on: 'bucket', with: [], operation: 'headBucket' },
  { method: 'GET', on: 'bucket', with: ['location'], operation: 'getBucketLocation' },
  { method: 'GET', on: 'bucket', with: ['uploads'], operation: 'listMultipartUploads' },
  { method: 'GET', on: 'bucket', with: ['list-type'], operation: 'listObjectsV2' },
  { method: 'POST', on: 'bucket', with: ['delete'], operation: 'deleteObjects' },
  { method: 'HEAD', on: 'object', with: [], operation: 'getObject' },
  { method: 'GET', on: 'object', with: ['uploadId'], operation: 'listParts' },
  { method: 'GET', on: 'object', with: ['tagging'], operation: 'getObjectTagging' },
  { method: 'GET', on: 'object', with: [], operation: 'getObject' },
  { method: 'PUT', on: 'object', with: ['uploadId'], operation: 'uploadPart' },
  { method: 'PUT', on: 'object', with: ['partNumber'], operation: 'uploadPart' },
  { method: 'PUT', on: 'object', with: [], operation: 'putObject' },
  { method: 'POST', on: 'object', with: ['uploads'], operation: 'createMultipartUpload' },
  { method: 'POST', on: 'object', with: ['uploadId'], operation: 'completeMultipartUpload' },
  { method: 'DELETE', on: 'object', with: ['uploadId'], operation: 'abortMultipartUpload' },
  { method: 'DELETE', on: 'object', with: [], operation: 'deleteObject' },
] as const satisfies readonly Route[];

const METHODS = new Set(['GET', 'HEAD', 'PUT', 'POST', 'DELETE']);

/** @throws S3Error NotImplemented or MethodNotAllowed when no operation fits. */
export function routeRequest(method: string, { bucket, key, query }: RequestTarget): OperationName {
  const on = bucket === '' ? 'service' : key === '' ? 'bucket' : 'object';
  const route = ROUTES.find(
    (row) => row.method === method && row.on === on && row.with.every((name) => query.has(name)),
  );
  if (route !== undefined) return route.operation;
  if (!METHODS.has(method)) throw new S3Error('MethodNotAllowed', undefined, { Method: method });
  throw new S3Error(
    'NotImplemented',
    `This development endpoint does not implement this ${method} on a ${on}.`,
  );
}
