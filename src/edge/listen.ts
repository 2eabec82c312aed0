import { type AddressInfo, Server as NetServer, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { HttpRequest, HttpResponse } from '../rpc/http-handler.ts';
import { createHttp1Server } from './http1-server.ts';
import { createHttp2Server } from './http2-server.ts';
import type { CallGroup } from './running-calls.ts';
import { SERVER_LIMITS, type ServerLimits } from './server-limits.ts';
import { sniffProtocol } from './sniff.ts';
import type { TlsServer } from './tls-server.ts';

/** How often a shutdown looks for HTTP/1.1 connections whose last answer has gone out. */
const SWEEP_MS = 50;

export interface OnePortServer {
  /** Resolves with the bound address; rejects when the port cannot be had. Port 0 takes a free one. */
  listen(port: number, host: string): Promise<AddressInfo>;
  /** The bound address, or undefined while not listening. */
  address(): AddressInfo | undefined;
  /** Sockets that are open now. */
  connectionCount(): number;
  /** Refuses new connections, and leaves those that are there alone until `shutdown`. */
  close(): void;
  /**
   * Refuses new connections, lets running calls end, and cuts what is still open after `graceMs`.
   * Calling it again answers the first call's result. Connections without a call are closed after `quietMs`, by
   * default `drainQuietMs`.
   */
  shutdown(graceMs: number, quietMs?: number): Promise<ShutdownResult>;
}

export interface ShutdownResult {
  /** Whether every call came to its end. */
  readonly clean: boolean;
  /** Connections that outlived the grace time. */
  readonly cutConnections: number;
  /** The calls that were running on them. */
  readonly cutCalls: readonly CallGroup[];
}

export interface OnePortOptions {
  readonly limits?: Partial<ServerLimits>;
  /** Judges each new connection; one that it answers false to is closed. Left out: all are taken. */
  readonly admitSocket?: ((socket: Socket) => boolean) | undefined;
  /** Told of every connection that is refused: there are as many as may be, or as many of its address. */
  readonly onSocketRefused?: ((cause: 'connections' | 'address') => void) | undefined;
  /** Told of what goes wrong on the listening socket itself, such as running out of file descriptors. */
  readonly onError?: (error: Error) => void;
  /** Without it a TLS handshake is what it looks like: a malformed request. */
  readonly tls?: Pick<TlsServer, 'accept'> | undefined;
  /** Hang up on whoever speaks without TLS. */
  readonly tlsOnly?: boolean | undefined;
  /** The calls that are running now. */
  readonly runningCalls?: () => readonly CallGroup[];
}

/** One port for HTTP/1.1 and HTTP/2, with TLS and without, told apart by the first bytes of each connection. */
export function createOnePortServer(
  handler: (request: HttpRequest, response: HttpResponse) => void,
  options: OnePortOptions = {},
): OnePortServer {
  const limits: ServerLimits = { ...SERVER_LIMITS, ...options.limits };
  const sockets = new Set<Socket>();
  const undecided = new Set<Socket>();
  let draining = false;
  let stopping: Promise<ShutdownResult> | undefined;
  let closing: Promise<void> | undefined;

  const http1 = createHttp1Server(handler, limits, () => draining);
  const http2 = createHttp2Server(handler, limits);
  const { tls, tlsOnly = false } = options;
  const { server } = http1;

  server.on('drop', () => options.onSocketRefused?.('connections'));
  server.on('connection', (socket: Socket) => {
    if (options.admitSocket?.(socket) === false) {
      options.onSocketRefused?.('address');
      socket.destroy();
      return;
    }
    sockets.add(socket);
    undecided.add(socket);
    socket.once('close', () => {
      sockets.delete(socket);
      undecided.delete(socket);
    });
    // A reset may come while no protocol listens yet, or no longer; unheard, it would end the process.
    socket.on('error', ignore);
    sniffProtocol(socket, limits.sniffTimeoutMs, (protocol) => {
      if (protocol === 'tls' && tls !== undefined)
        tls.accept(socket, limits.tlsHandshakeTimeoutMs, (secured) => serveSecured(secured, socket));
      else if (tlsOnly) socket.destroy();
      else serve(socket, socket, protocol === 'http2');
    });
  });

  function serveSecured(secured: TLSSocket, socket: Socket): void {
    const { alpnProtocol: agreed } = secured;
    // Not looked into: Node forgets more peers that reset while it writes, the more was read of them before.
    if (agreed === 'h2') {
      serve(secured, socket, true);
      return;
    }
    // Few that know no ALPN speak HTTP/2, but some do.
    sniffProtocol(secured, limits.sniffTimeoutMs, (protocol) => {
      serve(secured, socket, protocol === 'http2' && agreed !== 'http/1.1');
    });
  }

  function serve(connection: Socket, socket: Socket, isHttp2: boolean): void {
    undecided.delete(socket);
    (isHttp2 ? http2 : http1).accept(connection);
  }

  const close = () => (closing ??= closeListener(server));

  const closeIdle = () => {
    for (const socket of undecided) socket.destroy();
    server.closeIdleConnections();
    http2.closeSessions();
  };

  async function stop(graceMs: number, quietMs: number): Promise<ShutdownResult> {
    let cutConnections = 0;
    let cutCalls: readonly CallGroup[] = [];
    let sweep: NodeJS.Timeout | undefined;
    draining = true;
    const closed = close();
    http2.announceShutdown();
    const quiet = setTimeout(() => {
      closeIdle();
      sweep = setInterval(closeIdle, SWEEP_MS);
    }, quietMs);
    const cut = setTimeout(() => {
      cutConnections = sockets.size;
      cutCalls = options.runningCalls?.() ?? [];
      for (const socket of sockets) socket.destroy();
    }, graceMs);
    await closed;
    clearTimeout(quiet);
    clearTimeout(cut);
    clearInterval(sweep);
    // Only now, for it also stops the request timeouts.
    server.close();
    return { clean: cutConnections === 0, cutConnections, cutCalls };
  }

  return {
    listen: (port, host) =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(port, host, () => {
          server.off('error', reject);
          server.on('error', options.onError ?? ignore);
          const address = addressOf(server);
          if (address === undefined) reject(new Error('the listener has no address'));
          else resolve(address);
        });
      }),
    address: () => addressOf(server),
    connectionCount: () => sockets.size,
    close: () => void close(),
    shutdown: (graceMs, quietMs = limits.drainQuietMs) => (stopping ??= stop(graceMs, quietMs)),
  };
}

/**
 * Closes the listening socket and resolves when the last connection has gone. `http.Server.close` would also cut
 * idle connections at once, under the hands of clients that are just sending their next request.
 */
function closeListener(server: NetServer): Promise<void> {
  return new Promise((resolve) => NetServer.prototype.close.call(server, () => resolve()));
}

function addressOf(server: NetServer): AddressInfo | undefined {
  const address = server.address();
  return typeof address === 'object' && address !== null ? address : undefined;
}

function ignore(): void {}
