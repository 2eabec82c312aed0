import { randomBytes } from 'node:crypto';
import {
  type Call,
  type Operation,
  type OperationContext,
  replyEmpty,
  replyWithXml,
  requireUpload,
} from './call.ts';
import { CHECKSUM_ALGORITHMS, checksumAlgorithmFromName } from './checksums.ts';
import { completeMultipartUpload } from './complete-multipart.ts';
import { listMultipartUploads, listParts } from './multipart-listing.ts';
import { checksumReplyHeaders, keptHeadersFromRequest } from './object-headers.ts';
import { integerFromQuery } from './paging.ts';
import { S3Error } from './s3-error.ts';
import { MAX_PUT_BYTES, type UploadBody } from './upload-body.ts';
import type { UploadChecksum } from './upload-catalog.ts';

type MultipartOperation =
  | 'createMultipartUpload'
  | 'uploadPart'
  | 'completeMultipartUpload'
  | 'abortMultipartUpload'
  | 'listParts'
  | 'listMultipartUploads';

/** Part numbers run from 1 to this. */
const MAX_PARTS = 10_000;

export function createMultipartOperations(context: OperationContext): Record<MultipartOperation, Operation> {
  const { store } = context;
  return {
    createMultipartUpload: async (call) => createMultipartUpload(context, call),
    uploadPart: (call) => uploadPart(context, call),
    completeMultipartUpload: (call) => completeMultipartUpload(context, call),
    listParts: async (call) => listParts(context, call),
    listMultipartUploads: async (call) => listMultipartUploads(context, call),

    async abortMultipartUpload(call) {
      const upload = requireUpload(context, call);
      await store.commit([], () => {
        const parts = store.uploads.parts(upload.id, 0);
        store.uploads.delete(upload.id);
        return parts;
      });
      replyEmpty(call.response, 204);
    },
  };
}

function createMultipartUpload({ store, wallClockMs }: OperationContext, call: Call): void {
  const { bucket, key, query } = call.target;
  store.objects.requireBucket(bucket);
  const checksum = checksumOfUpload(call);
  const initiatedMs = wallClockMs();
  // Ids sort by age, in which order uploads to one key are listed.
  const id = initiatedMs.toString(16).padStart(12, '0') + randomBytes(16).toString('hex');
  store.uploads.create({
    id,
    bucket,
    key,
    initiatedMs,
    headers: keptHeadersFromRequest(call.message.headers, query),
    ...(checksum !== undefined && { checksum }),
  });
  if (checksum !== undefined) {
    call.response.setHeader('x-amz-checksum-algorithm', checksum.algorithm.toUpperCase());
    call.response.setHeader('x-amz-checksum-type', checksum.type);
  }
  replyWithXml(call.response, 'InitiateMultipartUploadResult', { Bucket: bucket, Key: key, UploadId: id });
}

function checksumOfUpload({ message, target }: Call): UploadChecksum | undefined {
  if (target.query.has('x-amz-checksum-algorithm')) {
    throw new S3Error('NotImplemented', 'x-amz-checksum-algorithm is only implemented as a header.');
  }
  const name = message.headers['x-amz-checksum-algorithm'];
  if (name === undefined) return undefined;
  const algorithm = checksumAlgorithmFromName(String(name));
  if (algorithm === undefined) {
    throw new S3Error('InvalidRequest', 'The value specified for x-amz-checksum-algorithm is not supported.');
  }
  const row = CHECKSUM_ALGORITHMS[algorithm];
  const type = message.headers['x-amz-checksum-type'] ?? (row.composes ? 'COMPOSITE' : 'FULL_OBJECT');
  if (type === 'COMPOSITE' && row.composes) return { algorithm, type };
  if (type === 'FULL_OBJECT' && 'crc' in row) return { algorithm, type };
  throw new S3Error(
    'InvalidRequest',
    `The checksum type ${type} does not go with ${algorithm.toUpperCase()}.`,
  );
}

async function uploadPart(context: OperationContext, call: Call): Promise<void> {
  const { store, wallClockMs } = context;
  const { query } = call.target;
  const number = integerFromQuery(query, 'partNumber') ?? 0;
  if (number < 1 || number > MAX_PARTS || !query.has('uploadId')) {
    throw new S3Error(
      'InvalidArgument',
      `A part needs an uploadId and a partNumber from 1 to ${MAX_PARTS}.`,
      {
        ArgumentName: 'partNumber',
        ArgumentValue: query.get('partNumber') ?? '',
      },
    );
  }
  const upload = requireUpload(context, call);
  const body = withChecksumOfUpload(call.openBody({ maxBytes: MAX_PUT_BYTES }), upload.checksum);
  const { segment, size, md5Hex, checksum } = await store.blobs.receive(body);
  await store.commit([segment], () => {
    // The upload may have been completed or aborted while the part was on its way.
    requireUpload(context, call);
    return store.uploads.putPart(upload.id, {
      number,
      etag: md5Hex,
      size,
      modifiedMs: wallClockMs(),
      blob: segment.blob,
      ...(checksum !== undefined && { checksum: checksum.value }),
    });
  });
  const { 'x-amz-checksum-type': _, ...checksumHeader } = checksumReplyHeaders(checksum);
  replyEmpty(call.response, 200, { etag: `"${md5Hex}"`, ...checksumHeader });
}

/** A part of an upload with checksums has to bring its own; only for one of the whole object is it computed here. */
function withChecksumOfUpload(body: UploadBody, wanted: UploadChecksum | undefined): UploadBody {
  const given = body.promise.checksum?.algorithm;
  if (wanted === undefined || given === wanted.algorithm) return body;
  if (given === undefined && wanted.type === 'FULL_OBJECT') {
    return {
      ...body,
      promise: { ...body.promise, checksum: { algorithm: wanted.algorithm, from: 'nowhere' } },
    };
  }
  throw new S3Error(
    'InvalidRequest',
    `Checksum Type mismatch occurred, expected checksum Type: ${wanted.algorithm}, actual checksum Type: ${given ?? 'null'}`,
  );
}
