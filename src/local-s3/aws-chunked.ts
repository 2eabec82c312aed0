// The aws-chunked content coding with an unsigned trailer (STREAMING-UNSIGNED-PAYLOAD-TRAILER):
// https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-streaming-trailers.html
import { S3Error } from './s3-error.ts';

/** A chunk header or trailer line longer than this is not one. */
const MAX_LINE_BYTES = 4096;
const MAX_TRAILER_LINES = 32;

export interface AwsChunkedDecoder {
  /** Takes the next bytes of the body and returns the content in them. */
  push(bytes: Buffer): Buffer[];
  /** The trailer by lower-case name. @throws S3Error IncompleteBody when the body ended too early. */
  end(): ReadonlyMap<string, string>;
}

type Expecting = 'size' | 'data' | 'data-end' | 'trailer' | 'end';

/** Decodes incrementally; pieces may be cut anywhere. At most one line is ever held back. */
export function createAwsChunkedDecoder(): AwsChunkedDecoder {
  let expecting: Expecting = 'size';
  let leftInChunk = 0;
  let lineStart = Buffer.alloc(0);
  const trailer = new Map<string, string>();

  function takeLine(line: string): void {
    if (expecting === 'size') {
      const size = /^([0-9a-f]{1,12})(?:;.*)?$/i.exec(line)?.[1];
      if (size === undefined) throw malformed('a chunk size was expected');
      leftInChunk = Number.parseInt(size, 16);
      expecting = leftInChunk === 0 ? 'trailer' : 'data';
    } else if (expecting === 'data-end') {
      if (line !== '') throw malformed('a chunk is longer than its size');
      expecting = 'size';
    } else if (line === '') {
      expecting = 'end';
    } else {
      const colon = line.indexOf(':');
      if (colon < 1 || trailer.size >= MAX_TRAILER_LINES)
        throw malformed('the trailer is not made of headers');
      trailer.set(line.slice(0, colon).trim().toLowerCase(), line.slice(colon + 1).trim());
    }
  }

  /** Takes the bytes up to the end of the line, or all of them where it does not end here. Returns how many. */
  function takeLineBytes(bytes: Buffer): number {
    const newline = bytes.indexOf('\n');
    const piece = newline < 0 ? bytes : bytes.subarray(0, newline + 1);
    lineStart = Buffer.concat([lineStart, piece]);
    if (lineStart.length > MAX_LINE_BYTES) throw malformed('a line is too long');
    if (newline >= 0) {
      const line = lineStart.toString('latin1');
      lineStart = Buffer.alloc(0);
      if (!line.endsWith('\r\n')) throw malformed('a line does not end in CRLF');
      takeLine(line.slice(0, -2));
    }
    return piece.length;
  }

  return {
    push(bytes) {
      const content: Buffer[] = [];
      for (let rest = bytes; rest.length > 0; ) {
        if (expecting === 'end') throw malformed('there are bytes behind the trailer');
        if (expecting !== 'data') {
          rest = rest.subarray(takeLineBytes(rest));
          continue;
        }
        const piece = rest.subarray(0, leftInChunk);
        content.push(piece);
        leftInChunk -= piece.length;
        if (leftInChunk === 0) expecting = 'data-end';
        rest = rest.subarray(piece.length);
      }
      return content;
    },
    end() {
      if (expecting !== 'end')
        throw new S3Error('IncompleteBody', 'The aws-chunked body ended in the middle.');
      return trailer;
    },
  };
}

function malformed(reason: string): S3Error {
  return new S3Error('InvalidRequest', `The aws-chunked body is malformed: ${reason}.`);
}
