import { once } from 'node:events';
import { Agent, request as httpsRequest } from 'node:https';
import { text } from 'node:stream/consumers';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { openRawConnection } from '../../support/raw-connection.ts';
import { createTestCa, type TestCa } from '../../support/test-certificates.ts';
import {
  doorAt,
  echo,
  eventually,
  heldDoor,
  sendHttp2,
  startEdge,
  type TestEdge,
  type TestTls,
} from './support.ts';
import { createTestTls, openHttps2, openSecured, sendHttps, untilClosed } from './tls-support.ts';

const NEVER_MS = 9_000;

let ca: TestCa;
let edge: TestEdge;
let tls: TestTls;
beforeAll(async () => {
  ca = await createTestCa();
});
afterEach(() => edge.server.shutdown(0));

async function start(limits = {}) {
  const held = heldDoor();
  tls = await createTestTls({ ca });
  edge = await startEdge({ doors: [doorAt({ '/x': echo, '/held': held.handler })], limits, tls });
  return held;
}

describe('shutdown over TLS', () => {
  it('closes idle connections and unfinished handshakes, long before the grace time', async () => {
    await start();
    const trust = { ca: tls.ca };
    const session = openHttps2(edge.port, trust);
    await sendHttp2(session, { path: '/x' });
    const idle = await openSecured(edge.port, trust);
    idle.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(idle, 'data');
    const [silent, half] = await Promise.all([openSecured(edge.port, trust), openRawConnection(edge.port)]);
    half.send(Buffer.from('16030100c8010000c40303', 'hex'));
    await eventually(() => edge.server.connectionCount() === 4);
    const gone = [untilClosed(idle), untilClosed(silent), half.closed, once(session, 'close')];
    expect(await edge.server.shutdown(NEVER_MS)).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
    await Promise.all(gone);
  });

  it('lets running calls finish, tells their clients to leave, and takes no new ones', async () => {
    const { calls } = await start();
    const trust = { ca: tls.ca };
    const session = openHttps2(edge.port, trust);
    const answers = [sendHttps(edge.port, '/held', trust), sendHttp2(session, { path: '/held' })];
    await eventually(() => calls.length === 2);
    const goaway = once(session, 'goaway');
    const done = edge.server.shutdown(NEVER_MS);
    await goaway;
    await expect(text(session.request({ ':path': '/x' }))).rejects.toMatchObject({
      code: 'ERR_HTTP2_GOAWAY_SESSION',
    });
    await expect(sendHttps(edge.port, '/x', trust)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    for (const { response } of calls) response.end('finished');
    expect((await Promise.all(answers)).map(({ status, body }) => [status, body])).toEqual([
      [200, 'finished'],
      [200, 'finished'],
    ]);
    expect((await answers[0])?.headers['connection']).toBe('close');
    expect(await done).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
  });

  it('cuts and counts what outlives the grace time', async () => {
    const { calls } = await start();
    const trust = { ca: tls.ca };
    const session = openHttps2(edge.port, trust);
    const failures = Promise.allSettled([
      sendHttps(edge.port, '/held', trust),
      sendHttp2(session, { path: '/held' }),
    ]);
    await eventually(() => calls.length === 2);
    expect(await edge.server.shutdown(120)).toEqual({
      clean: false,
      cutConnections: 2,
      cutCalls: [{ protocol: 'http', route: 'unmatched', calls: 2 }],
    });
    expect((await failures).map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });

  it('fails no call of busy clients that send again what a GOAWAY says was not processed', async () => {
    await start({ drainQuietMs: 250 });
    const failed: unknown[] = [];
    let answered = 0;
    const http1Client = async () => {
      const agent = new Agent({ keepAlive: true, maxSockets: 1, ca: tls.ca });
      for (let open = true; open; ) {
        const request = httpsRequest({ host: '127.0.0.1', port: edge.port, path: '/x', agent });
        request.end();
        const [response] = await once(request, 'response');
        await text(response);
        answered += 1;
        open = response.headers.connection !== 'close';
      }
      agent.destroy();
    };
    const http2Client = async () => {
      const session = openHttps2(edge.port, { ca: tls.ca });
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
    // REFUSED_STREAM is HTTP/2's word for "not processed".
    expect(failed.filter((error) => !String(error).includes('NGHTTP2_REFUSED_STREAM'))).toEqual([]);
    expect(edge.ended.every(({ end }) => end.status === 200)).toBe(true);
    expect(edge.ended.length).toBe(answered);
    expect(await done).toEqual({ clean: true, cutConnections: 0, cutCalls: [] });
  });
});
