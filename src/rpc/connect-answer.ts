// The answer of a unary call over Connect (https://connectrpc.com/docs/protocol, "Unary-Response").
import type { ConnectError } from '@connectrpc/connect';
import { mergeNonProtocolHeaders } from '@connectrpc/connect/protocol';
import {
  codeToHttpStatus,
  contentTypeUnaryJson,
  errorToJsonBytes,
} from '@connectrpc/connect/protocol-connect';
import { acceptedCompression, COMPRESS_MIN_BYTES } from './answer-compression.ts';
import type { LeanExchange } from './lean-exchange.ts';
import { setHeaders } from './set-headers.ts';

export function sendConnectMessage(exchange: LeanExchange, message: Uint8Array): Promise<void> {
  return send(exchange, 200, exchange.wire.contentType, message);
}

export function sendConnectError(exchange: LeanExchange, error: ConnectError): Promise<void> {
  const { transport, jsonOptions } = exchange;
  transport.responseHeader ??= new Headers();
  mergeNonProtocolHeaders(transport.responseHeader, error.metadata);
  const body = errorToJsonBytes(error, jsonOptions);
  return send(exchange, codeToHttpStatus(error.code), contentTypeUnaryJson, body);
}

async function send(
  { request, response, wire, transport }: LeanExchange,
  status: number,
  contentType: string,
  uncompressed: Uint8Array,
): Promise<void> {
  response.statusCode = status;
  response.setHeader('content-type', contentType);
  setHeaders(response, transport.responseHeader);
  setHeaders(response, transport.responseTrailer, 'trailer-');
  let body = uncompressed;
  if (body.length >= COMPRESS_MIN_BYTES) {
    const compression = acceptedCompression(request, wire.acceptHeader);
    if (compression !== undefined) {
      body = await compression.compress(body);
      response.setHeader('content-encoding', compression.name);
    }
  }
  response.setHeader('content-length', body.length);
  response.end(body);
}
