import { once } from 'node:events';
import { type ClientHttp2Session, connect, createServer as createCompatServer } from 'node:http2';
import { type AddressInfo, createServer, type Server, type Socket } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { createHttp2Server } from '../../../src/edge/http2-server.ts';
import { SERVER_LIMITS } from '../../../src/edge/server-limits.ts';
import type { Http2Request, Http2Response } from '../../../src/rpc/http-handler.ts';
import { headersFrame, http2Opening, resetFrame } from '../../support/http2-frames.ts';
import { openRawConnection } from '../../support/raw-connection.ts';

type Handler = (request: Http2Request, response: Http2Response) => void | Promise<void>;

/** What handlers saw, in order. */
const seen: unknown[] = [];

const ROUTES: Readonly<Record<string, Handler>> = {
  '/whole': (_request, response) => {
    response.statusCode = 201;
    response.setHeader('X-Upper', 'kept');
    response.setHeader('set-cookie', ['a=1', 'b=2']);
    response.setHeader('content-length', 4);
    response.end('caf\u00e9', 'latin1');
  },
  '/nothing': (_request, response) => void response.end(),
  '/empty': (_request, response) => void response.end(Buffer.alloc(0)),
  '/no-content': (_request, response) => {
    response.statusCode = 204;
    response.end();
  },
  '/parts': (_request, response) => {
    response.writeHead(202, { 'content-type': 'text/plain' });
    response.write('one ');
    response.write('two ');
    response.end('three');
  },
  '/trailers': (_request, response) => {
    response.setHeader('content-type', 'application/grpc');
    response.addTrailers({ 'grpc-status': '0', 'x-many': ['1', '2'] });
    response.end('message');
  },
  '/late-trailers': (_request, response) => {
    response.write('message');
    response.addTrailers({ 'grpc-status': '0' });
    response.end();
  },
  '/only-trailers': (_request, response) => {
    response.writeHead(200, {});
    response.addTrailers({ 'grpc-status': '5' });
    response.end();
  },
  '/echo': async (request, response) => void response.end(await text(request)),
  '/events': (request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => {
      body += chunk;
    });
    request.on('end', () => response.end(body));
  },
  '/request': (request, response) => {
    const { method, url, httpVersion, authority, headers, rawHeaders } = request;
    seen.push({ method, url, httpVersion, authority, headers: { ...headers }, rawHeaders });
    response.end();
  },
  '/first-chunk': async (request, response) => {
    for await (const chunk of request) {
      response.end(`${chunk}`);
      break;
    }
  },
  '/half': (_request, response) => {
    response.write('half');
    setImmediate(() => response.destroy(new Error('broken')));
  },
  '/held': (request, response) => {
    request.on('close', () => seen.push('request closed'));
    response.on('close', () => seen.push(`response closed, finished: ${response.writableFinished}`));
    response.on('error', () => seen.push('response failed'));
    request.on('error', () => seen.push('request failed'));
  },
  '/iterated': async (request) => {
    try {
      for await (const chunk of request) seen.push(`${chunk}`);
      seen.push('ended');
    } catch {
      seen.push('failed');
    }
  },
  '/late': (_request, response) => {
    response.on('close', () => {
      response.end('too late');
      response.write('too late', 'utf8', (error) => seen.push(error instanceof Error));
      response.destroy();
    });
  },
};

function serve(request: Http2Request, response: Http2Response): void {
  void ROUTES[request.url.split('?')[0] ?? '']?.(request, response);
}

interface Peer {
  readonly server: Server;
  readonly port: number;
  readonly session: ClientHttp2Session;
}

const sockets = new Set<Socket>();
const peers: Peer[] = [];

async function open(server: Server): Promise<Peer> {
  server.on('connection', (socket) => sockets.add(socket));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return { server, port, session: connect(`http://127.0.0.1:${port}`) };
}

beforeAll(async () => {
  const { accept } = createHttp2Server(serve, SERVER_LIMITS);
  peers.push(await open(createCompatServer(serve)), await open(createServer(accept)));
});
afterAll(() => {
  for (const { server, session } of peers) {
    session.destroy();
    server.close();
  }
  for (const socket of sockets) socket.destroy();
});
beforeEach(() => {
  seen.length = 0;
});

/** The same of Node's own objects, and of ours. */
async function both<T>(act: (peer: Peer) => Promise<T>): Promise<[T, T]> {
  const [node, ours] = peers;
  if (node === undefined || ours === undefined) throw new Error('not open');
  return [await act(node), await act(ours)];
}

/** What a client gets: all that there is of an answer, but its date. */
async function answerTo({ session }: Peer, path: string, more: object = {}, body?: string) {
  const stream = session.request({ ':path': path, ...more }, { endStream: body === undefined });
  if (body !== undefined) stream.end(body);
  let trailers: object | undefined;
  stream.on('trailers', (received) => {
    trailers = { ...received };
  });
  stream.on('error', () => {});
  const [{ date, ...headers }] = await once(stream, 'response');
  expect(date).toMatch(/GMT$/);
  const received = await text(stream).catch(() => 'broken off');
  if (!stream.closed) await once(stream, 'close');
  return { headers: { ...headers }, received, trailers, rstCode: stream.rstCode };
}

async function untilSeen(count: number): Promise<unknown[]> {
  while (seen.length < count) await new Promise((resolve) => setTimeout(resolve, 1));
  return seen.splice(0);
}

describe("our HTTP/2 requests and responses, beside Node's", () => {
  it.each([
    '/whole',
    '/nothing',
    '/empty',
    '/no-content',
    '/parts',
    '/trailers',
    '/late-trailers',
    '/only-trailers',
    '/half',
  ])('answer the same for %s', async (path) => {
    const [node, ours] = await both((peer) => answerTo(peer, path));
    expect(ours).toEqual(node);
  });

  it.each(['/echo', '/events'])('read the same body for %s', async (path) => {
    for (const size of [0, 1, 100_000, 1_000_000]) {
      const [node, ours] = await both((peer) =>
        answerTo(peer, path, { ':method': 'POST' }, 'x'.repeat(size)),
      );
      expect(ours).toEqual(node);
      expect(ours.received).toHaveLength(size);
    }
  });

  it('answer a HEAD with headers alone, whatever the body would be', async () => {
    for (const path of ['/nothing', '/no-content']) {
      const [node, ours] = await both((peer) => answerTo(peer, path, { ':method': 'HEAD' }));
      expect(ours).toEqual(node);
    }
    // Node's would reset the stream here.
    for (const path of ['/whole', '/trailers', '/parts']) {
      const [, ours] = await both((peer) => answerTo(peer, path, { ':method': 'HEAD' }));
      expect(ours).toMatchObject({ received: '', trailers: undefined, rstCode: 0 });
    }
  });

  it('show the same of a request', async () => {
    const headers = { cookie: ['a=1', 'b=2'], 'x-many': ['1', '2'], 'X-Upper': 'U', 'content-type': 'a/b' };
    await both(({ session }) => once(session.request({ ':path': '/request?a=1', ...headers }), 'close'));
    const [node, ours] = await untilSeen(2);
    const withoutPort = (shown: unknown) => JSON.stringify(shown).replaceAll(/127\.0\.0\.1:\d+/g, 'host');
    expect(withoutPort(ours)).toBe(withoutPort(node));
    expect(ours).toMatchObject({
      httpVersion: '2.0',
      url: '/request?a=1',
      headers: { cookie: 'a=1; b=2', 'x-many': '1, 2', 'x-upper': 'U' },
    });
  });

  it('take Host for the authority where there is no other', async () => {
    await both(async ({ port }) => {
      const connection = await openRawConnection(port);
      connection.send(http2Opening({ path: '/request', headers: { host: 'h.example' } }));
      while (seen.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
      connection.socket.destroy();
    });
    const [node, ours] = await untilSeen(2);
    expect(ours).toEqual(node);
    expect(ours).toMatchObject({ authority: 'h.example' });
  });

  it('answer before the request has ended', async () => {
    for (const { session } of peers) {
      const stream = session.request({ ':path': '/first-chunk', ':method': 'POST' }, { endStream: false });
      stream.write('begun');
      expect(await text(stream)).toBe('begun');
      stream.close();
      await once(stream, 'close');
    }
  });

  it.each([0, 2, 8])('tell the same of a caller who resets the stream with code %i', async (code) => {
    for (const path of ['/held', '/iterated']) {
      const [node, ours] = await both(async ({ port }) => {
        const connection = await openRawConnection(port);
        connection.send(http2Opening({ authority: 'a', path, endStream: false }));
        await connection.until('\0'); // The server's SETTINGS: the stream is being served by the next packet.
        connection.send(resetFrame(1, code));
        const told = await untilSeen(path === '/held' ? 2 : 1);
        connection.socket.destroy();
        return told;
      });
      expect(ours).toEqual(node);
    }
  });

  it('refuse to be a tunnel', async () => {
    const [node, ours] = await both((peer) =>
      answerTo(peer, '', { ':method': 'CONNECT', ':authority': 'a.example:443', ':path': undefined }),
    );
    expect(ours).toEqual(node);
    expect(ours.headers).toMatchObject({ ':status': 405 });
  });

  it('bear being used when the caller has left', async () => {
    await both(async (peer) => {
      const connection = await openRawConnection(peer.port);
      connection.send(Buffer.concat([http2Opening({ authority: 'a', path: '/late' }), resetFrame(1, 8)]));
      connection.send(
        Buffer.concat([headersFrame({ streamId: 3, authority: 'a', path: '/late' }), resetFrame(3, 2)]),
      );
      expect(await untilSeen(2)).toEqual([true, true]);
      connection.socket.destroy();
      expect((await answerTo(peer, '/nothing')).rstCode).toBe(0);
    });
  });
});
