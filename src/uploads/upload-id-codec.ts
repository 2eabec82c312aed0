// What an upload id says, before it is sealed:
//
//     version | flags | expiry | sizes | checksum | multipart | destination, object key, content type
//
// The texts at the end are deflated where the id would be too long otherwise.
import { deflateRawSync, inflateRawSync } from 'node:zlib';
import { type ByteReader, createByteReader } from './byte-reader.ts';
import { type ByteWriter, createByteWriter } from './byte-writer.ts';
import { CHECKSUMS } from './checksum-headers.ts';
import { type MultipartChecksum, PLAN_KINDS, type PlanKind } from './plan.ts';
import type { TrackedMultipart, TrackedUpload } from './tracked-upload.ts';
import type { ChecksumAlgorithm, ObjectKey } from './upload.ts';

const VERSION = 1;

/** The lowest two bits of the flags are the kind. */
const KIND_BITS = 0b11;
const FLAGS = {
  contentTypeIsPrefix: 1 << 2,
  oneShot: 1 << 3,
  hasChecksum: 1 << 4,
  isMultipart: 1 << 5,
  hasRange: 1 << 6,
  isDeflated: 1 << 7,
} as const;

/** Their order is part of what is encoded: new ones go to the end. */
const ALGORITHMS = [
  'sha256',
  'sha1',
  'crc32',
  'crc32c',
  'crc64nvme',
] as const satisfies readonly ChecksumAlgorithm[];

/** Above all three texts together: an object key of 1024 bytes, a content type of 255 and a name. */
const TEXTS_MAX_BYTES = 2048;

/** The upload as bytes. `deflated` makes them fewer and takes longer. A checksum has to be one of its algorithm. */
export function encodeUpload(upload: TrackedUpload, deflated: boolean): Uint8Array {
  const { checksum, multipart, minSizeBytes, maxSizeBytes } = upload;
  const writer = createByteWriter();
  const hasRange = minSizeBytes !== maxSizeBytes;
  writer.byte(VERSION);
  writer.byte(
    PLAN_KINDS.indexOf(upload.kind) |
      (upload.contentTypeIsPrefix ? FLAGS.contentTypeIsPrefix : 0) |
      (upload.oneShot ? FLAGS.oneShot : 0) |
      (checksum === undefined ? 0 : FLAGS.hasChecksum) |
      (multipart === undefined ? 0 : FLAGS.isMultipart) |
      (hasRange ? FLAGS.hasRange : 0) |
      (deflated ? FLAGS.isDeflated : 0),
  );
  writer.number(Math.floor(upload.expiresAtMs / 1000));
  writer.number(maxSizeBytes);
  if (hasRange) writer.number(minSizeBytes);
  if (checksum !== undefined) {
    writer.byte(ALGORITHMS.indexOf(checksum.algorithm));
    writer.bytes(Buffer.from(checksum.value, 'base64'));
  }
  if (multipart !== undefined) writeMultipart(multipart, writer);
  const texts = encodeTexts(upload);
  writer.bytes(deflated ? deflateRawSync(texts, { level: 9 }) : texts);
  return writer.finish();
}

/** What `encodeUpload` encoded; undefined for all other bytes. Never throws. */
export function decodeUpload(encoded: Uint8Array): TrackedUpload | undefined {
  const reader = createByteReader(encoded);
  const version = reader.byte();
  const flags = reader.byte();
  const kind: PlanKind | undefined = PLAN_KINDS[flags & KIND_BITS];
  if (version !== VERSION || kind === undefined) return undefined;
  const has = (flag: number): boolean => (flags & flag) !== 0;
  const expiresAtMs = reader.number() * 1000;
  const maxSizeBytes = reader.number();
  const minSizeBytes = has(FLAGS.hasRange) ? reader.number() : maxSizeBytes;
  const checksum = has(FLAGS.hasChecksum) ? readChecksum(reader) : undefined;
  const multipart = has(FLAGS.isMultipart) ? readMultipart(reader) : undefined;
  const rest = reader.rest();
  const texts = decodeTexts(has(FLAGS.isDeflated) ? inflated(rest) : rest);
  if (!reader.isDone() || checksum === null || multipart === null || texts === undefined) return undefined;
  return {
    kind,
    ...texts,
    expiresAtMs,
    contentTypeIsPrefix: has(FLAGS.contentTypeIsPrefix),
    minSizeBytes,
    maxSizeBytes,
    checksum,
    oneShot: has(FLAGS.oneShot),
    multipart,
  };
}

type Texts = Pick<TrackedUpload, 'destination' | 'objectKey' | 'contentType'>;

function encodeTexts({ destination, objectKey, contentType }: Texts): Uint8Array {
  const writer = createByteWriter();
  for (const text of [destination, objectKey, contentType]) writer.text(text);
  return writer.finish();
}

function decodeTexts(encoded: Uint8Array | undefined): Texts | undefined {
  if (encoded === undefined) return undefined;
  const reader = createByteReader(encoded);
  const destination = reader.text();
  const objectKey = reader.text() as ObjectKey;
  const contentType = reader.text();
  return reader.isDone() ? { destination, objectKey, contentType } : undefined;
}

function inflated(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return inflateRawSync(bytes, { maxOutputLength: TEXTS_MAX_BYTES });
  } catch {
    return undefined;
  }
}

/** Null for an algorithm that does not exist. */
function readChecksum(reader: ByteReader): Exclude<TrackedUpload['checksum'], undefined> | null {
  const algorithm = ALGORITHMS[reader.byte()];
  if (algorithm === undefined) return null;
  return { algorithm, value: reader.bytes(CHECKSUMS[algorithm].bytes).toString('base64') };
}

function writeMultipart({ s3UploadId, partSizeBytes, checksum }: TrackedMultipart, writer: ByteWriter): void {
  const packed = Buffer.from(s3UploadId, 'base64url');
  // Most providers' ids are base64url, which makes three bytes of every four.
  const isPacked = packed.toString('base64url') === s3UploadId;
  const id = isPacked ? packed : Buffer.from(s3UploadId);
  writer.number(partSizeBytes);
  writer.byte(checksumTypeCode(checksum));
  writer.number(id.length * 2 + (isPacked ? 1 : 0));
  writer.bytes(id);
}

/** Null for a checksum that does not exist. */
function readMultipart(reader: ByteReader): TrackedMultipart | null {
  const partSizeBytes = reader.number();
  const code = reader.byte();
  const checksum = MULTIPART_CHECKSUMS[code - 1];
  if (code > MULTIPART_CHECKSUMS.length) return null;
  const length = reader.number();
  const id = reader.bytes(Math.floor(length / 2));
  return { s3UploadId: id.toString(length % 2 === 1 ? 'base64url' : 'utf8'), partSizeBytes, checksum };
}

/** By code from 1 on; 0 stands for no checksum. */
const MULTIPART_CHECKSUMS: readonly MultipartChecksum[] = ALGORITHMS.flatMap((algorithm) => [
  { algorithm, type: 'full_object' },
  { algorithm, type: 'composite' },
]);

function checksumTypeCode(checksum: MultipartChecksum | undefined): number {
  if (checksum === undefined) return 0;
  return ALGORITHMS.indexOf(checksum.algorithm) * 2 + (checksum.type === 'composite' ? 2 : 1);
}
