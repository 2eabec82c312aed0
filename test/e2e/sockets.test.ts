// What no HTTP library would send. Whatever comes, the sender is answered or hung up on, and nobody else notices.
import { randomBytes } from 'node:crypto';
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { HTTP2_PREFACE, headersFrame, http2Opening, settingsFrame } from '../support/http2-frames.ts';
import { openRawConnection, type RawConnection } from '../support/raw-connection.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { getUpload, UPLOAD_PATH, uploadCall } from '../support/upload-calls.ts';

const INVALID_HOST = JSON.stringify({
  error: 'Bad Request',
  message: 'The Host header is missing or malformed',
  code: 400,
});

const BAD_HOSTS = ['[', 'a b', '', 'a:99999', 'a/b', 'user@a', '[::1', '%5B', 'ü'] as const;

/** RST_STREAM on stream 1 with PROTOCOL_ERROR. */
const STREAM_RESET = Buffer.from('00000403000000000100000001', 'hex').toString('latin1');

describe('raw connections', () => {
  let service: Service;
  beforeAll(async () => {
    service = await openService(UNREACHABLE_S3);
  });
  afterAll(() => service[Symbol.asyncDispose]());

  // Availability: one bad peer ends neither the process nor anybody else's calls.
  afterEach(async () => {
    await getUpload(service.url, service.token);
  });

  const open = () => openRawConnection(service.program.port);

  /** Sends the pieces and answers all that comes back until the server hangs up. */
  async function exchange(...pieces: readonly (string | Uint8Array)[]): Promise<string> {
    const connection = await open();
    for (const piece of pieces) {
      connection.send(piece);
      await delay(20);
    }
    return connection.closed;
  }

  /** A whole call as it goes over the wire. */
  function callText(more = ''): string {
    const { headers, body } = uploadCall(service.token);
    const lines = Object.entries({ ...headers, 'content-length': String(body.length) });
    const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('');
    return `POST ${UPLOAD_PATH} HTTP/1.1\r\nHost: a\r\n${head}${more}\r\n${body}`;
  }

  describe.each(['/v1/upload/s3', '/upload.v1.UploadService/CreateS3Upload', '/health'])('to %s', (path) => {
    it.each(BAD_HOSTS)('answers 400 to the Host "%s"', async (host) => {
      const answer = await exchange(Buffer.from(`POST ${path} HTTP/1.1\r\nHost: ${host}\r\n\r\n`));
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(bodyOf(answer)).toBe(INVALID_HOST);
    });

    it.each(['[', 'a:99999', '[::1', '%5B'])('answers 400 to the :authority "%s"', async (authority) => {
      const connection = await open();
      connection.send(http2Opening({ authority, path }));
      await connection.until(INVALID_HOST);
      connection.socket.destroy();
    });

    it.each(['a b', 'user@a', 'ü'])('resets the stream with the :authority "%s"', async (authority) => {
      const connection = await open();
      connection.send(http2Opening({ authority, path }));
      await connection.until(STREAM_RESET);
      connection.socket.destroy();
    });

    it('answers 400 where HTTP/1.0 names no host', async () => {
      const answer = await exchange(`POST ${path} HTTP/1.0\r\n\r\n`);
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(bodyOf(answer)).toBe(INVALID_HOST);
    });

    it('answers 400 where HTTP/1.1 names no host, or two', async () => {
      expect(await exchange(`POST ${path} HTTP/1.1\r\n\r\n`)).toMatch(/^HTTP\/1\.1 400 /);
      expect(await exchange(`POST ${path} HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n`)).toMatch(
        /^HTTP\/1\.1 400 /,
      );
    });
  });

  it('serves HTTP/1.1 byte by byte', async () => {
    const connection = await open();
    connection.socket.setNoDelay(true);
    for (const byte of callText('Connection: close\r\n')) connection.send(byte);
    expect(await connection.closed).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
  });

  it('recognises HTTP/2 by a preface in pieces', async () => {
    for (const cut of [1, 3, 14, 18, 23]) {
      const connection = await open();
      connection.send(HTTP2_PREFACE.slice(0, cut));
      await delay(20);
      connection.send(HTTP2_PREFACE.slice(cut));
      connection.send(settingsFrame);
      connection.send(headersFrame({ authority: 'a', path: '/livez' }));
      await connection.until('{"status":"ok"}');
      connection.socket.destroy();
    }
  });

  it('takes what only begins like the preface for a bad HTTP/1.1 request', async () => {
    expect(await exchange('PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n')).toMatch(/^HTTP\/1\.1 4\d\d /);
    expect(await exchange('PRI', '\r\n\r\n')).toMatch(/^HTTP\/1\.1 400 /);
  });

  it('answers pipelined calls in order', async () => {
    const answer = await exchange(`${callText()}GET /livez HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 200', 'HTTP/1.1 200']);
    expect(answer).toMatch(/"uploadUrl".*\{"status":"ok"\}$/s);
  });

  it.each([
    ['a first byte', 'P'],
    ['half a request line', 'POST /v1/upl'],
    ['half the headers', 'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-'],
    [
      'half a body',
      'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 90\r\n\r\n{"f',
    ],
    ['half an HTTP/2 preface', HTTP2_PREFACE.slice(0, 16)],
    ['an HTTP/2 preface and half a frame', `${HTTP2_PREFACE}\0\0`],
  ])('bears a peer that leaves after %s', async (_, piece) => {
    for (const leave of [leaveByFin, leaveByReset]) {
      const connection = await open();
      connection.send(piece);
      await delay(20);
      leave(connection);
      await connection.closed;
    }
  });

  it.each([
    ['random bytes', randomBytes(4096)],
    ['a TLS handshake', Buffer.from('16030100c8010000c40303', 'hex')],
    ['an SSH banner', 'SSH-2.0-OpenSSH_9.2\r\n'],
    ['a header without a colon', 'GET / HTTP/1.1\r\nHost: a\r\nnonsense\r\n\r\n'],
    ['a length that is none', 'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Length: -1\r\n\r\n'],
    [
      'two lengths',
      'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n{}',
    ],
    [
      'a length and chunks',
      'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n',
    ],
    [
      'a chunk size that is none',
      'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
    ],
    ['headers of 64 KiB', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(65_536)}\r\n\r\n`],
  ])('hangs up on %s', async (_, garbage) => {
    const connection = await open();
    connection.send(garbage);
    // Not by this side: the server has to.
    expect(await connection.closed).toMatch(/^(HTTP\/1\.1 4(00|31) .*)?$/s);
  });

  it.each([
    ['random frames', randomBytes(4096)],
    ['a frame larger than allowed', Buffer.from('ffffff0000000000010000', 'hex')],
    ['headers that are not HPACK', Buffer.from('00000501050000000180ffffffff', 'hex')],
  ])('hangs up on HTTP/2 with %s', async (_, garbage) => {
    const connection = await open();
    connection.send(Buffer.concat([Buffer.from(HTTP2_PREFACE), settingsFrame, garbage]));
    await connection.closed;
  });

  it('does not run what is smuggled behind a refused request', async () => {
    const answer = await exchange(`POST /v1/upload/s3 HTTP/1.1\r\nHost: [\r\n\r\n${callText()}`);
    expect(answer.match(/HTTP\/1\.1 \d+/g)).toEqual(['HTTP/1.1 400']);
  });
});

function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

function leaveByFin({ socket }: RawConnection): void {
  socket.end();
}

function leaveByReset({ socket }: RawConnection): void {
  socket.resetAndDestroy();
}
