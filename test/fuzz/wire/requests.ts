import type { Chance } from '../chance.ts';
import type { FuzzInput } from '../input.ts';
import { API_KEY } from '../known.ts';
import { headerBlock } from './http2-writer.ts';

/** A request of good framing, whatever it holds. */
export interface WireRequest {
  readonly method: string;
  readonly path: string;
  /** Without Host and Content-Length, which are added. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Uint8Array;
}

/** The header block of one HTTP/2 stream, without its body. */
export function http2Block({ method, path, headers, body }: WireRequest, authority = 'fuzz.test'): Buffer {
  return headerBlock([
    [':method', method],
    [':scheme', 'http'],
    [':path', path],
    [':authority', authority],
    ...Object.entries(headers),
    ...(body.length > 0 ? [['content-length', String(body.length)] as const] : []),
  ]);
}

export function http1Bytes({ method, path, headers, body }: WireRequest): Buffer {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`);
  const length = body.length > 0 || method === 'POST' ? `content-length: ${body.length}\r\n` : '';
  const head = `${method} ${path} HTTP/1.1\r\nhost: fuzz.test\r\n${lines.join('')}${length}\r\n`;
  return Buffer.concat([Buffer.from(head, 'latin1'), body]);
}

/** What a server always lets an HTTP/2 client send at once: it gives back room when half of its 64 KiB is used. */
const STREAM_BODY_MAX_BYTES = 16_384;

/** The request over one of the two versions. */
export function overEither(request: WireRequest, chance: Chance): Omit<FuzzInput, 'id'> {
  return chance.happens(0.5) || request.body.length > STREAM_BODY_MAX_BYTES
    ? { channel: 'http1', pieces: [http1Bytes(request)] }
    : { channel: 'http2', pieces: [http2Block(request), request.body] };
}

/** What a request of the administrator carries. */
export function authorized(id: string, more: Readonly<Record<string, string>> = {}): Record<string, string> {
  return { authorization: `Bearer ${API_KEY}`, 'x-request-id': id, ...more };
}
