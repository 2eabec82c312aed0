import { Fault } from '../../src/fault/fault.ts';
import type { CompletedUpload, IssuedPart, IssuedPlan } from '../../src/uploads/outcomes.ts';
import type { PlanRequest } from '../../src/uploads/plan.ts';
import type { ObjectKey } from '../../src/uploads/upload.ts';
import type { Uploads } from '../../src/uploads/uploads.ts';

/** What an internal error says. It must never reach a caller. */
export const SECRET_CAUSE = 'connect ECONNREFUSED db.internal:5432 password=hunter2';

const EXPIRES_AT_MS = Date.UTC(2030, 0, 31, 12);
const PART_BYTES = 16 * 1024 * 1024;

/** Signs nothing and asks no S3: answers what it was asked for, or fails if the file's or the upload's name says so. */
export const echoUploads: Uploads = {
  issuePut: ({ filename, contentType, sizeBytes, destination, options }, principal, idempotencyKey) => {
    failIfNamed(filename);
    const fileKey = keyOf(principal.owner, filename);
    return {
      uploadUrl: `https://bucket.example/${fileKey}?X-Amz-Signature=00`,
      publicUrl: `https://cdn.example/${filename}`,
      fileKey,
      method: 'PUT',
      headers: {
        'content-type': contentType,
        'content-length': String(sizeBytes),
        ...(options && { 'x-options': JSON.stringify(options) }),
        ...(destination !== undefined && { 'x-destination': destination }),
        ...(idempotencyKey !== undefined && { 'x-idempotency-key': idempotencyKey }),
      },
      expiresAtMs: EXPIRES_AT_MS,
    };
  },
  create: async (request, { owner }, idempotencyKey = '') => {
    failIfNamed(request.filename);
    return {
      uploadId: `id-of-${encodeURIComponent(request.filename)}-${encodeURIComponent(idempotencyKey)}`,
      objectKey: keyOf(owner, request.filename),
      publicUrl: `https://cdn.example/${request.filename}`,
      destination: request.destination ?? 'default',
      uploadExpiresAtMs: EXPIRES_AT_MS + 1_500,
      plan: planFor(request),
    };
  },
  signParts: async (uploadId, { ranges, parts, expiresInSeconds = 900 }) => {
    failIfNamed(uploadId);
    const ofRanges = ranges.flatMap(({ first, last }) =>
      Array.from({ length: last - first + 1 }, (_, index) => signedPart(first + index)),
    );
    const single = parts.map(({ partNumber, checksum, md5 }) => {
      const sums = { ...(checksum && { 'x-checksum': checksum }), ...(md5 && { 'content-md5': md5 }) };
      return signedPart(partNumber, sums);
    });
    return [...ofRanges, ...single].map((part) => ({
      ...part,
      expiresAtMs: EXPIRES_AT_MS + expiresInSeconds * 1_000,
    }));
  },
  listParts: async (uploadId) => {
    failIfNamed(uploadId);
    return {
      parts: [
        { partNumber: 1, sizeBytes: PART_BYTES, etag: 'e1', checksum: 'AAAA' },
        { partNumber: 2, sizeBytes: PART_BYTES, etag: 'e2', checksum: undefined },
      ],
      missing: [{ first: 3, last: 10_000 }],
      partSizeBytes: PART_BYTES,
      partCount: 10_000,
    };
  },
  complete: async (uploadId, claimed, { owner }) => {
    failIfNamed(uploadId);
    return completed(owner, uploadId, claimed.map(({ partNumber, etag }) => `${partNumber}:${etag}`).join());
  },
  abort: async (uploadId) => failIfNamed(uploadId),
  status: async (uploadId, { owner }) => {
    failIfNamed(uploadId);
    const isPending = uploadId === 'pending';
    return {
      ...completed(owner, uploadId, 'e'),
      state: isPending ? 'pending' : 'complete',
      kind: 'put',
      destination: 'default',
      receivedBytes: isPending ? 0 : 6 * 2 ** 40,
      sizeBytes: 6 * 2 ** 40,
      uploadExpiresAtMs: EXPIRES_AT_MS,
      ...(isPending && { object: undefined }),
    };
  },
  createDownload: async (request) => {
    const { uploadId = '', fileKey = '', ...others } = request;
    failIfNamed(uploadId + fileKey);
    return {
      url: `https://bucket.example/?asked=${encodeURIComponent(JSON.stringify(others))}`,
      objectKey: uploadId + fileKey,
      expiresAtMs: EXPIRES_AT_MS,
    };
  },
};

function failIfNamed(name: string): void {
  if (name === 'unavailable') throw new Fault('SIGNING_UNAVAILABLE', { cause: new Error(SECRET_CAUSE) });
  if (name === 'unknown') throw new Fault('UPLOAD_NOT_FOUND');
  if (name === 'incomplete') throw new Fault('UPLOAD_INCOMPLETE');
  if (name === 'internal') throw new TypeError(SECRET_CAUSE);
}

function keyOf(owner: string, filename: string): ObjectKey {
  return `uploads/${owner}/1/${encodeURIComponent(filename)}` as ObjectKey;
}

function planFor(request: PlanRequest): IssuedPlan {
  const { kind, contentType, sizeBytes, minSizeBytes = 0, maxSizeBytes = 0, signParts = 2 } = request;
  const { partSizeBytes = PART_BYTES, options, partChecksum } = request;
  const url = 'https://bucket.example/?X-Amz-Signature=00';
  const asked = JSON.stringify({ options, partChecksum });
  if (kind === 'multipart') {
    const parts = Array.from({ length: signParts }, (_, index) => signedPart(index + 1));
    return { kind, partSizeBytes, partCount: Math.ceil((sizeBytes ?? 0) / partSizeBytes), parts };
  }
  if (kind === 'form') {
    const fields = { key: 'k', 'Content-Type': contentType, asked };
    const contentTypePrefix = contentType === 'image/*' ? 'image/' : undefined;
    return {
      kind,
      url,
      fields,
      contentTypePrefix,
      minSizeBytes,
      maxSizeBytes: sizeBytes ?? maxSizeBytes,
      expiresAtMs: EXPIRES_AT_MS,
    };
  }
  const headers = { 'content-type': contentType, 'content-length': String(sizeBytes), asked };
  return { kind: 'put', method: 'PUT', url, headers, expiresAtMs: EXPIRES_AT_MS };
}

function signedPart(partNumber: number, checksums: Readonly<Record<string, string>> = {}): IssuedPart {
  return {
    partNumber,
    url: `https://bucket.example/?partNumber=${partNumber}`,
    headers: { 'content-length': String(PART_BYTES), ...checksums },
    sizeBytes: PART_BYTES,
    offsetBytes: (partNumber - 1) * PART_BYTES,
    expiresAtMs: EXPIRES_AT_MS,
  };
}

function completed(owner: string, uploadId: string, etag: string): CompletedUpload {
  return {
    objectKey: keyOf(owner, uploadId),
    publicUrl: `https://cdn.example/${uploadId}`,
    object: {
      sizeBytes: 6 * 2 ** 40,
      contentType: 'text/plain',
      etag,
      versionId: 'v1',
      checksum: { algorithm: 'sha256', value: 'AAAA-2', type: 'composite' },
    },
  };
}
