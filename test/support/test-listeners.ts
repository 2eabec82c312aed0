import { createServer as createHttp1 } from 'node:http';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { createHttp2Server } from '../../src/edge/http2-server.ts';
import { SERVER_LIMITS } from '../../src/edge/server-limits.ts';
import type { HttpRequest, HttpResponse } from '../../src/rpc/http-handler.ts';

/** The listener on Node's HTTP/1.1 and on our HTTP/2, without the edge, each on a free port of 127.0.0.1. */
export async function startListeners(listener: (request: HttpRequest, response: HttpResponse) => void) {
  const sockets = new Set<Socket>();
  const http1 = createHttp1(listener);
  const { accept } = createHttp2Server(listener, SERVER_LIMITS);
  const http2 = createServer((socket) => {
    sockets.add(socket);
    accept(socket);
  });
  await Promise.all(
    [http1, http2].map((server) => new Promise<void>((ok) => server.listen(0, '127.0.0.1', ok))),
  );
  return {
    http1Url: urlOf(http1),
    http2Url: urlOf(http2),
    stop: () => {
      for (const socket of sockets) socket.destroy();
      http1.closeAllConnections();
      http1.close();
      http2.close();
    },
  };
}

function urlOf(server: Server): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
