import {
  createServer,
  type IncomingMessage,
  type OutgoingHttpHeader,
  type OutgoingHttpHeaders,
  type Server,
  ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { ServerLimits } from './server-limits.ts';

const CONNECT_REFUSED = 'HTTP/1.1 405 Method Not Allowed\r\nConnection: close\r\nContent-Length: 0\r\n\r\n';

export interface Http1Server {
  /** Owns the listening socket, so that Node's own request timeouts are armed. */
  readonly server: Server;
  /** Serves a connection as HTTP/1.1. */
  accept(socket: Socket): void;
}

/**
 * HTTP/1.1 on connections that are handed over by `accept`, not taken from the listener. What cannot be parsed,
 * is too large or too slow gets Node's bare 400, 431 or 408 with `Connection: close` and never reaches the handler.
 * From the moment `isDraining` every answer tells its client to leave the connection.
 */
export function createHttp1Server(
  handler: (request: IncomingMessage, response: ServerResponse) => void,
  limits: ServerLimits,
  isDraining: () => boolean,
): Http1Server {
  const server = createServer(
    {
      ServerResponse: drainableResponse(isDraining),
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersTimeoutMs,
      requestTimeout: limits.requestTimeoutMs,
      keepAliveTimeout: limits.keepAliveTimeoutMs,
      connectionsCheckingInterval: limits.timeoutCheckIntervalMs,
      // The edge checks every Host itself, and answers with a request id and an envelope.
      requireHostHeader: false,
    },
    handler,
  );
  // Headers beyond the count would be dropped silently, whatever they mean; their bytes are bounded instead.
  server.maxHeadersCount = 0;
  server.timeout = limits.silenceTimeoutMs;
  server.maxConnections = limits.maxConnections;
  // Node's own 417 would have neither an id nor a line in the log. RFC 9110 §10.1.1 lets a server ignore it.
  server.on('checkExpectation', handler);
  server.on('connect', (_request, socket) => {
    socket.end(CONNECT_REFUSED, () => socket.destroy());
  });

  // Not documented: Node's HTTP/1.1 handling of a new connection is the one listener of a fresh server.
  const [serveHttp1, ...others] = server.listeners('connection');
  if (serveHttp1 === undefined || others.length > 0)
    throw new Error('node:http no longer has one connection listener');
  server.removeAllListeners('connection');

  return { server, accept: (socket) => serveHttp1.call(server, socket) };
}

type Headers = OutgoingHttpHeaders | OutgoingHttpHeader[];

/** A response decides about keep-alive when its head is written, not when its request came: it may have waited long. */
function drainableResponse(isDraining: () => boolean): typeof ServerResponse<IncomingMessage> {
  return class extends ServerResponse<IncomingMessage> {
    override writeHead(statusCode: number, statusMessage?: string, headers?: Headers): this;
    override writeHead(statusCode: number, headers?: Headers): this;
    override writeHead(statusCode: number, reason?: string | Headers, headers?: Headers): this {
      if (isDraining()) this.shouldKeepAlive = false;
      return typeof reason === 'string'
        ? super.writeHead(statusCode, reason, headers)
        : super.writeHead(statusCode, reason ?? headers);
    }
  };
}
