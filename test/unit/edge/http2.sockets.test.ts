import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { describe, expect, it } from 'vitest';
import {
  FRAMES,
  frame,
  HTTP2_PREFACE,
  headersFrame,
  http2Opening,
  openWindowFrames,
  resetFrame,
  settingsFrame,
} from '../../support/http2-frames.ts';
import { exchange, openRawConnection } from '../../support/raw-connection.ts';
import {
  doorAt,
  echo,
  edgePerTest,
  eventually,
  expectAlive,
  heldDoor,
  openHttp2,
  sendHttp2,
} from './support.ts';

const start = edgePerTest();

describe('HTTP/2', () => {
  it('serves 200 calls at once on one session', async () => {
    const edge = await start();
    const session = openHttp2(edge.port);
    const body = 'x'.repeat(64_000);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => sendHttp2(session, { method: 'POST', path: '/x', body })),
    );
    expect(answers.every((answer) => answer.status === 200 && answer.body.endsWith(body))).toBe(true);
    session.close();
  });

  it('serves a request whose expectation it does not know, with an id and on the record', async () => {
    const edge = await start();
    const session = openHttp2(edge.port);
    const answer = await sendHttp2(session, { method: 'GET', path: '/x', headers: { expect: 'miracles' } });
    expect(answer).toMatchObject({
      status: 200,
      headers: { 'x-request-id': expect.stringMatching(/^req_/) },
    });
    expect(await edge.untilEnded(1)).toHaveLength(1);
    session.close();
  });

  it('lets a caller go on who asked whether to, and bears one who is gone by then', async () => {
    const edge = await start();
    const session = openHttp2(edge.port);
    const stream = session.request({ ':method': 'POST', ':path': '/x', expect: '100-continue' });
    stream.end('body');
    await once(stream, 'continue');
    expect(await text(stream)).toBe('echo POST /x body');
    session.close();

    const connection = await openRawConnection(edge.port);
    const asked = { authority: 'a', path: '/x', headers: { expect: '100-continue' }, endStream: false };
    connection.send(Buffer.concat([http2Opening(asked), resetFrame(1, 8)]));
    const [, gone] = await edge.untilEnded(2);
    expect(gone?.end.status).toBe(499);
    await expectAlive(edge.port);
  });

  it('answers garbage after the preface by ending the session, and lives on', async () => {
    const edge = await start();
    await exchange(edge.port, `${HTTP2_PREFACE}${'garbage '.repeat(20)}`);
    await eventually(() => edge.server.connectionCount() === 0);
    await expectAlive(edge.port);
  });

  it('resets a request whose body does not end, but not one that streams', async () => {
    const { calls, handler } = heldDoor();
    const edge = await start({
      limits: { headersTimeoutMs: 40, requestTimeoutMs: 40 },
      doors: [doorAt({ '/x': echo, '/held': handler })],
    });
    const session = openHttp2(edge.port);
    const streaming = session.request(
      { ':method': 'POST', ':path': '/held', 'content-type': 'application/grpc+proto' },
      { endStream: false },
    );
    const half = session.request({ ':method': 'POST', ':path': '/x' }, { endStream: false });
    half.write('half');
    await expect(text(half)).rejects.toThrow();
    expect(half.rstCode).toBe(8);
    expect((await edge.untilEnded(1))[0]?.end).toMatchObject({ path: '/x', status: 499 });
    calls[0]?.response.end('still there');
    expect(await text(streaming)).toBe('still there');
    session.destroy();
  });

  it('refuses headers over 16 KiB, and too many of them', async () => {
    const edge = await start();
    for (const headers of [
      Object.fromEntries(Array.from({ length: 8 }, (_, i) => [`x-${i}`, 'y'.repeat(3_000)])),
      Object.fromEntries(Array.from({ length: 200 }, (_, i) => [`x-${i}`, 'y'])),
    ]) {
      const session = openHttp2(edge.port);
      // A limit counts from the moment that the client has seen it.
      await once(session, 'remoteSettings');
      const refused = await sendHttp2(session, { path: '/x', headers }).catch((error: Error) => error);
      expect(refused).toBeInstanceOf(Error);
      session.destroy();
    }
    expect(edge.ended).toEqual([]);
    await expectAlive(edge.port);
  });

  it('ends the session of a peer that opens and resets streams without pause', async () => {
    const edge = await start({ limits: { http2StreamResetBurst: 10, http2StreamResetsPerSecond: 1 } });
    const connection = await openRawConnection(edge.port);
    connection.send(http2Opening({ authority: 'a', path: '/x' }));
    for (let streamId = 3; streamId < 100; streamId += 2) {
      connection.send(
        Buffer.concat([headersFrame({ streamId, authority: 'a', path: '/x' }), resetFrame(streamId, 8)]),
      );
    }
    await connection.closed;
    await expectAlive(edge.port);
  });

  it('ends a silent session', async () => {
    const edge = await start({ limits: { http2IdleTimeoutMs: 40 } });
    const session = openHttp2(edge.port);
    await sendHttp2(session, { path: '/x' });
    await once(session, 'close');
    await exchange(edge.port, Buffer.concat([Buffer.from(HTTP2_PREFACE), settingsFrame]));
    await eventually(() => edge.server.connectionCount() === 0);
  });

  it('keeps asking the peer of a running call, and ends the session when no answer comes', async () => {
    const { calls, handler } = heldDoor();
    const edge = await start({
      limits: { http2IdleTimeoutMs: 20, http2PingTimeoutMs: 40 },
      doors: [doorAt({ '/held': handler })],
    });
    const session = openHttp2(edge.port);
    let pings = 0;
    session.on('ping', () => {
      pings += 1;
    });
    const answer = sendHttp2(session, { path: '/held' });
    await eventually(() => pings === 3);
    calls[0]?.response.end('answered');
    expect((await answer).body).toBe('answered');
    session.close();

    const dead = await openRawConnection(edge.port);
    dead.send(http2Opening({ authority: 'a', path: '/held' }));
    await dead.closed;
    expect((await edge.untilEnded(2))[1]?.end.status).toBe(499);
  });

  it('ends the session of a peer that has said goodbye and then broken the protocol', async () => {
    const edge = await start({ limits: { http2PingTimeoutMs: 40 }, doors: [doorAt({ '/held': () => {} })] });
    const connection = await openRawConnection(edge.port);
    const goodbye = frame(FRAMES.goaway, 0, 0, Buffer.alloc(8));
    const dataOfNoStream = frame(FRAMES.data, 0, 2, Buffer.from('stray'));
    connection.send(
      Buffer.concat([http2Opening({ authority: 'a', path: '/held' }), goodbye, dataOfNoStream]),
    );
    await connection.closed;
    await eventually(() => edge.server.connectionCount() === 0);
    expect((await edge.untilEnded(1))[0]?.end.status).toBe(499);
  });

  it('ends the session of a peer that does not take its answer', async () => {
    const edge = await start({
      limits: { http2IdleTimeoutMs: 30, http2PingTimeoutMs: 30 },
      doors: [doorAt({ '/big': (_request, response) => void response.end(Buffer.alloc(32 << 20)) })],
    });
    const deaf = await openRawConnection(edge.port);
    deaf.socket.pause();
    deaf.send(
      Buffer.concat([
        Buffer.from(HTTP2_PREFACE),
        openWindowFrames,
        headersFrame({ authority: 'a', path: '/big' }),
      ]),
    );
    expect((await edge.untilEnded(1))[0]?.end).toMatchObject({ path: '/big', status: 499 });
    await eventually(() => edge.server.connectionCount() === 0);
    deaf.socket.destroy();
  });
});
