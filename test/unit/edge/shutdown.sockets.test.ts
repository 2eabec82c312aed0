import { once } from 'node:events';
import { Agent, request as httpRequest } from 'node:http';
import { connect as connectTcp } from 'node:net';
import { text } from 'node:stream/consumers';
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import {
  HTTP2_PREFACE,
  headersFrame,
  http2Opening,
  settingsAckFrame,
  settingsFrame,
} from '../../support/http2-frames.ts';
import { openRawConnection, type RawConnection } from '../../support/raw-connection.ts';
import {
  doorAt,
  echo,
  eventually,
  heldDoor,
  openHttp2,
  sendHttp1,
  sendHttp2,
  startEdge,
  type TestEdge,
  writeChunk,
} from './support.ts';

const NEVER_MS = 9_000;
/** Type 7, no flags, stream 0, last stream id 2^31-1, NO_ERROR. */
const GOAWAY_WITH_LARGEST_ID = '\x07\0\0\0\0\0\x7f\xff\xff\xff\0\0\0\0';
const KEEP_ALIVE_REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\n\r\n';

let edge: TestEdge;

async function start(limits = {}) {
  const held = heldDoor();
  edge = await startEdge({ doors: [doorAt({ '/x': echo, '/held': held.handler })], limits });
  return held;
}

async function idleHttp1(): Promise<RawConnection> {
  const connection = await openRawConnection(edge.port);
  connection.send(KEEP_ALIVE_REQUEST);
  await connection.until('echo GET');
  return connection;
}

afterEach(() => edge.server.shutdown(0));

describe('shutdown', () => {
  it('closes idle connections and those that said nothing yet, long before the grace time', async () => {
    await start();
    const session = openHttp2(edge.port);
    await sendHttp2(session, { path: '/x' });
    const [idle, silent, half] = await Promise.all([
      idleHttp1(),
      openRawConnection(edge.port),
      openRawConnection(edge.port),
    ]);
    half.send('PRI * HTT');
    await eventually(() => edge.server.connectionCount() === 4);
    const sessionClosed = once(session, 'close');
    expect(await edge.server.shutdown(NEVER_MS)).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
    await Promise.all([sessionClosed, idle.closed, silent.closed, half.closed]);
  });

  it('lets running calls on both HTTP versions finish with 200', async () => {
    const { calls } = await start();
    const session = openHttp2(edge.port);
    const answers = [sendHttp1(edge.port, { path: '/held' }), sendHttp2(session, { path: '/held' })];
    await eventually(() => calls.length === 2);
    const done = edge.server.shutdown(NEVER_MS);
    await delay(100);
    expect(edge.server.connectionCount()).toBe(2);
    for (const { response } of calls) response.end('finished');
    expect((await Promise.all(answers)).map(({ status, body }) => [status, body])).toEqual([
      [200, 'finished'],
      [200, 'finished'],
    ]);
    expect(await done).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
    expect(edge.ended.map(({ end }) => end.status)).toEqual([200, 200]);
  });

  it('tells HTTP/1.1 clients to leave, also those whose call was running when it began', async () => {
    const { calls } = await start();
    const agent = new Agent({ keepAlive: true });
    const request = httpRequest({ host: '127.0.0.1', port: edge.port, path: '/held', agent });
    request.end();
    await eventually(() => calls.length === 1);
    const done = edge.server.shutdown(NEVER_MS);
    calls[0]?.response.end();
    const [response] = await once(request, 'response');
    expect(response.headers.connection).toBe('close');
    await text(response);
    await done;
    agent.destroy();
  });

  it('closes a connection whose answer had begun before, and so still promises keep-alive', async () => {
    const { calls } = await start();
    const connection = await openRawConnection(edge.port);
    connection.send('GET /held HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => calls.length === 1);
    if (calls[0] !== undefined) writeChunk(calls[0].response, 'begun');
    await connection.until(/Connection: keep-alive.*begun/s);
    const done = edge.server.shutdown(NEVER_MS);
    await delay(100);
    calls[0]?.response.end('ended');
    expect(await done).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
    expect(await connection.closed).toContain('ended');
  });

  it('refuses new connections at once, and new streams of sessions that it has told to go', async () => {
    const { calls } = await start();
    const session = openHttp2(edge.port);
    const answer = sendHttp2(session, { path: '/held' });
    await eventually(() => calls.length === 1);
    const goaway = once(session, 'goaway');
    const done = edge.server.shutdown(NEVER_MS);
    const refused = connectTcp(edge.port, '127.0.0.1');
    await expect(once(refused, 'connect')).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await goaway;
    await expect(text(session.request({ ':path': '/x' }))).rejects.toMatchObject({
      code: 'ERR_HTTP2_GOAWAY_SESSION',
    });
    calls[0]?.response.end();
    expect((await answer).status).toBe(200);
    expect((await done).clean).toBe(true);
  });

  it('cuts and counts what outlives the grace time', async () => {
    const { calls } = await start();
    const session = openHttp2(edge.port);
    const answers = [
      sendHttp1(edge.port, { path: '/held' }),
      sendHttp2(session, { path: '/held' }),
      sendHttp2(session, { path: '/held' }),
    ];
    const failures = Promise.allSettled(answers);
    await idleHttp1();
    await eventually(() => calls.length === 3);
    expect(await edge.server.shutdown(120)).toEqual({
      clean: false,
      cutConnections: 2,
      cutCalls: [{ protocol: 'http', route: 'unmatched', calls: 3 }],
    });
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected', 'rejected']);
    expect((await edge.untilEnded(4)).map(({ end }) => end.status)).toEqual([200, 499, 499, 499]);
  });

  it('answers the first result when called again', async () => {
    await start();
    const first = edge.server.shutdown(NEVER_MS);
    expect(edge.server.shutdown(0)).toBe(first);
    expect(await first).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
  });

  it('does not wait for HTTP/2 peers that never hang up themselves', async () => {
    const { calls } = await start();
    const idle = await openRawConnection(edge.port);
    const running = await openRawConnection(edge.port);
    // They read nothing, so they never see the server's FIN either.
    for (const { socket } of [idle, running]) socket.pause();
    idle.send(`${HTTP2_PREFACE}${settingsFrame.toString('latin1')}`);
    running.send(http2Opening({ authority: 'a', path: '/held' }));
    await eventually(() => calls.length === 1);
    const done = edge.server.shutdown(NEVER_MS);
    await delay(100);
    calls[0]?.response.end('finished');
    expect(await done).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
    for (const { socket } of [idle, running]) socket.destroy();
  });

  it('still cuts slow requests while it waits', async () => {
    await start({ headersTimeoutMs: 60 });
    const slow = await openRawConnection(edge.port);
    slow.send('GET /x HTTP/1.1\r\n');
    await eventually(() => edge.server.connectionCount() === 1);
    expect((await edge.server.shutdown(NEVER_MS)).clean).toBe(true);
    expect(await slow.closed).toMatch(/^HTTP\/1\.1 408 /);
  });

  it('still serves HTTP/2 streams that crossed its GOAWAY on the way', async () => {
    await start({ drainQuietMs: 400 });
    const connection = await openRawConnection(edge.port);
    connection.send(http2Opening({ authority: 'a', path: '/x' }));
    await connection.until('echo GET /x');
    connection.send(settingsAckFrame);
    await delay(20);
    const done = edge.server.shutdown(NEVER_MS);
    await connection.until(GOAWAY_WITH_LARGEST_ID);
    connection.send(headersFrame({ streamId: 3, authority: 'a', path: '/x' }));
    await connection.until(/echo GET \/x.*echo GET \/x/s);
    expect(await done).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
  });

  it('fails no call of clients that keep sending on open connections', async () => {
    await start({ drainQuietMs: 250 });
    const failed: unknown[] = [];
    let answered = 0;
    const http1Client = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      for (let open = true; open; ) {
        const request = httpRequest({ host: '127.0.0.1', port: edge.port, path: '/x', agent });
        request.end();
        const [response] = await once(request, 'response');
        await text(response);
        answered += 1;
        open = response.headers.connection !== 'close';
      }
      agent.destroy();
    };
    const http2Client = async () => {
      const session = openHttp2(edge.port);
      while (!session.closed) {
        await sendHttp2(session, { path: '/x' });
        answered += 1;
      }
    };
    const clients = Array.from({ length: 8 }, (_, i) =>
      (i % 2 === 0 ? http1Client() : http2Client()).catch((error: unknown) => failed.push(error)),
    );
    await eventually(() => answered > 400);
    const done = edge.server.shutdown(NEVER_MS);
    await Promise.all(clients);
    // Node's client refuses by itself, unsent, what it was about to send when the GOAWAY came in.
    expect(failed.filter((error) => !String(error).includes('NGHTTP2_REFUSED_STREAM'))).toEqual([]);
    expect(edge.ended.every(({ end }) => end.status === 200)).toBe(true);
    expect(edge.ended.length).toBe(answered);
    expect(await done).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
  });
});
