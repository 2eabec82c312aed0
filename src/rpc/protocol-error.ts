import type { ConnectError } from '@connectrpc/connect';
import { codeToHttpStatus, errorToJsonBytes } from '@connectrpc/connect/protocol-connect';
import { setTrailerStatus } from '@connectrpc/connect/protocol-grpc';
import type { HttpRequest, HttpResponse } from './http-handler.ts';
import { setHeaders } from './set-headers.ts';

export type Protocol = 'connect' | 'grpc' | 'grpc-web';

/** The protocol that a request to an RPC path speaks, by its content type. */
export function protocolOf(request: HttpRequest): Protocol {
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('application/grpc-web')) return 'grpc-web';
  return type.startsWith('application/grpc') ? 'grpc' : 'connect';
}

/** Answers an error in the shape of the request's own protocol where no handler of connect's is there to do it. */
export function sendProtocolError(
  request: HttpRequest,
  response: HttpResponse,
  error: ConnectError,
  connectStatus: number = codeToHttpStatus(error.code),
): void {
  const protocol = protocolOf(request);
  // A cache may keep a 404 unasked (RFC 9110 §15.1), and the RPC may exist tomorrow.
  response.setHeader('cache-control', 'no-store');
  if (protocol === 'connect') {
    response.statusCode = connectStatus;
    response.setHeader('content-type', 'application/json');
    setHeaders(response, error.metadata);
    response.end(errorToJsonBytes(error, undefined));
    return;
  }
  // The status travels in the headers when there is no message (gRPC over HTTP/2, "Trailers-Only").
  response.statusCode = 200;
  response.setHeader('content-type', request.headers['content-type'] ?? `application/${protocol}`);
  setHeaders(response, setTrailerStatus(new Headers(), error));
  response.end();
}
