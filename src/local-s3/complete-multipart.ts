import { createHash } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import type { Segment } from './blobs.ts';
import { checksumHeaders } from './body-headers.ts';
import {
  type Call,
  type OperationContext,
  objectUrl,
  readText,
  replyWithXml,
  requireUpload,
} from './call.ts';
import { CHECKSUM_ALGORITHMS, type Checksum, checksumFromParts } from './checksums.ts';
import type { StoredObject } from './object-catalog.ts';
import { S3Error } from './s3-error.ts';
import type { MultipartUpload, Part } from './upload-catalog.ts';
import { childrenByName, parseXml } from './xml-parser.ts';

/** Every part but the last has at least 5 MiB. */
const MIN_PART_BYTES = 5 * 2 ** 20;
/** Ten thousand parts with a number, an ETag and a checksum each. */
const MAX_DOCUMENT_BYTES = 4 * 2 ** 20;
const CHECKSUM_ELEMENTS = Object.keys(CHECKSUM_ALGORITHMS).map((name) => `Checksum${name.toUpperCase()}`);

/** A part as the client names it. */
interface NamedPart {
  readonly number: number;
  readonly etag: string;
  /** By element name, such as `ChecksumCRC32`. */
  readonly checksums: ReadonlyMap<string, string>;
}

/** Makes an object of an upload's parts. They stay where they are; the object refers to them one after another. */
export async function completeMultipartUpload(context: OperationContext, call: Call): Promise<void> {
  const { store, wallClockMs } = context;
  const { bucket, key } = call.target;
  const { headers } = call.message;
  requireUpload(context, call);
  const named = parseParts(await readText(call, { maxBytes: MAX_DOCUMENT_BYTES, checksumsOf: 'object' }));
  let object: StoredObject | undefined;
  await store.commit([], () => {
    const upload = requireUpload(context, call);
    const uploaded = store.uploads.parts(upload.id, 0);
    const parts = chooseParts(named, uploaded, upload);
    const chosen = new Set(parts);
    object = { ...objectFromParts(upload, parts, headers), modifiedMs: wallClockMs() };
    const ifAbsent = headers['if-none-match'] !== undefined;
    const replaced = store.objects.put(bucket, object, { ifAbsent });
    store.uploads.delete(upload.id);
    return [...replaced, ...uploaded.filter((part) => !chosen.has(part))];
  });
  replyWithXml(call.response, 'CompleteMultipartUploadResult', {
    Location: objectUrl(call, bucket, key),
    Bucket: bucket,
    Key: key,
    ETag: `"${object?.etag}"`,
    ...(object?.checksum !== undefined && {
      [`Checksum${object.checksum.algorithm.toUpperCase()}`]: object.checksum.value,
      ChecksumType: object.checksum.type,
    }),
  });
}

function parseParts(text: string): NamedPart[] {
  const root = parseXml(text);
  if (root.name !== 'CompleteMultipartUpload' || root.children.length === 0)
    throw new S3Error('MalformedXML');
  return root.children.map((node) => {
    const fields = childrenByName(node, ['PartNumber', 'ETag', ...CHECKSUM_ELEMENTS]);
    const [number, etag] = [fields.get('PartNumber')?.text.trim(), fields.get('ETag')?.text.trim()];
    if (node.name !== 'Part' || !/^\d{1,5}$/.test(number ?? '') || etag === undefined) {
      throw new S3Error('MalformedXML');
    }
    const checksums = new Map(
      CHECKSUM_ELEMENTS.flatMap((name) => {
        const value = fields.get(name)?.text.trim();
        return value === undefined ? [] : [[name, value] as const];
      }),
    );
    return { number: Number(number), etag: etag.replaceAll('"', ''), checksums };
  });
}

/** Finds the parts that the client names, and checks that they are those it uploaded. */
function chooseParts(
  named: readonly NamedPart[],
  uploaded: readonly Part[],
  upload: MultipartUpload,
): Part[] {
  const byNumber = new Map(uploaded.map((part) => [part.number, part]));
  let previous = 0;
  const parts = named.map(({ number, etag, checksums }) => {
    if (number <= previous) throw new S3Error('InvalidPartOrder', undefined, { UploadId: upload.id });
    previous = number;
    const part = byNumber.get(number);
    const element = upload.checksum && `Checksum${upload.checksum.algorithm.toUpperCase()}`;
    const isAnother = [...checksums].some(([name, value]) => name !== element || value !== part?.checksum);
    if (part === undefined || part.etag !== etag || (upload.checksum !== undefined && isAnother)) {
      throw new S3Error('InvalidPart', undefined, { UploadId: upload.id, PartNumber: number, ETag: etag });
    }
    if (upload.checksum?.type === 'COMPOSITE' && element !== undefined && !checksums.has(element)) {
      throw new S3Error(
        'InvalidRequest',
        `The upload has checksums; ${element} is missing for part ${number}.`,
      );
    }
    return part;
  });
  const small = parts.slice(0, -1).find((part) => part.size < MIN_PART_BYTES);
  if (small !== undefined) {
    throw new S3Error('EntityTooSmall', undefined, {
      ProposedSize: small.size,
      MinSizeAllowed: MIN_PART_BYTES,
      PartNumber: small.number,
      ETag: small.etag,
    });
  }
  return parts;
}

function objectFromParts(
  upload: MultipartUpload,
  parts: readonly Part[],
  headers: IncomingHttpHeaders,
): Omit<StoredObject, 'modifiedMs'> {
  const size = parts.reduce((sum, part) => sum + part.size, 0);
  const announcedSize = headers['x-amz-mp-object-size'];
  if (announcedSize !== undefined && announcedSize !== String(size)) {
    throw new S3Error('InvalidRequest', `The parts have ${size} bytes, not x-amz-mp-object-size.`);
  }
  const checksum = checksumOfObject(upload, parts, headers);
  const md5s = Buffer.concat(parts.map((part) => Buffer.from(part.etag, 'hex')));
  const segments: Segment[] = parts.map((part) => ({ blob: part.blob, size: part.size }));
  return {
    key: upload.key,
    etag: `${createHash('md5').update(md5s).digest('hex')}-${parts.length}`,
    size,
    headers: upload.headers,
    segments,
    ...(checksum !== undefined && { checksum }),
  };
}

function checksumOfObject(
  upload: MultipartUpload,
  parts: readonly Part[],
  headers: IncomingHttpHeaders,
): Checksum | undefined {
  const announced = checksumHeaders(headers);
  const type = headers['x-amz-checksum-type'];
  if (upload.checksum === undefined) {
    if (announced.length === 0) return undefined;
    throw new S3Error('InvalidRequest', 'The upload was created without a checksum algorithm.');
  }
  if (type !== undefined && type !== upload.checksum.type) {
    throw new S3Error('InvalidRequest', `The checksum type of the upload is ${upload.checksum.type}.`);
  }
  const checksum = checksumFromParts(
    upload.checksum.algorithm,
    upload.checksum.type,
    parts.map((part) => ({ value: part.checksum ?? '', size: part.size })),
  );
  const [plain] = checksum.value.split('-');
  const isTrue = announced.every(
    ({ algorithm, value }) =>
      algorithm === checksum.algorithm && (value === checksum.value || value === plain),
  );
  if (!isTrue) throw new S3Error('BadDigest', 'The checksum given does not match that of the parts.');
  return checksum;
}
