import { createServer } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { protocolOf } from '../../../src/edge/sniff.ts';
import { HTTP2_PREFACE, http2Opening, settingsFrame } from '../../support/http2-frames.ts';
import { exchange, openRawConnection } from '../../support/raw-connection.ts';
import { doorAt, echo, edgePerTest, eventually, expectAlive, openHttp2, sendHttp2 } from './support.ts';

const PREFACE_START = 'PRI * HTTP/2.0\r\n';

/** Long enough for what was written to arrive as a chunk of its own. */
const ARRIVAL_MS = 4;

const start = edgePerTest();

describe('telling the protocols apart', () => {
  /** Not documented by Node; the one-port server stands on it. */
  it('rests on the one connection listener of a fresh http.Server', () => {
    const listeners = createServer().listeners('connection');
    expect(listeners.map((listener) => listener.name)).toEqual(['connectionListener']);
  });

  it('needs the whole preface for HTTP/2 and the first other byte for HTTP/1.1', async () => {
    const preface = Buffer.from(HTTP2_PREFACE);
    for (let length = 0; length < preface.length; length++) {
      expect(protocolOf(preface.subarray(0, length))).toBeUndefined();
      expect(protocolOf(Buffer.concat([preface.subarray(0, length), Buffer.from('~')]))).toBe('http1');
    }
    expect(protocolOf(preface)).toBe('http2');
    expect(protocolOf(Buffer.from(`${HTTP2_PREFACE}more`))).toBe('http2');
  });

  it('serves HTTP/2 wherever the preface is split', async () => {
    const edge = await start();
    const bytes = http2Opening({ authority: 'a', path: '/x' });
    await Promise.all(
      Array.from({ length: HTTP2_PREFACE.length + 1 }, async (_, at) => {
        const connection = await openRawConnection(edge.port);
        connection.send(bytes.subarray(0, at));
        await delay(ARRIVAL_MS);
        connection.send(bytes.subarray(at));
        await connection.until('echo GET /x');
        connection.socket.destroy();
      }),
    );
  });

  it.each([
    ['HTTP/2', http2Opening({ authority: 'a', path: '/x' }), 'echo GET /x'],
    [
      'HTTP/1.1',
      Buffer.from('PROPFIND /x HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\nhi'),
      'echo PROPFIND /x hi',
    ],
  ])('serves %s sent byte by byte', async (_name, bytes, expected) => {
    const edge = await start();
    const connection = await openRawConnection(edge.port);
    connection.socket.setNoDelay(true);
    for (const byte of bytes) {
      connection.send(Buffer.from([byte]));
      await new Promise((resolve) => setImmediate(resolve));
    }
    await connection.until(expected);
    connection.socket.destroy();
  });

  it('closes who says nothing, or half a preface and then nothing', async () => {
    const edge = await start({ limits: { sniffTimeoutMs: 30 } });
    const silent = await openRawConnection(edge.port);
    expect(
      await Promise.all([silent.closed, exchange(edge.port, 'P'), exchange(edge.port, PREFACE_START)]),
    ).toEqual(['', '', '']);
    await expectAlive(edge.port);
  });

  it('does not time out who has spoken', async () => {
    const edge = await start({ limits: { sniffTimeoutMs: 20 } });
    const session = openHttp2(edge.port);
    const connection = await openRawConnection(edge.port);
    const request = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';
    connection.send(request);
    await Promise.all([sendHttp2(session, { path: '/x' }), connection.until('echo GET')]);
    await delay(60);
    connection.send(request);
    await Promise.all([sendHttp2(session, { path: '/x' }), connection.until(/echo GET.*echo GET/s)]);
    session.close();
    connection.socket.destroy();
  });

  it.each([
    ['nothing', ''],
    ['half a preface', PREFACE_START],
    ['a whole preface', HTTP2_PREFACE],
    ['a session', Buffer.concat([Buffer.from(HTTP2_PREFACE), settingsFrame])],
    ['half a request', 'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf'],
    ['a running HTTP/2 call', http2Opening({ authority: 'a', path: '/held' })],
  ])('leaves no socket behind when the client ends after %s, by FIN or by RST', async (_name, bytes) => {
    const edge = await start({ doors: [doorAt({ '/x': echo, '/held': () => {} })] });
    for (const hangUp of ['FIN', 'RST']) {
      const connections = await Promise.all(Array.from({ length: 10 }, () => openRawConnection(edge.port)));
      await eventually(() => edge.server.connectionCount() === 10);
      for (const { socket, send } of connections) {
        send(bytes);
        await delay(ARRIVAL_MS);
        if (hangUp === 'FIN') socket.end();
        else socket.resetAndDestroy();
      }
      await eventually(() => edge.server.connectionCount() === 0);
    }
    await expectAlive(edge.port);
  });
});
