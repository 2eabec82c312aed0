import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HttpRequest } from '../rpc/http-handler.ts';

/** The connection of a request, or undefined when it is gone. */
export function socketOf(request: HttpRequest): Socket | TLSSocket | undefined {
  // The session's view of the socket is made once, a stream's for each request.
  return 'stream' in request ? request.stream.session?.socket : request.socket;
}

/** Whether the request came over TLS. */
export function isSecured(request: HttpRequest): boolean {
  const socket = socketOf(request);
  return socket !== undefined && 'encrypted' in socket && socket.encrypted === true;
}
