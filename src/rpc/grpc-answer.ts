// The answer of a unary call over gRPC and gRPC-Web, which differ in where the trailers go.
import type { ConnectError } from '@connectrpc/connect';
import { type Compression, compressedFlag } from '@connectrpc/connect/protocol';
import { grpcStatusOk, setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import { trailerFlag, trailerSerialize } from '@connectrpc/connect/protocol-grpc-web';
import { acceptedCompression, COMPRESS_MIN_BYTES } from './answer-compression.ts';
import { frameOf } from './grpc-frame.ts';
import type { HttpResponse } from './http-handler.ts';
import type { LeanExchange } from './lean-exchange.ts';
import { setHeaders } from './set-headers.ts';

const STATUS = 'grpc-status';
const OK = { [STATUS]: grpcStatusOk };
const OK_FRAME = frameOf(Buffer.from(`${STATUS}: ${grpcStatusOk}\r\n`), trailerFlag);

export function sendGrpcMessage(exchange: LeanExchange, message: Uint8Array): Promise<void> {
  const { responseTrailer } = exchange.transport;
  responseTrailer?.set(STATUS, grpcStatusOk);
  return send(exchange, message, responseTrailer);
}

export function sendGrpcError(exchange: LeanExchange, error: ConnectError): Promise<void> {
  const trailers = setTrailerStatus(exchange.transport.responseTrailer ?? new Headers(), error);
  return send(exchange, undefined, trailers);
}

/** Without trailers of its own, the answer says that all went well. */
async function send(
  { request, response, wire, transport }: LeanExchange,
  message: Uint8Array | undefined,
  trailers: Headers | undefined,
): Promise<void> {
  const compression = acceptedCompression(request, wire.acceptHeader);
  response.setHeader('content-type', wire.contentType);
  // What the frames may be compressed with; each says for itself whether it is.
  if (compression !== undefined) response.setHeader('grpc-encoding', compression.name);
  setHeaders(response, transport.responseHeader);
  const frame =
    message && (isSmall(message) ? frameOf(message, 0) : await compressed(message, 0, compression));
  if (wire.protocol === 'grpc') return endWithTrailers(response, frame, trailers);
  const last = trailers === undefined ? OK_FRAME : await trailerFrame(trailers, compression);
  response.end(frame === undefined ? last : Buffer.concat([frame, last]));
}

function endWithTrailers(
  response: HttpResponse,
  frame: Buffer | undefined,
  trailers: Headers | undefined,
): void {
  response.addTrailers(trailers === undefined ? OK : Object.fromEntries(trailers));
  if (frame !== undefined) return void response.end(frame);
  // Ended without a byte, the stream would end with its headers.
  if ('stream' in response) response.writeHead(200);
  response.end();
}

async function trailerFrame(trailers: Headers, compression: Compression | undefined): Promise<Buffer> {
  const data = trailerSerialize(trailers);
  return isSmall(data) ? frameOf(data, trailerFlag) : compressed(data, trailerFlag, compression);
}

function isSmall({ length }: Uint8Array): boolean {
  return length < COMPRESS_MIN_BYTES;
}

async function compressed(
  data: Uint8Array,
  flags: number,
  compression: Compression | undefined,
): Promise<Buffer> {
  if (compression === undefined) return frameOf(data, flags);
  return frameOf(await compression.compress(data), flags | compressedFlag);
}
