// Asks S3 itself about the uploads to one bucket, and has it begin, complete and abort those in parts.
import type { ListMultipartUploadsCommandOutput, ListPartsCommandOutput, Part } from '@aws-sdk/client-s3';
import type { TimeLeft } from '../flow/time-left.ts';
import type { ObjectStorage, OpenMultipartUpload, StoredObject, StoredPart } from '../uploads/ports.ts';
import { objectMembers } from './put-input.ts';
import { checksumName, storedChecksumFrom } from './storage-checksums.ts';
import { createStorageClient, type StorageClient, type StorageClientOptions } from './storage-client.ts';
import { completionInput, completionOutcome } from './storage-completion.ts';
import { failureFrom, storageFault } from './storage-failure.ts';

export interface ObjectStorageOptions extends StorageClientOptions {
  readonly bucket: string;
}

export interface S3ObjectStorage extends ObjectStorage {
  close(): void;
}

/** Opens nothing before it is asked. */
export function createObjectStorage({ bucket, ...options }: ObjectStorageOptions): S3ObjectStorage {
  const s3 = createStorageClient(options);
  return {
    createMultipartUpload: async ({ objectKey, headers, checksum }, timeLeft) => {
      const input = {
        ...objectMembers(headers),
        Bucket: bucket,
        Key: objectKey,
        ...(checksum && {
          ChecksumAlgorithm: checksumName(checksum.algorithm),
          ChecksumType: checksum.type === 'composite' ? ('COMPOSITE' as const) : ('FULL_OBJECT' as const),
        }),
      };
      return ask('CreateMultipartUpload', async () => {
        const { UploadId } = await s3.ask(
          (sdk, client, limits) => client.send(new sdk.CreateMultipartUploadCommand(input), limits),
          { timeLeft },
        );
        return present(UploadId);
      });
    },

    listParts: (objectKey, s3UploadId, timeLeft) =>
      ask('ListParts', () =>
        allParts(s3, { Bucket: bucket, Key: objectKey, UploadId: s3UploadId }, timeLeft),
      ),

    completeMultipartUpload: (completion, timeLeft) =>
      ask('CompleteMultipartUpload', async () => {
        try {
          await s3.ask(
            (sdk, client, limits) =>
              client.send(
                new sdk.CompleteMultipartUploadCommand(completionInput(bucket, completion)),
                limits,
              ),
            { kind: 'completion', timeLeft },
          );
          return { outcome: 'completed' };
        } catch (error) {
          return completionOutcome(failureFrom(error)) ?? rethrown(error);
        }
      }),

    abortMultipartUpload: (objectKey, s3UploadId, timeLeft) =>
      ask('AbortMultipartUpload', async () => {
        const input = { Bucket: bucket, Key: objectKey, UploadId: s3UploadId };
        await undefinedOn('NoSuchUpload', () =>
          s3.ask((sdk, client, limits) => client.send(new sdk.AbortMultipartUploadCommand(input), limits), {
            timeLeft,
          }),
        );
      }),

    headObject: (objectKey, timeLeft) =>
      ask('HeadObject', () => headObject(s3, { Bucket: bucket, Key: objectKey }, timeLeft)),

    listMultipartUploads: (prefix) => listMultipartUploads(s3, bucket, prefix),

    close: s3.close,
  };
}

async function headObject(
  s3: StorageClient,
  name: { readonly Bucket: string; readonly Key: string },
  timeLeft: TimeLeft | undefined,
): Promise<StoredObject | undefined> {
  try {
    const head = await s3.ask(
      (sdk, client, limits) =>
        client.send(new sdk.HeadObjectCommand({ ...name, ChecksumMode: 'ENABLED' }), limits),
      { timeLeft },
    );
    return {
      sizeBytes: present(head.ContentLength),
      contentType: head.ContentType ?? '',
      etag: withoutQuotes(head.ETag),
      versionId: head.VersionId,
      checksum: storedChecksumFrom(head),
    };
  } catch (error) {
    // The answer to a HEAD has no body, and so no code.
    if (failureFrom(error).status === 404) return undefined;
    throw error;
  }
}

async function allParts(
  s3: StorageClient,
  input: { readonly Bucket: string; readonly Key: string; readonly UploadId: string },
  timeLeft: TimeLeft | undefined,
): Promise<StoredPart[] | undefined> {
  const parts: StoredPart[] = [];
  let marker: string | undefined;
  for (;;) {
    const page: ListPartsCommandOutput | undefined = await undefinedOn('NoSuchUpload', () =>
      s3.ask(
        (sdk, client, limits) =>
          client.send(new sdk.ListPartsCommand({ ...input, PartNumberMarker: marker }), limits),
        { timeLeft },
      ),
    );
    if (page === undefined) return undefined;
    parts.push(...(page.Parts ?? []).map(storedPartFrom));
    if (page.IsTruncated !== true) return parts.sort((a, b) => a.partNumber - b.partNumber);
    if (page.NextPartNumberMarker === undefined || page.NextPartNumberMarker === marker) throw endless();
    marker = page.NextPartNumberMarker;
  }
}

async function* listMultipartUploads(
  s3: StorageClient,
  Bucket: string,
  Prefix: string,
): AsyncGenerator<OpenMultipartUpload, void, undefined> {
  let keyMarker: string | undefined;
  let idMarker: string | undefined;
  for (;;) {
    const input = { Bucket, Prefix, KeyMarker: keyMarker, UploadIdMarker: idMarker };
    const page: ListMultipartUploadsCommandOutput = await ask('ListMultipartUploads', () =>
      s3.ask((sdk, client, limits) => client.send(new sdk.ListMultipartUploadsCommand(input), limits)),
    );
    for (const { Key, UploadId, Initiated } of page.Uploads ?? []) {
      if (Key === undefined || UploadId === undefined || Initiated === undefined) continue;
      yield { objectKey: Key, s3UploadId: UploadId, initiatedAtMs: Initiated.getTime() };
    }
    if (page.IsTruncated !== true) return;
    const [lastKey, lastId] = [keyMarker, idMarker];
    [keyMarker, idMarker] = [page.NextKeyMarker, page.NextUploadIdMarker];
    if (keyMarker === undefined || (keyMarker === lastKey && idMarker === lastId)) {
      throw storageFault('ListMultipartUploads', endless());
    }
  }
}

/** A server whose next page is the same again would be asked for ever, and one without a next page left half read. */
function endless(): Error {
  return new Error('the pages of the list have no end');
}

/** The answer, or the Fault for what was rejected with. */
async function ask<T>(operation: string, question: () => Promise<T>): Promise<T> {
  try {
    return await question();
  } catch (error) {
    throw storageFault(operation, error);
  }
}

async function undefinedOn<T>(code: string, question: () => Promise<T>): Promise<T | undefined> {
  try {
    return await question();
  } catch (error) {
    if (failureFrom(error).code === code) return undefined;
    throw error;
  }
}

function storedPartFrom(part: Part): StoredPart {
  return {
    partNumber: present(part.PartNumber),
    sizeBytes: present(part.Size),
    etag: withoutQuotes(part.ETag),
    checksum: storedChecksumFrom(part)?.value,
  };
}

function withoutQuotes(etag: string | undefined): string {
  return (etag ?? '').replace(/^"|"$/g, '');
}

/** What every S3 answers. Throws an Error for an answer without it, which is none of S3's. */
function present<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('the answer is not one of S3');
  return value;
}

function rethrown(error: unknown): never {
  throw error;
}
