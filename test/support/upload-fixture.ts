// The uploads room with everything around it in memory: an S3 that keeps what it is told, and a presigner that only names
// what it would sign.
import type { Principal } from '../../src/keys/api-key.ts';
import type { UploadDestination } from '../../src/uploads/destination.ts';
import type {
  CreationMemory,
  MultipartCompletion,
  ObjectStorage,
  Presigner,
  StoredObject,
  StoredPart,
} from '../../src/uploads/ports.ts';
import type { UploadRequest } from '../../src/uploads/upload.ts';
import { placeWith } from './upload-option-cases.ts';

export const ACME: Principal = { keyId: 'key_1', owner: 'acme', scopes: [], policy: null, rateLimit: null };

export const FILE = {
  filename: 'a.bin',
  contentType: 'application/x-test',
  sizeBytes: 42,
} as const satisfies UploadRequest;

export const SIGNED_FOR_MS = 900_000;

/** Remembers nothing, so that every creation is the first. */
export const forgetful: CreationMemory = {
  remember: async (_name, value) => value,
  replace: async () => {},
  recall: async () => undefined,
};

/** Remembers everything, for ever. */
export function createFakeMemory(): CreationMemory & { readonly values: Map<string, string> } {
  const values = new Map<string, string>();
  return {
    values,
    remember: async (name, value) => {
      const known = values.get(name) ?? value;
      values.set(name, known);
      return known;
    },
    replace: async (name, value) => void values.set(name, value),
    recall: async (name) => values.get(name),
  };
}

/** Names in each URL what was to be signed. */
export function createFakePresigner(change: Partial<Presigner> = {}): Presigner {
  return {
    presignPut: ({ objectKey, headers }, nowMs) => ({
      url: `https://s3.example/${objectKey}?put`,
      headers,
      expiresAtMs: nowMs + SIGNED_FOR_MS,
    }),
    presignForm: ({ fields }, nowMs) => ({
      url: 'https://s3.example/',
      fields,
      expiresAtMs: nowMs + SIGNED_FOR_MS,
    }),
    presignParts: ({ objectKey, s3UploadId, ttlSeconds, parts }, nowMs) => ({
      parts: parts.map(({ partNumber, sizeBytes, headers }) => ({
        url: `https://s3.example/${objectKey}?partNumber=${partNumber}&uploadId=${s3UploadId}`,
        headers: { 'content-length': `${sizeBytes}`, ...headers },
      })),
      expiresAtMs: nowMs + ttlSeconds * 1_000,
    }),
    presignGet: ({ objectKey, ttlSeconds, overrides }, nowMs) => ({
      url: `https://s3.example/${objectKey}?${new URLSearchParams(overrides)}`,
      expiresAtMs: nowMs + ttlSeconds * 1_000,
    }),
    publicUrl: (key) => `https://cdn.example/${key}`,
    ...change,
  };
}

export interface FakeStorage extends ObjectStorage {
  readonly objects: Map<string, StoredObject>;
  /** Parts by S3's name of the upload. */
  readonly uploads: Map<string, { readonly contentType: string; readonly parts: StoredPart[] }>;
  readonly completions: MultipartCompletion[];
}

export function createFakeStorage(): FakeStorage {
  const objects: FakeStorage['objects'] = new Map();
  const uploads: FakeStorage['uploads'] = new Map();
  const completions: MultipartCompletion[] = [];
  let begun = 0;
  return {
    objects,
    uploads,
    completions,
    createMultipartUpload: async ({ headers }) => {
      begun += 1;
      const name = `s3-upload-${begun}`;
      uploads.set(name, { contentType: headers['content-type'] ?? '', parts: [] });
      return name;
    },
    listParts: async (_key, name) => uploads.get(name)?.parts,
    completeMultipartUpload: async (completion) => {
      const { objectKey, s3UploadId, oneShot, parts } = completion;
      const upload = uploads.get(s3UploadId);
      if (upload === undefined) return { outcome: 'absent' };
      if (oneShot && objects.has(objectKey)) return { outcome: 'exists' };
      completions.push(completion);
      uploads.delete(s3UploadId);
      const sizeBytes = parts.reduce((sum, part) => sum + part.sizeBytes, 0);
      objects.set(objectKey, { ...storedObject(sizeBytes), contentType: upload.contentType });
      return { outcome: 'completed' };
    },
    abortMultipartUpload: async (_key, name) => void uploads.delete(name),
    headObject: async (key) => objects.get(key),
    async *listMultipartUploads() {},
  };
}

export function storedObject(sizeBytes: number): StoredObject {
  return {
    sizeBytes,
    contentType: FILE.contentType,
    etag: 'e',
    versionId: undefined,
    checksum: undefined,
  };
}

export function storedPart(partNumber: number, sizeBytes: number): StoredPart {
  return { partNumber, sizeBytes, etag: `etag-${partNumber}`, checksum: undefined };
}

export function fakeDestination(change: Partial<Presigner> = {}): UploadDestination & {
  readonly storage: FakeStorage;
} {
  return { ...placeWith(), presigner: createFakePresigner(change), storage: createFakeStorage() };
}
