import { UPLOAD_IDS } from '../known.ts';

/** A call as it is meant to be, to be spoilt. */
export interface JsonCall {
  readonly method: string;
  readonly path: string;
  readonly body: Readonly<Record<string, unknown>>;
}

const FILE = { filename: 'John Doe.pdf', contentType: 'application/pdf', size: 42 };

const OPTIONS = {
  ...FILE,
  overwrite: 'never',
  expiresIn: 60,
  cacheControl: 'no-cache',
  contentLanguage: 'de',
  contentDisposition: 'attachment',
  metadata: { who: 'ann' },
  tags: { a: 'b' },
  checksum: { sha256: '47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=' },
  storageClass: 'STANDARD_IA',
};

/** Every method that takes a body, over REST. */
export const REST_CALLS: readonly [JsonCall, ...JsonCall[]] = [
  { method: 'POST', path: '/v1/upload/s3', body: FILE },
  { method: 'POST', path: '/v1/upload/s3', body: OPTIONS },
  { method: 'POST', path: '/v1/uploads', body: { ...OPTIONS, size: '42' } },
  { method: 'POST', path: '/v1/uploads', body: { ...FILE, minSize: 1, maxSize: 100, kind: 'form' } },
  { method: 'POST', path: '/v1/uploads:batch', body: { uploads: [FILE, OPTIONS, FILE] } },
  {
    method: 'POST',
    path: `/v1/uploads/${UPLOAD_IDS.multipart}/parts:sign`,
    body: { ranges: [{ first: 1, last: 3 }] },
  },
  {
    method: 'POST',
    path: `/v1/uploads/${UPLOAD_IDS.put}:complete`,
    body: { parts: [{ partNumber: 1, etag: '"a"' }] },
  },
  { method: 'POST', path: '/v1/downloads', body: { uploadId: UPLOAD_IDS.put, expiresIn: 60 } },
  { method: 'POST', path: '/v1/downloads:batch', body: { downloads: [{ fileKey: 'default/a' }] } },
  {
    method: 'POST',
    path: '/v1/upload-tokens',
    body: {
      actions: ['create'],
      expiresIn: 60,
      maxFiles: 2,
      policy: { contentTypes: ['image/*'], maxSize: 5 },
    },
  },
  {
    method: 'POST',
    path: '/v1/api-keys',
    body: { name: '', expiration_date: '2027-01-01T00:00:00Z', scopes: ['uploads:create'], policy: {} },
  },
  { method: 'PATCH', path: '/v1/api-keys/key_nobody', body: { name: 'x', disabled: true } },
];

/** The methods of UploadService that take the same bodies over Connect. */
export const CONNECT_CALLS: readonly [JsonCall, ...JsonCall[]] = [
  { method: 'POST', path: '/upload.v1.UploadService/CreateS3Upload', body: OPTIONS },
  { method: 'POST', path: '/upload.v1.UploadService/CreateUpload', body: FILE },
  { method: 'POST', path: '/upload.v1.UploadService/BatchCreateUploads', body: { uploads: [FILE, FILE] } },
  { method: 'POST', path: '/upload.v1.UploadService/SignParts', body: { uploadId: UPLOAD_IDS.multipart } },
  { method: 'POST', path: '/apikeys.v1.ApiKeyService/ListApiKeys', body: { page: 1, per_page: 10 } },
  { method: 'POST', path: '/grpc.health.v1.Health/Check', body: { service: '' } },
];
