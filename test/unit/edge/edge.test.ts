import { text } from 'node:stream/consumers';
import { afterEach, describe, expect, it } from 'vitest';
import type { Door, HttpHandler } from '../../../src/rpc/http-handler.ts';
import { openRawConnection } from '../../support/raw-connection.ts';
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
  type TestEdgeOptions,
  writeChunk,
} from './support.ts';

let edge: TestEdge;

async function start(routes: Readonly<Record<string, HttpHandler>>, more: Partial<TestEdgeOptions> = {}) {
  edge = await startEdge({ doors: [doorAt(routes)], ...more });
  return edge;
}

afterEach(() => edge.server.shutdown(100));

describe('every answer', () => {
  it.each(['/x', '/nowhere'])(
    'of %s carries a request id and nosniff, on both HTTP versions',
    async (path) => {
      await start({ '/x': echo });
      const session = openHttp2(edge.port);
      for (const answer of [await sendHttp1(edge.port, { path }), await sendHttp2(session, { path })]) {
        expect(answer.headers['x-request-id']).toMatch(/^req_[0-9a-f]{24}$/);
        expect(answer.headers['x-content-type-options']).toBe('nosniff');
      }
      const kept = await sendHttp2(session, { path, headers: { 'x-request-id': 'from-caller:1' } });
      expect(kept.headers['x-request-id']).toBe('from-caller:1');
      session.close();
      expect((await edge.untilEnded(3)).at(-1)?.record.requestId).toBe('from-caller:1');
    },
  );
});

describe('finding the door', () => {
  it('asks the doors in order, by the path without its query', async () => {
    const asked: string[] = [];
    const first: Door = {
      match: (path) => {
        asked.push(path);
        return undefined;
      },
    };
    edge = await startEdge({ doors: [first, doorAt({ '/x': echo })] });
    expect((await sendHttp1(edge.port, { path: '/x?secret=1' })).body).toBe('echo GET /x?secret=1 ');
    expect(asked).toEqual(['/x']);
  });

  it.each(['/nowhere', '//[', '/x/', '/X', '/%78'])('answers ROUTE_NOT_FOUND for %s', async (path) => {
    await start({ '/x': echo });
    const answer = await sendHttp1(edge.port, { path });
    expect([answer.status, JSON.parse(answer.body).reason]).toEqual([404, 'ROUTE_NOT_FOUND']);
    const [only] = await edge.untilEnded(1);
    expect(only).toMatchObject({ record: { route: 'unmatched' }, end: { status: 404, path } });
  });

  it('serves an absolute request target like any other, its authority in place of the Host', async () => {
    let host: string | undefined;
    await start({
      '/x': (request, response) => {
        host = request.headers.host;
        response.end(`${request.url}`);
      },
    });
    const connection = await openRawConnection(edge.port);
    connection.send(
      'GET http://real.example/x?a=1 HTTP/1.1\r\nHost: other.example\r\nConnection: close\r\n\r\n',
    );
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 200 OK.*\/x\?a=1/s);
    expect(host).toBe('real.example');
  });

  it('refuses a target that is too long with 400, naming the limit, and answers OPTIONS * with 404', async () => {
    await start({ '/x': echo });
    const answer = await sendHttp1(edge.port, { path: `/x?${'a'.repeat(9_000)}` });
    expect([answer.status, JSON.parse(answer.body).message]).toEqual([400, expect.stringContaining('8192')]);
    expect((await sendHttp1(edge.port, { method: 'OPTIONS', path: '*' })).status).toBe(404);
  });
});

describe('a door that throws', () => {
  it('becomes an INTERNAL whose cause only the record knows', async () => {
    const bug = new Error('postgres://user:secret@db');
    await start({
      '/x': () => {
        throw bug;
      },
    });
    const answer = await sendHttp1(edge.port, { path: '/x' });
    expect([answer.status, answer.body]).toEqual([500, expect.not.stringContaining('secret')]);
    expect((await edge.untilEnded(1))[0]?.record).toMatchObject({ reason: 'INTERNAL', cause: bug });
  });

  it('after the head of its answer has its connection cut, and counts as 500, on both HTTP versions', async () => {
    await start({
      '/x': (_request, response) => {
        writeChunk(response, 'half');
        throw new Error('bug');
      },
    });
    await expect(sendHttp1(edge.port, { path: '/x' })).rejects.toThrow();
    const session = openHttp2(edge.port);
    await expect(text(session.request({ ':path': '/x' }))).rejects.toThrow('INTERNAL_ERROR');
    session.close();
    const ended = await edge.untilEnded(2);
    expect(ended.map(({ end }) => end.status)).toEqual([500, 500]);
  });

  it('does not end the process when refusing fails too, or when it writes after the end', async () => {
    await start(
      {
        '/late': (_request, response) => {
          response.end('done');
          writeChunk(response, 'more');
        },
        '/x': () => {
          throw new Error('bug');
        },
      },
      {
        refuse: () => {
          throw new Error('second bug');
        },
      },
    );
    await expect(sendHttp1(edge.port, { path: '/x' })).rejects.toThrow();
    expect((await sendHttp1(edge.port, { path: '/late' })).body).toBe('done');
    const session = openHttp2(edge.port);
    await expect(text(session.request({ ':path': '/late' }))).rejects.toThrow('INTERNAL_ERROR');
    expect((await sendHttp1(edge.port, { path: '/late' })).body).toBe('done');
    session.close();
  });
});

describe('the end of a request', () => {
  it('is told once, with what HTTP knows of it and never the query', async () => {
    await start({ '/x': echo });
    const session = openHttp2(edge.port);
    const sent = {
      method: 'POST',
      path: '/x?token=secret',
      body: 'hello',
      headers: { 'content-length': '5' },
    };
    await sendHttp1(edge.port, sent);
    await sendHttp2(session, sent);
    session.close();
    const ended = await edge.untilEnded(2);
    expect(JSON.stringify(ended)).not.toContain('secret');
    expect(ended.map(({ end }) => end)).toEqual(
      ['1.1', '2.0'].map((httpVersion) => ({
        method: 'POST',
        path: '/x',
        status: 200,
        durationMs: expect.any(Number),
        requestBytes: 5,
        httpVersion,
      })),
    );
    expect(ended.map(({ record }) => [record.code, record.remoteAddress])).toEqual([
      ['ok', '127.0.0.1'],
      ['ok', '127.0.0.1'],
    ]);
  });

  it('knows a HEAD, a 204 and an empty answer as complete on both HTTP versions', async () => {
    await start({
      '/empty': (_request, response) => void response.end(),
      '/none': (_request, response) => {
        response.statusCode = 204;
        response.end();
      },
      '/head': (_request, response) => {
        response.setHeader('content-length', 100);
        response.end();
      },
    });
    const session = openHttp2(edge.port);
    for (const sent of [{ path: '/empty' }, { path: '/none' }, { path: '/head', method: 'HEAD' }]) {
      await sendHttp1(edge.port, sent);
      await sendHttp2(session, sent);
    }
    session.close();
    const ended = await edge.untilEnded(6);
    expect(ended.map(({ end }) => end.status)).toEqual([200, 200, 204, 204, 200, 200]);
  });

  it('is 499, told once, when the client goes away over HTTP/1.1', async () => {
    const { calls, handler } = heldDoor();
    await start({ '/x': handler });
    const connection = await openRawConnection(edge.port);
    connection.send('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    await eventually(() => calls.length === 1);
    connection.socket.destroy();
    const [only] = await edge.untilEnded(1);
    expect(only).toMatchObject({ end: { status: 499, path: '/x' }, record: { code: 'canceled' } });
    calls[0]?.response.end('too late');
    await eventually(() => edge.server.connectionCount() === 0);
    expect(edge.ended).toHaveLength(1);
  });

  it('of a caller who leaves while the body is no longer listened to is told, and ends nothing', async () => {
    const { port } = await start({
      '/x': (request) => {
        const listener = () => {};
        request.on('error', listener);
        // Node looks for listeners one tick before it emits the error. Iterators that end just then take theirs away.
        request.once('aborted', () =>
          process.nextTick(() => process.nextTick(() => request.off('error', listener))),
        );
      },
    });
    const connection = await openRawConnection(port);
    connection.send('POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n{');
    await eventually(() => edge.server.connectionCount() === 1);
    connection.socket.resetAndDestroy();
    const [{ end } = {}] = await edge.untilEnded(1);
    expect(end?.status).toBe(499);
  });

  it('is 499, told once, for a reset stream and for a lost session over HTTP/2', async () => {
    const { calls, handler } = heldDoor();
    await start({ '/x': handler });
    const session = openHttp2(edge.port);
    const streams = [session.request({ ':path': '/x' }), session.request({ ':path': '/x' })];
    for (const stream of streams) stream.on('error', () => {});
    await eventually(() => calls.length === 2);
    streams[0]?.close(8);
    await edge.untilEnded(1);
    session.destroy();
    await edge.untilEnded(2);
    for (const { response } of calls) response.end('too late');
    await eventually(() => edge.server.connectionCount() === 0);
    expect(edge.ended.map(({ end, record }) => [end.status, record.code])).toEqual([
      [499, 'canceled'],
      [499, 'canceled'],
    ]);
  });

  it('is told for pipelined requests whose turn never came', async () => {
    const { calls, handler } = heldDoor();
    await start({ '/x': handler });
    const connection = await openRawConnection(edge.port);
    connection.send('GET /x HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3));
    await eventually(() => calls.length === 3);
    calls[1]?.response.end('answered, but behind one that is not');
    connection.socket.resetAndDestroy();
    await edge.untilEnded(3);
    await eventually(() => edge.server.connectionCount() === 0);
    expect(edge.ended.map(({ end }) => end.status)).toEqual([499, 499, 499]);
  });
});
