import { createHash } from 'node:crypto';
import { type Checksum, type ChecksumAlgorithm, createDigest } from './checksums.ts';
import { S3Error } from './s3-error.ts';

/** S3 takes at most 5 GiB in one PUT, one part or one form. */
export const MAX_PUT_BYTES = 5 * 2 ** 30;

/** What the sender promised of a body; all of it is checked against what arrives. */
export interface BodyPromise {
  readonly bytes?: number;
  readonly minBytes?: number;
  readonly maxBytes: number;
  /** Base64 of the Content-MD5 header. */
  readonly md5?: string;
  readonly sha256Hex?: string;
  readonly checksum?: ChecksumPromise;
}

/** The checksum to compute and keep, and where the value to compare it with comes from. */
export type ChecksumPromise =
  | { readonly algorithm: ChecksumAlgorithm; readonly from: 'header'; readonly value: string }
  | { readonly algorithm: ChecksumAlgorithm; readonly from: 'trailer' | 'nowhere' };

export interface UploadBody {
  readonly promise: BodyPromise;
  readonly content: AsyncIterable<Buffer>;
  /** Headers behind an aws-chunked body, once the content has been read. */
  readonly trailer?: () => ReadonlyMap<string, string>;
}

export interface ReceivedBody {
  readonly size: number;
  readonly md5Hex: string;
  readonly checksum?: Checksum;
}

/**
 * Reads a body to its end, handing each piece to `write`, and checks every promise.
 * @throws S3Error when one is broken; IncompleteBody when the sender goes away.
 */
export async function receiveBody(
  { promise, content, trailer }: UploadBody,
  write: (piece: Buffer) => Promise<void> | void,
): Promise<ReceivedBody> {
  const md5 = createHash('md5');
  const sha256 = promise.sha256Hex === undefined ? undefined : createHash('sha256');
  const digest = promise.checksum && createDigest(promise.checksum.algorithm);
  const limit = promise.bytes ?? promise.maxBytes;
  let size = 0;
  for await (const piece of untilCutOff(content)) {
    size += piece.length;
    if (size > limit)
      throw promise.bytes === undefined ? tooLarge(size, limit) : new S3Error('IncompleteBody');
    md5.update(piece);
    sha256?.update(piece);
    digest?.update(piece);
    await write(piece);
  }
  const md5Hex = md5.digest('hex');
  checkSize(promise, size);
  checkHashes(promise, md5Hex, sha256?.digest('hex'));
  if (promise.checksum === undefined || digest === undefined) return { size, md5Hex };
  return { size, md5Hex, checksum: checkedChecksum(promise.checksum, digest.base64(), trailer) };
}

function checkSize({ bytes, minBytes }: BodyPromise, size: number): void {
  if (bytes !== undefined && size !== bytes) throw new S3Error('IncompleteBody');
  if (minBytes !== undefined && size < minBytes) throw tooSmall(size, minBytes);
}

function checkHashes(promise: BodyPromise, md5Hex: string, sha256Hex: string | undefined): void {
  if (promise.md5 !== undefined && promise.md5 !== Buffer.from(md5Hex, 'hex').toString('base64')) {
    throw new S3Error('BadDigest', 'The Content-MD5 given does not match the data received.');
  }
  if (sha256Hex !== undefined && sha256Hex !== promise.sha256Hex) {
    throw new S3Error('XAmzContentSHA256Mismatch', undefined, {
      ClientComputedContentSHA256: promise.sha256Hex ?? '',
      S3ComputedContentSHA256: sha256Hex,
    });
  }
}

function checkedChecksum(promise: ChecksumPromise, value: string, trailer: UploadBody['trailer']): Checksum {
  const { algorithm, from } = promise;
  const expected = from === 'header' ? promise.value : trailer?.().get(`x-amz-checksum-${algorithm}`);
  if (from !== 'nowhere' && value !== expected) {
    throw new S3Error('BadDigest', `The ${algorithm.toUpperCase()} given does not match the data received.`);
  }
  return { algorithm, type: 'FULL_OBJECT', value };
}

/** A connection that breaks reads as a stream error of Node's own; to S3 it is an incomplete body. */
async function* untilCutOff(content: AsyncIterable<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* content;
  } catch (error) {
    throw error instanceof S3Error ? error : new S3Error('IncompleteBody');
  }
}

/** EntityTooLarge, with the figures. */
export function tooLarge(size: number, limit: number): S3Error {
  return new S3Error('EntityTooLarge', undefined, { ProposedSize: size, MaxSizeAllowed: limit });
}

function tooSmall(size: number, limit: number): S3Error {
  return new S3Error('EntityTooSmall', undefined, { ProposedSize: size, MinSizeAllowed: limit });
}
