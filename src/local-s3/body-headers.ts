import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { createAwsChunkedDecoder } from './aws-chunked.ts';
import {
  CHECKSUM_ALGORITHMS,
  type ChecksumAlgorithm,
  checksumAlgorithmFromName,
  isChecksumValue,
} from './checksums.ts';
import { S3Error } from './s3-error.ts';
import { type BodyPromise, type ChecksumPromise, tooLarge, type UploadBody } from './upload-body.ts';

/** Limits of a body, and what its checksum headers are about. */
export interface BodyOptions {
  readonly maxBytes: number;
  /** `object`: the headers speak of the object that the request makes, not of the request's own body. */
  readonly checksumsOf?: 'body' | 'object';
}

/**
 * Reads the headers of an upload, and refuses what can be refused before a byte of the body is asked for.
 * @throws S3Error
 */
export function uploadBodyFromRequest(
  message: IncomingMessage,
  payloadHash: string,
  { maxBytes, checksumsOf = 'body' }: BodyOptions,
): UploadBody {
  const { headers } = message;
  const isStreaming = payloadHash === 'STREAMING-UNSIGNED-PAYLOAD-TRAILER';
  const isHash = /^[0-9a-f]{64}$/.test(payloadHash);
  if (!isStreaming && payloadHash.startsWith('STREAMING-')) {
    throw new S3Error('NotImplemented', `This development endpoint does not implement ${payloadHash}.`);
  }
  if (!isStreaming && !isHash && payloadHash !== 'UNSIGNED-PAYLOAD') {
    throw new S3Error('InvalidArgument', 'x-amz-content-sha256 is neither a SHA-256 nor a known scheme.');
  }
  if (!isStreaming && /\baws-chunked\b/i.test(headers['content-encoding'] ?? '')) {
    throw new S3Error('NotImplemented', 'aws-chunked is only implemented with an unsigned trailer.');
  }
  const bytes = announcedBytes(headers, isStreaming);
  if (bytes > maxBytes) throw tooLarge(bytes, maxBytes);
  const checksum = checksumsOf === 'body' ? announcedChecksum(headers, isStreaming) : undefined;
  const promise: BodyPromise = {
    bytes,
    maxBytes,
    ...announcedMd5(headers),
    ...(isHash && { sha256Hex: payloadHash }),
    ...(checksum !== undefined && { checksum }),
  };
  // Leaving the loop must not destroy the request: its connection still has to carry the answer.
  const content: AsyncIterable<Buffer> = message.iterator({ destroyOnReturn: false });
  return isStreaming ? { promise, ...decodeAwsChunked(content) } : { promise, content };
}

function decodeAwsChunked(source: AsyncIterable<Buffer>): Required<Omit<UploadBody, 'promise'>> {
  const decoder = createAwsChunkedDecoder();
  async function* content(): AsyncGenerator<Buffer> {
    for await (const bytes of source) yield* decoder.push(bytes);
    decoder.end();
  }
  return { content: content(), trailer: () => decoder.end() };
}

function announcedBytes(headers: IncomingHttpHeaders, isStreaming: boolean): number {
  const text = isStreaming ? headers['x-amz-decoded-content-length'] : headers['content-length'];
  if (text === undefined) throw new S3Error('MissingContentLength');
  if (typeof text !== 'string' || !/^\d{1,15}$/.test(text)) {
    throw new S3Error('InvalidArgument', 'The length announced is not a number of bytes.');
  }
  return Number(text);
}

function announcedMd5(headers: IncomingHttpHeaders): { md5?: string } {
  const md5 = headers['content-md5'];
  if (md5 === undefined) return {};
  if (typeof md5 !== 'string' || !/^[A-Za-z0-9+/]{22}==$/.test(md5)) throw new S3Error('InvalidDigest');
  return { md5 };
}

function announcedChecksum(headers: IncomingHttpHeaders, isStreaming: boolean): ChecksumPromise | undefined {
  const given: ChecksumPromise[] = checksumHeaders(headers).map((row) => ({ ...row, from: 'header' }));
  const trailing = isStreaming ? trailingChecksum(headers['x-amz-trailer']) : undefined;
  const [checksum, ...others] = trailing === undefined ? given : [...given, trailing];
  if (others.length > 0) throw new S3Error('InvalidRequest', 'Only one checksum of the body may be given.');
  if (checksum === undefined) {
    if (headers['x-amz-sdk-checksum-algorithm'] !== undefined) {
      throw new S3Error('InvalidRequest', 'x-amz-sdk-checksum-algorithm names a checksum that is not given.');
    }
    return undefined;
  }
  if (checksum.from === 'header' && !isChecksumValue(checksum.algorithm, checksum.value)) {
    throw new S3Error('InvalidRequest', `Value for x-amz-checksum-${checksum.algorithm} header is invalid.`);
  }
  return checksum;
}

/** The `x-amz-checksum-<algorithm>` headers, as they are. */
export function checksumHeaders(
  headers: IncomingHttpHeaders,
): { algorithm: ChecksumAlgorithm; value: string }[] {
  return Object.keys(CHECKSUM_ALGORITHMS).flatMap((name) => {
    const algorithm = checksumAlgorithmFromName(name);
    const value = headers[`x-amz-checksum-${name}`];
    return algorithm !== undefined && typeof value === 'string' ? [{ algorithm, value }] : [];
  });
}

function trailingChecksum(trailer: string | string[] | undefined): ChecksumPromise | undefined {
  if (trailer === undefined) return undefined;
  const name = /^x-amz-checksum-([a-z0-9]+)$/i.exec(String(trailer).trim())?.[1];
  const algorithm = name === undefined ? undefined : checksumAlgorithmFromName(name);
  if (algorithm === undefined) {
    throw new S3Error('InvalidRequest', 'The value specified in the x-amz-trailer header is not supported.');
  }
  return { algorithm, from: 'trailer' };
}
