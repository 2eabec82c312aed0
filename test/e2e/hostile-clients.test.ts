// Peers that want the service to be busy or full. Each of them is bounded, and others are served meanwhile.
import { connect as connectHttp2 } from 'node:http2';
import { brotliCompressSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { rssMbOf } from '../bench/process-usage.ts';
import { sendHttp1, sendHttp2 } from '../support/http-requests.ts';
import {
  FRAMES,
  frame,
  HTTP2_PREFACE,
  headersFrame,
  resetFrame,
  settingsFrame,
} from '../support/http2-frames.ts';
import { openRawConnection, type RawConnection } from '../support/raw-connection.ts';
import { UNREACHABLE_S3 } from '../support/sandbox.ts';
import { openService, type Service } from '../support/service.ts';
import { getUpload } from '../support/upload-calls.ts';

/** How much memory a whole attack may cost: a fraction of what it would be without bounds. */
const GROWTH_MAX_MB = 120;

const RPC_PATH = '/upload.v1.UploadService/CreateS3Upload';
const MIB = 1024 * 1024;

let service: Service;
let rssBeforeMb: number;
const attackers: RawConnection[] = [];

beforeAll(async () => {
  service = await openService(UNREACHABLE_S3);
  for (let n = 0; n < 20; n += 1) await getUpload(service.url, service.token);
});
afterAll(() => service[Symbol.asyncDispose]());

beforeEach(() => {
  rssBeforeMb = rssMbOf(service.program.pid);
});
afterEach(async () => {
  // While the attackers are still there.
  await getUpload(service.url, service.token);
  const growthMb = rssMbOf(service.program.pid) - rssBeforeMb;
  for (const { socket } of attackers.splice(0)) socket.destroy();
  expect(growthMb).toBeLessThan(GROWTH_MAX_MB);
});

async function attack(...pieces: readonly (string | Uint8Array)[]): Promise<RawConnection> {
  const connection = await openRawConnection(service.program.port);
  attackers.push(connection);
  for (const piece of pieces) connection.send(piece);
  return connection;
}

const attackHttp2 = (...pieces: readonly Uint8Array[]) =>
  attack(Buffer.concat([Buffer.from(HTTP2_PREFACE), settingsFrame, ...pieces]));

const repeat = (bytes: Uint8Array, count: number) => Buffer.concat(Array<Uint8Array>(count).fill(bytes));

/** The numbers of so many streams of a client. */
const streamIds = (count: number) => Array.from({ length: count }, (_, n) => 2 * n + 1);

describe('over HTTP/1.1', () => {
  it('1,000 connections that say nothing cost little, and nobody their turn', async () => {
    await Promise.all(Array.from({ length: 1_000 }, () => attack()));
  });

  it('headers without end are refused long before they are many', async () => {
    const lines = 'X-Flood: 0123456789\r\n'.repeat(5_000);
    const connections = await Promise.all(
      Array.from({ length: 50 }, () => attack(`GET /livez HTTP/1.1\r\nHost: a\r\n${lines}`)),
    );
    for (const { closed } of connections) expect(await closed).toMatch(/^HTTP\/1\.1 431 |^$/);
  });

  it('a peer that sends calls and reads no answer is not read from any more', async () => {
    const connection = await attack();
    connection.socket.pause();
    for (let n = 0; n < 20; n += 1)
      connection.send('GET /metrics HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(20_000));
    await expectPatience();
    expect(connection.socket.writableLength).toBeGreaterThan(0);
  });

  it('bodies that stay away hold no more than they have sent', async () => {
    const head = 'POST /v1/upload/s3 HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\n';
    const body = ' '.repeat(1_000);
    await Promise.all(
      Array.from({ length: 300 }, () => attack(`${head}Content-Length: 60000\r\n\r\n${body}`)),
    );
  });
});

/** Others are served for as long as ten calls take. */
async function expectPatience(): Promise<void> {
  for (let n = 0; n < 10; n += 1) await getUpload(service.url, service.token);
}

describe('over HTTP/2', () => {
  it('streams that are opened and reset without pause end the session (CVE-2023-44487)', async () => {
    const pairs = streamIds(5_000).map((streamId) =>
      Buffer.concat([headersFrame({ streamId, authority: 'a', path: '/metrics' }), resetFrame(streamId, 8)]),
    );
    const connection = await attackHttp2(...pairs);
    await connection.closed;
  });

  it('streams beyond those that may be open are refused', async () => {
    const opened = streamIds(2_000).map((streamId) =>
      headersFrame({ streamId, authority: 'a', path: RPC_PATH, endStream: false }),
    );
    const connection = await attackHttp2(...opened);
    // RST_STREAM with REFUSED_STREAM for the first one that is too many; such a peer is then hung up on.
    await connection.until(resetFrame(501, 7).toString('latin1'));
    await connection.closed;
  });

  it('a header block that does not end, in frames without end, ends the session (CVE-2024-27316)', async () => {
    const begun = headersFrame({ authority: 'a', path: '/livez' });
    // Not END_HEADERS.
    begun.writeUInt8(0x1, 4);
    const connection = await attackHttp2(
      begun,
      repeat(frame(FRAMES.continuation, 0, 1, Buffer.alloc(0)), 20_000),
    );
    await connection.closed;
  });

  it.each([
    ['PING', frame(FRAMES.ping, 0, 0, Buffer.alloc(8))],
    ['SETTINGS', settingsFrame],
  ])('%s frames whose answers are not read end the session', async (_, piece) => {
    const connection = await attackHttp2();
    connection.socket.pause();
    for (let n = 0; n < 20; n += 1) connection.send(repeat(piece, 20_000));
    await expectPatience();
    // Seen only by who reads.
    connection.socket.resume();
    await connection.closed;
  });

  it('answers that are not taken, as no window is open for them, are bounded', async () => {
    const closedWindow = frame(FRAMES.settings, 0, 0, Buffer.from('000400000000', 'hex'));
    const calls = streamIds(250).map((streamId) =>
      headersFrame({ streamId, authority: 'a', path: '/metrics' }),
    );
    await Promise.all(Array.from({ length: 20 }, () => attackHttp2(closedWindow, ...calls)));
    await expectPatience();
  });
});

describe('a small body that inflates without end', () => {
  const bombs = [
    ['gzip', gzipSync(Buffer.alloc(60 * MIB, ' '))],
    ['br', brotliCompressSync(Buffer.alloc(60 * MIB, ' '))],
  ] as const;
  const COPIES = 20;

  it.each(bombs)('is refused over Connect, in %s', async (encoding, bytes) => {
    expect(bytes.length).toBeLessThan(64 * 1024);
    const answers = await Promise.all(
      Array.from({ length: COPIES }, () =>
        sendHttp1(service.url + RPC_PATH, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${service.token}`,
            'content-type': 'application/json',
            'content-encoding': encoding,
          },
          body: bytes,
        }),
      ),
    );
    for (const { status, body } of answers)
      expect([status, JSON.parse(body).code]).toEqual([429, 'resource_exhausted']);
  });

  it.each(bombs)('is refused over gRPC, in %s', async (encoding, bytes) => {
    const prefix = Buffer.alloc(5);
    prefix.writeUInt8(1);
    prefix.writeUInt32BE(bytes.length, 1);
    const session = connectHttp2(service.url);
    const answers = await Promise.all(
      Array.from({ length: COPIES }, () =>
        sendHttp2(session, RPC_PATH, {
          method: 'POST',
          headers: {
            authorization: `Bearer ${service.token}`,
            'content-type': 'application/grpc',
            'grpc-encoding': encoding,
            te: 'trailers',
          },
          body: Buffer.concat([prefix, bytes]),
        }),
      ),
    );
    session.close();
    for (const { status } of answers) expect(status).toBe(200);
    const { body } = await sendHttp1(`${service.url}/metrics`);
    expect(body).toMatch(/protocol="grpc",route="[^"]+",code="resource_exhausted"\} \d+/);
  });
});
