import { createServer as createHttp1, type Server } from 'node:http';
import { createServer as createHttp2, type ServerHttp2Session } from 'node:http2';
import type { AddressInfo } from 'node:net';
import type { HttpRequest, HttpResponse } from '../../src/rpc/http-handler.ts';

/** The listener on plain HTTP/1.1 and HTTP/2 servers of Node's, each on a free port of 127.0.0.1. */
export async function startListeners(listener: (request: HttpRequest, response: HttpResponse) => void) {
  const sessions = new Set<ServerHttp2Session>();
  const http1 = createHttp1(listener);
  const http2 = createHttp2(listener);
  http2.on('session', (session) => sessions.add(session));
  await Promise.all(
    [http1, http2].map((server) => new Promise<void>((ok) => server.listen(0, '127.0.0.1', ok))),
  );
  return {
    http1Url: urlOf(http1),
    http2Url: urlOf(http2),
    stop: () => {
      for (const session of sessions) session.destroy();
      http1.closeAllConnections();
      http1.close();
      http2.close();
    },
  };
}

function urlOf(server: Pick<Server, 'address'>): string {
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
