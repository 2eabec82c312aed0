import { type Call, isoTime, type OperationContext, replyWithXml, requireUpload } from './call.ts';
import { integerFromQuery, keyEncoding, pageSizeFromQuery } from './paging.ts';
import { S3Error } from './s3-error.ts';
import type { MultipartUpload } from './upload-catalog.ts';

/** Sorts behind every upload id. */
const LAST_ID = '\u{10FFFF}';

/** One page of the parts that an upload has. */
export function listParts(context: OperationContext, call: Call): void {
  const { bucket, key, query } = call.target;
  const upload = requireUpload(context, call);
  const marker = integerFromQuery(query, 'part-number-marker') ?? 0;
  const maxParts = pageSizeFromQuery(query, 'max-parts');
  const parts = context.store.uploads.parts(upload.id, marker);
  const page = parts.slice(0, maxParts);
  const encode = keyEncoding(query);
  replyWithXml(call.response, 'ListPartsResult', {
    Bucket: bucket,
    Key: encode(key),
    UploadId: upload.id,
    PartNumberMarker: marker,
    NextPartNumberMarker: page.at(-1)?.number ?? marker,
    MaxParts: maxParts,
    IsTruncated: parts.length > page.length,
    StorageClass: 'STANDARD',
    ChecksumAlgorithm: upload.checksum?.algorithm.toUpperCase(),
    ChecksumType: upload.checksum?.type,
    Part: page.map((part) => ({
      PartNumber: part.number,
      LastModified: isoTime(part.modifiedMs),
      ETag: `"${part.etag}"`,
      Size: part.size,
      ...(upload.checksum !== undefined && {
        [`Checksum${upload.checksum.algorithm.toUpperCase()}`]: part.checksum,
      }),
    })),
  });
}

/** One page of the uploads that are neither completed nor aborted. */
export function listMultipartUploads({ store }: OperationContext, { target, response }: Call): void {
  const { bucket, query } = target;
  store.objects.requireBucket(bucket);
  if (query.get('delimiter')) {
    throw new S3Error('NotImplemented', 'This development endpoint lists uploads without a delimiter only.');
  }
  const [prefix, keyMarker] = [query.get('prefix') ?? '', query.get('key-marker') ?? ''];
  const idMarker = query.get('upload-id-marker');
  const maxUploads = pageSizeFromQuery(query, 'max-uploads');
  const page: MultipartUpload[] = [];
  let isTruncated = false;
  for (const upload of store.uploads.scan(bucket, prefix, { key: keyMarker, id: idMarker || LAST_ID })) {
    isTruncated = page.length >= maxUploads;
    if (isTruncated) break;
    page.push(upload);
  }
  const encode = keyEncoding(query);
  const last = isTruncated ? page.at(-1) : undefined;
  replyWithXml(response, 'ListMultipartUploadsResult', {
    Bucket: bucket,
    Prefix: encode(prefix),
    KeyMarker: encode(keyMarker),
    UploadIdMarker: idMarker ?? '',
    NextKeyMarker: last && encode(last.key),
    NextUploadIdMarker: last?.id,
    MaxUploads: maxUploads,
    IsTruncated: last !== undefined,
    Upload: page.map((upload) => ({
      Key: encode(upload.key),
      UploadId: upload.id,
      Initiated: isoTime(upload.initiatedMs),
      StorageClass: 'STANDARD',
      ChecksumAlgorithm: upload.checksum?.algorithm.toUpperCase(),
      ChecksumType: upload.checksum?.type,
    })),
  });
}
