import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import { exchange, openRawConnection } from '../../support/raw-connection.ts';
import { doorAt, echo, edgePerTest, eventually, expectAlive, heldDoor, openHttp2 } from './support.ts';

const start = edgePerTest();

describe('HTTP/1.1', () => {
  it.each([
    ['garbage', '\x00\x01\x02\x03\r\n\r\n', 400],
    ['a TLS ClientHello', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03', 400],
    ['a preface that breaks off', 'PRI * HTTP/2.0\r\n\r\nXX', undefined],
    [
      'length and chunks at once',
      'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n',
      400,
    ],
    ['two lengths', 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n', 400],
    ['a bare line feed', 'GET /x HTTP/1.1\nHost: a\n\n', undefined],
    ['headers over 16 KiB', `GET /x HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(17_000)}\r\n\r\n`, 431],
    ['a header name with a space', 'GET /x HTTP/1.1\r\nHost : a\r\n\r\n', 400],
  ])('answers %s barely, closes, and lives on', async (_name, bytes, status) => {
    const edge = await start();
    const answer = await exchange(edge.port, Buffer.from(bytes, 'latin1'));
    if (status === undefined) expect(answer).toMatch(/^($|HTTP\/1\.1 400)/);
    else expect(answer).toMatch(new RegExp(`^HTTP/1\\.1 ${status} [\\w ]+\r\nConnection: close\r\n\r\n$`));
    expect(edge.ended).toEqual([]);
    await expectAlive(edge.port);
  });

  it('serves a request whose expectation it does not know, with an id and on the record', async () => {
    const edge = await start();
    const request = 'GET /x HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\nConnection: close\r\n\r\n';
    expect(await exchange(edge.port, request)).toMatch(/^HTTP\/1\.1 200 OK\r\nx-request-id: req_/);
    expect(await edge.untilEnded(1)).toHaveLength(1);
  });

  it('cuts slow headers with 408', async () => {
    const edge = await start({ limits: { headersTimeoutMs: 40 } });
    const connection = await openRawConnection(edge.port);
    connection.send('GET /x HTTP/1.1\r\n');
    const drip = setInterval(() => connection.send('X: y\r\n'), 10);
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\nConnection: close\r\n/);
    clearInterval(drip);
    await expectAlive(edge.port);
  });

  it('cuts a body that does not end with 408, and its call is told to be over', async () => {
    const edge = await start({ limits: { headersTimeoutMs: 30, requestTimeoutMs: 60 } });
    expect(await exchange(edge.port, 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf')).toMatch(
      /^HTTP\/1\.1 408 /,
    );
    expect((await edge.untilEnded(1))[0]?.end.status).toBe(499);
    await expectAlive(edge.port);
  });

  it('closes an idle connection, and one whose peer does not take its answer', async () => {
    const edge = await start({
      limits: { keepAliveTimeoutMs: 1, silenceTimeoutMs: 50 },
      doors: [
        doorAt({ '/x': echo, '/big': (_request, response) => void response.end(Buffer.alloc(32 << 20)) }),
      ],
    });
    const reader = await openRawConnection(edge.port);
    reader.send('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(await reader.closed).toMatch(/^HTTP\/1\.1 200 /);
    const deaf = await openRawConnection(edge.port);
    deaf.socket.pause();
    deaf.send('GET /big HTTP/1.1\r\nHost: a\r\n\r\n');
    expect((await edge.untilEnded(2))[1]?.end).toMatchObject({ path: '/big', status: 499 });
    deaf.socket.destroy();
  });

  it('reuses a connection', async () => {
    const ports = new Set<number | undefined>();
    const edge = await start({
      doors: [
        doorAt({
          '/x': (request, response) => {
            ports.add(request.socket.remotePort);
            response.end();
          },
        }),
      ],
    });
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let i = 0; i < 5; i++) {
      const request = httpRequest({ host: '127.0.0.1', port: edge.port, path: '/x', agent });
      request.end();
      const [response] = await once(request, 'response');
      expect(response.headers.connection).toBe('keep-alive');
      await text(response);
    }
    agent.destroy();
    expect(ports.size).toBe(1);
  });

  it('answers pipelined requests in their order', async () => {
    const { calls, handler } = heldDoor();
    const edge = await start({ doors: [doorAt({ '/1': handler, '/2': handler, '/3': handler })] });
    const connection = await openRawConnection(edge.port);
    connection.send(['/1', '/2', '/3'].map((path) => `GET ${path} HTTP/1.1\r\nHost: a\r\n\r\n`).join(''));
    await eventually(() => calls.length === 3);
    for (const { request, response } of calls.toReversed()) response.end(`<${request.url}>`);
    expect(await connection.until('</3>')).toMatch(/<\/1>.*<\/2>.*<\/3>/s);
    expect((await edge.untilEnded(3)).map(({ end }) => end.status)).toEqual([200, 200, 200]);
    connection.socket.destroy();
  });

  it('answers an upgrade to h2c as plain HTTP/1.1', async () => {
    const edge = await start();
    const connection = await openRawConnection(edge.port);
    connection.send(
      'GET /x HTTP/1.1\r\nHost: a\r\nConnection: Upgrade, HTTP2-Settings\r\nUpgrade: h2c\r\nHTTP2-Settings: AAMAAABkAAQAAP__\r\n\r\n',
    );
    expect(await connection.until('echo GET /x')).toMatch(/^HTTP\/1\.1 200 OK/);
    connection.socket.destroy();
  });

  it('refuses CONNECT on both HTTP versions', async () => {
    const edge = await start();
    expect(await exchange(edge.port, 'CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n')).toMatch(
      /^HTTP\/1\.1 405 .*\r\nConnection: close\r\n/,
    );
    const session = openHttp2(edge.port);
    const stream = session.request({ ':method': 'CONNECT', ':authority': 'a:443' });
    const [headers] = await once(stream, 'response');
    expect(headers[':status']).toBe(405);
    session.destroy();
  });

  it('invites a body that waits for 100 Continue', async () => {
    const edge = await start();
    const connection = await openRawConnection(edge.port);
    connection.send('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nExpect: 100-continue\r\n\r\n');
    await connection.until('HTTP/1.1 100 Continue\r\n\r\n');
    connection.send('hi');
    await connection.until('echo POST /x hi');
    connection.socket.destroy();
  });
});
