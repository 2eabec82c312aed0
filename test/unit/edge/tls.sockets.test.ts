import { once } from 'node:events';
import { text } from 'node:stream/consumers';
import { beforeAll, describe, expect, it } from 'vitest';
import { tlsMaterialFrom } from '../../../src/edge/tls-material.ts';
import { HTTP2_PREFACE, headersFrame, settingsFrame } from '../../support/http2-frames.ts';
import { openRawConnection } from '../../support/raw-connection.ts';
import { createTestCa, issueServerCertificate, type TestCa } from '../../support/test-certificates.ts';
import {
  doorAt,
  echo,
  edgePerTest,
  eventually,
  expectAlive,
  openHttp2,
  sendHttp1,
  sendHttp2,
  type TestEdgeOptions,
} from './support.ts';
import { createTestTls, openHttps2, openSecured, sendHttps, untilClosed } from './tls-support.ts';

const start = edgePerTest();
const REQUEST = 'GET /x HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n';
/** The beginning of a ClientHello. */
const HALF_A_HANDSHAKE = Buffer.from('16030100c8010000c40303', 'hex');

let ca: TestCa;
beforeAll(async () => {
  ca = await createTestCa();
});

async function startSecured(
  options: Partial<TestEdgeOptions> = {},
  tlsOptions: Partial<Parameters<typeof createTestTls>[0]> = {},
) {
  const tls = await createTestTls({ ca, ...tlsOptions });
  const edge = await start({ tls, ...options });
  return { ...edge, edge, tls, trust: { ca: tls.ca } };
}

describe('one port', () => {
  it('serves both HTTP versions with TLS and without, told apart by their first bytes', async () => {
    const { port, trust } = await startSecured();
    const [plain, secured] = [openHttp2(port), openHttps2(port, trust)];
    const answers = await Promise.all([
      sendHttp1(port, { path: '/x' }),
      sendHttps(port, '/x', trust),
      sendHttp2(plain, { path: '/x' }),
      sendHttp2(secured, { path: '/x' }),
    ]);
    expect(answers.map(({ status, body }) => `${status} ${body}`)).toEqual(Array(4).fill('200 echo GET /x '));
    expect(secured.alpnProtocol).toBe('h2');
    plain.close();
    secured.close();
  });

  it('agrees on HTTP/2 with whom it can, and on HTTP/1.1 with others', async () => {
    const { port, trust } = await startSecured();
    for (const [offered, agreed] of [
      [['http/1.1', 'h2'], 'h2'],
      [['h2'], 'h2'],
      [['http/1.1'], 'http/1.1'],
      [undefined, false],
    ] as const) {
      const socket = await openSecured(port, { ...trust, ...(offered && { ALPNProtocols: [...offered] }) });
      expect(socket.alpnProtocol).toBe(agreed);
      socket.destroy();
    }
    await expect(openSecured(port, { ...trust, ALPNProtocols: ['spdy/3'] })).rejects.toThrow(
      /no application protocol/i,
    );
  });

  it('serves HTTP/1.1 and HTTP/2 by prior knowledge where a client knows no ALPN', async () => {
    const { port, trust } = await startSecured();
    const http1 = await openSecured(port, trust);
    http1.write(REQUEST);
    expect(await untilClosed(http1)).toMatch(/^HTTP\/1\.1 200 .*echo GET \/x/s);
    const http2 = await openSecured(port, trust);
    http2.write(
      Buffer.concat([
        Buffer.from(HTTP2_PREFACE),
        settingsFrame,
        headersFrame({ authority: 'a', path: '/x' }),
      ]),
    );
    await expect(firstText(http2, 'echo GET /x')).resolves.toContain('echo GET /x');
    http2.destroy();
  });

  it('hangs up on who speaks another protocol than was agreed on', async () => {
    const { edge, port, trust } = await startSecured();
    for (const [agreed, spoken] of [
      ['h2', REQUEST],
      ['http/1.1', HTTP2_PREFACE],
    ] as const) {
      const socket = await openSecured(port, { ...trust, ALPNProtocols: [agreed] });
      socket.write(spoken);
      await untilClosed(socket);
    }
    expect(edge.ended).toEqual([]);
  });

  it('serves 200 calls at once on one secured session', async () => {
    const { port, trust } = await startSecured();
    const session = openHttps2(port, trust);
    const body = 'x'.repeat(64_000);
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => sendHttp2(session, { method: 'POST', path: '/x', body })),
    );
    expect(answers.every((answer) => answer.status === 200 && answer.body.endsWith(body))).toBe(true);
    session.close();
  });

  it('knows the address of secured clients', async () => {
    const { edge, port, trust } = await startSecured();
    const session = openHttps2(port, trust);
    await Promise.all([sendHttps(port, '/x', trust), sendHttp2(session, { path: '/x' })]);
    const ended = await edge.untilEnded(2);
    expect(ended.map(({ record }) => record.remoteAddress)).toEqual(['127.0.0.1', '127.0.0.1']);
    session.close();
  });
});

describe('without TLS', () => {
  it('only the paths that are allowed are answered, and others are told why', async () => {
    const { port, trust } = await startSecured({
      doors: [doorAt({ '/x': echo, '/livez': echo })],
      allowsPlaintext: (path) => path === '/livez',
    });
    expect((await sendHttp1(port, { path: '/livez?verbose' })).status).toBe(200);
    const refused = await sendHttp1(port, { path: '/x' });
    expect([refused.status, JSON.parse(refused.body).reason]).toEqual([403, 'TLS_REQUIRED']);
    const session = openHttp2(port);
    expect((await sendHttp2(session, { path: '/x' })).status).toBe(403);
    expect((await sendHttp2(session, { path: '/livez' })).status).toBe(200);
    session.close();
    expect((await sendHttps(port, '/x', trust)).status).toBe(200);
  });

  it('nothing is answered where everybody has to speak it', async () => {
    const { port, trust } = await startSecured({ tlsOnly: true });
    for (const bytes of [REQUEST, HTTP2_PREFACE]) {
      const connection = await openRawConnection(port);
      connection.send(bytes);
      expect(await connection.closed).toBe('');
    }
    expect((await sendHttps(port, '/x', trust)).status).toBe(200);
  });
});

describe('a handshake', () => {
  it('of an older version than is allowed is refused', async () => {
    const { port, trust, tls } = await startSecured();
    const old = {
      ...trust,
      minVersion: 'TLSv1.1',
      maxVersion: 'TLSv1.1',
      ciphers: 'DEFAULT@SECLEVEL=0',
    } as const;
    await expect(openSecured(port, old)).rejects.toThrow(/protocol version|alert/i);
    expect(tls.failures).toEqual(['protocol']);
    expect((await openSecured(port, { ...trust, maxVersion: 'TLSv1.2' })).getProtocol()).toBe('TLSv1.2');
  });

  it('of TLS 1.2 is refused where 1.3 is demanded', async () => {
    const { port, trust } = await startSecured({}, { minVersion: 'TLSv1.3' });
    await expect(openSecured(port, { ...trust, maxVersion: 'TLSv1.2' })).rejects.toThrow(
      /protocol version|alert/i,
    );
    expect((await sendHttps(port, '/x', trust)).status).toBe(200);
  });

  it('cannot be had again on an open connection', async () => {
    const { port, trust } = await startSecured();
    const socket = await openSecured(port, { ...trust, maxVersion: 'TLSv1.2' });
    const outcome = new Promise((resolve) => {
      socket.once('error', resolve);
      socket.renegotiate({}, resolve);
    });
    expect(String(await outcome)).toContain('no renegotiation');
  });

  it('that stays silent, or trickles, is hung up on and counted', async () => {
    const { edge, port, tls } = await startSecured({ limits: { tlsHandshakeTimeoutMs: 60 } });
    const silent = await openRawConnection(port);
    silent.send(HALF_A_HANDSHAKE);
    const trickling = await openRawConnection(port);
    trickling.send(HALF_A_HANDSHAKE);
    const timer = setInterval(() => trickling.send('\0'), 10);
    await Promise.all([silent.closed, trickling.closed]);
    clearInterval(timer);
    await eventually(() => edge.server.connectionCount() === 0 && tls.failures.length === 2);
    expect(tls.failures).toEqual(['timeout', 'timeout']);
  });

  it('that is followed by silence is hung up on', async () => {
    const { port, trust } = await startSecured({ limits: { sniffTimeoutMs: 60 } });
    for (const ALPNProtocols of [['h2'], ['http/1.1'], []]) {
      const socket = await openSecured(port, { ...trust, ALPNProtocols });
      await untilClosed(socket);
    }
  });

  it('of garbage, or that is left half way, harms nobody', async () => {
    const { edge, port, tls, trust } = await startSecured();
    for (const bytes of [
      Buffer.concat([Buffer.from([0x16]), Buffer.alloc(4_096, 0x41)]),
      Buffer.concat([Buffer.from('1603010400', 'hex'), Buffer.alloc(1_024, 0xff)]),
      Buffer.from('16030100050100000100', 'hex'),
    ]) {
      const connection = await openRawConnection(port);
      connection.send(bytes);
      await connection.closed;
    }
    const [left, reset] = await Promise.all([openRawConnection(port), openRawConnection(port)]);
    for (const connection of [left, reset]) connection.send(HALF_A_HANDSHAKE);
    await eventually(() => edge.server.connectionCount() === 2);
    left?.socket.end();
    reset?.socket.resetAndDestroy();
    await eventually(() => tls.failures.length === 5 && edge.server.connectionCount() === 0);
    expect(tls.failures).toEqual(['protocol', 'protocol', 'protocol', 'closed', 'closed']);
    expect((await sendHttps(port, '/x', trust)).status).toBe(200);
  });

  it('counts as a connection from its beginning: a flood leaves room for nobody, and then for all', async () => {
    const { edge, port, trust } = await startSecured({ limits: { maxConnections: 20 } });
    const flood = await Promise.all(Array.from({ length: 20 }, () => openRawConnection(port)));
    for (const connection of flood) connection.send(HALF_A_HANDSHAKE);
    await eventually(() => edge.server.connectionCount() === 20);
    expect(await (await openRawConnection(port)).closed).toBe('');
    for (const { socket } of flood) socket.destroy();
    await eventually(() => edge.server.connectionCount() === 0);
    expect((await sendHttps(port, '/x', trust)).status).toBe(200);
  });
});

describe('over TLS', () => {
  it('slow headers and slow bodies are answered 408', async () => {
    const { port, trust } = await startSecured({ limits: { headersTimeoutMs: 60, requestTimeoutMs: 60 } });
    for (const begun of [
      'GET /x HTTP/1.1\r\n',
      'POST /x HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\n{',
    ]) {
      const socket = await openSecured(port, trust);
      socket.write(begun);
      expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 408 /);
    }
  });

  it('a flood of reset streams ends the session, and nothing else', async () => {
    const { edge, port, trust } = await startSecured({
      limits: { http2StreamResetBurst: 20, http2StreamResetsPerSecond: 1 },
    });
    const session = openHttps2(port, trust);
    await once(session, 'remoteSettings');
    const closed = new Promise((resolve) => session.once('close', resolve));
    for (let i = 0; i < 200 && !session.closed; i += 1) {
      const stream = session.request({ ':method': 'POST', ':path': '/x' }, { endStream: false });
      stream.on('error', () => {});
      stream.close(8);
    }
    await closed;
    await eventually(() => edge.server.connectionCount() === 0);
    await expectAlive(port);
  });

  it('headers over 16 KiB are refused', async () => {
    const { port, trust } = await startSecured();
    const socket = await openSecured(port, trust);
    // What Node answers by itself gets lost behind its session tickets, when it comes in the same moment.
    socket.write('GET /x HTTP/1.1\r\nHost: a\r\n\r\n');
    await once(socket, 'data');
    socket.write(`GET /x HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    expect(await untilClosed(socket)).toMatch(/^HTTP\/1\.1 431 /);
  });
});

describe('another certificate', () => {
  it('is that of new connections, while open ones go on', async () => {
    const { port, trust, tls } = await startSecured();
    const before = await openSecured(port, { ...trust, ALPNProtocols: ['http/1.1'] });
    const session = openHttps2(port, trust);
    await once(session, 'connect');
    const other = await issueServerCertificate(ca, { dns: ['other.example'] });
    tls.server.replace(tlsMaterialFrom({ ...other, clientCa: undefined }));
    const after = await openSecured(port, trust);
    expect(after.getPeerX509Certificate()?.subjectAltName).toContain('other.example');
    expect(before.getPeerX509Certificate()?.subjectAltName).not.toContain('other.example');
    before.write(REQUEST);
    expect(await untilClosed(before)).toMatch(/^HTTP\/1\.1 200 /);
    expect(await text(session.request({ ':path': '/x' }))).toBe('echo GET /x ');
    session.close();
    after.destroy();
  });
});

/** Resolves with all that came once it holds the text. */
async function firstText(socket: NodeJS.ReadableStream, wanted: string): Promise<string> {
  let received = '';
  for await (const chunk of socket) {
    received += chunk.toString('latin1');
    if (received.includes(wanted)) return received;
  }
  throw new Error(`closed before ${wanted}`);
}
