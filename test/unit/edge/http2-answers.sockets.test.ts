import { describe, expect, it } from 'vitest';
import { createHttp2Reader } from '../../fuzz/wire/http2-reader.ts';
import type { Frame } from '../../fuzz/wire/http2-writer.ts';
import {
  FRAMES,
  HTTP2_PREFACE,
  headersFrame,
  http2Opening,
  resetFrame,
  settingsFrame,
} from '../../support/http2-frames.ts';
import { openRawConnection } from '../../support/raw-connection.ts';
import { doorAt, edgePerTest, eventually, expectAlive, heldDoor } from './support.ts';

const END_STREAM = 0x1;

const start = edgePerTest();

const door = doorAt({
  '/x': (_request, response) => void response.end('body'),
  '/nothing': (_request, response) => void response.end(),
  '/trailers': (_request, response) => {
    response.addTrailers({ 'grpc-status': '0' });
    response.end('body');
  },
  '/big': (request, response) => {
    request.on('end', () => response.end(Buffer.alloc(1 << 20)));
    request.resume();
  },
  '/bad-header': (_request, response) => {
    response.setHeader('x-bad', 'a\nb');
  },
});

/** A GET over raw frames: those of its stream that come back, until `isEnough`. */
async function framesOf(port: number, path: string, isEnough: (frames: readonly Frame[]) => boolean) {
  const connection = await openRawConnection(port);
  const reader = createHttp2Reader();
  const frames: Frame[] = [];
  connection.socket.on('data', (chunk) => frames.push(...reader.read(chunk).filter((f) => f.streamId === 1)));
  connection.send(http2Opening({ authority: 'a', path }));
  await eventually(() => isEnough(frames));
  return { connection, frames };
}

const hasEnded = (frames: readonly Frame[]) =>
  frames.some(({ type, flags }) => type !== FRAMES.settings && (flags & END_STREAM) !== 0);

describe('an answer over HTTP/2', () => {
  it.each([
    ['/x', [FRAMES.headers, FRAMES.data]],
    ['/nothing', [FRAMES.headers]],
    ['/trailers', [FRAMES.headers, FRAMES.data, FRAMES.headers]],
  ])('of %s takes no frame more than it needs', async (path, types) => {
    const edge = await start({ doors: [door] });
    const { connection, frames } = await framesOf(edge.port, path, hasEnded);
    expect(frames.map(({ type }) => type)).toEqual(types);
    expect((await edge.untilEnded(1))[0]?.end.status).toBe(200);
    connection.socket.destroy();
  });

  it('is not on the record as whole when its stream is reset before all was taken, be it without an error', async () => {
    const edge = await start({ doors: [door] });
    for (const code of [0, 8]) {
      // The window of a stream takes 64 KB of a megabyte.
      const { connection } = await framesOf(edge.port, '/big', (frames) => frames.length > 2);
      const before = edge.ended.length;
      connection.send(resetFrame(1, code));
      expect((await edge.untilEnded(before + 1)).at(-1)?.end.status).toBe(499);
      connection.socket.destroy();
    }
    await expectAlive(edge.port);
  });

  it('is not on the record as whole when its connection breaks before', async () => {
    const edge = await start({ doors: [door] });
    const { connection } = await framesOf(edge.port, '/big', (frames) => frames.length > 2);
    connection.socket.resetAndDestroy();
    expect((await edge.untilEnded(1))[0]?.end.status).toBe(499);
  });

  it('refuses a header that HTTP/1.1 would not send either', async () => {
    const edge = await start({ doors: [door] });
    await framesOf(edge.port, '/bad-header', hasEnded);
    expect((await edge.untilEnded(1))[0]?.record).toMatchObject({ code: 'internal' });
  });
});

describe('a request over HTTP/2', () => {
  it('is on the record with the address of a caller who has left', async () => {
    const { calls, handler } = heldDoor();
    const edge = await start({ doors: [doorAt({ '/held': handler })] });
    const connection = await openRawConnection(edge.port);
    connection.send(
      Buffer.concat([
        Buffer.from(HTTP2_PREFACE),
        settingsFrame,
        headersFrame({ authority: 'a', path: '/held' }),
        resetFrame(1, 8),
      ]),
    );
    const [only] = await edge.untilEnded(1);
    expect(only).toMatchObject({ record: { remoteAddress: '127.0.0.1' }, end: { status: 499 } });
    expect(calls).toHaveLength(1);
    connection.socket.destroy();
  });
});
