// Bytes that are no message of the method: the caller's mistake in every protocol, and no defect in any log.
import { connect as connectHttp2 } from 'node:http2';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { sendHttp2 } from '../support/http-requests.ts';
import { createTestDoors, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';

const UPLOAD = '/upload.v1.UploadService/CreateS3Upload';
const REFLECTION = '/grpc.reflection.v1.ServerReflection/ServerReflectionInfo';
const INVALID_ARGUMENT = 3;
const INTERNAL = 13;
const MESSAGE = 'body: must be a protobuf message of the type that the method takes';

/** A field whose length goes beyond the end. */
const GARBAGE = Buffer.from('0aff01', 'hex');

let doors: ReturnType<typeof createTestDoors>;
let listeners: Awaited<ReturnType<typeof startListeners>>;

beforeAll(async () => {
  doors = createTestDoors();
  listeners = await startListeners((request, response) => doors.listener(request, response));
});
afterAll(() => listeners.stop());
beforeEach(() => {
  doors.records.length = 0;
});

function envelope(flags: number, message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(flags, 0, 0, 0, message.length), message]);
}

async function post(path: string, type: string, body: Buffer) {
  const session = connectHttp2(listeners.http2Url);
  const headers = { authorization: `Bearer ${TOKENS.good}`, 'content-type': type };
  const stream = session.request({ ':method': 'POST', ':path': path, ...headers });
  const received: Record<string, unknown> = {};
  for (const event of ['response', 'trailers']) stream.on(event, (more) => Object.assign(received, more));
  stream.end(body);
  const answer = await text(stream);
  session.close();
  await expect.poll(() => doors.records.length).toBe(1);
  return { status: received[':status'], headers: received, body: answer, record: doors.records[0] };
}

describe('a message that is no protobuf', () => {
  it('is invalid_argument over Connect', async () => {
    const { status, body, record } = await post(UPLOAD, 'application/proto', GARBAGE);
    expect(status).toBe(400);
    expect(JSON.parse(String(body))).toMatchObject({ code: 'invalid_argument', message: MESSAGE });
    expect(record).toMatchObject({ code: 'invalid_argument', reason: 'INVALID_REQUEST' });
  });

  it.each(['application/grpc', 'application/grpc-web', 'application/grpc-web+proto'])(
    'is invalid_argument over %s',
    async (type) => {
      const { headers, record } = await post(UPLOAD, type, envelope(0, GARBAGE));
      expect(headers['grpc-status']).toBe(String(INVALID_ARGUMENT));
      expect(decodeURIComponent(String(headers['grpc-message']))).toBe(MESSAGE);
      expect(record).toMatchObject({ code: 'invalid_argument', reason: 'INVALID_REQUEST' });
    },
  );

  it('is invalid_argument for a method that takes a stream', async () => {
    const { headers, record } = await post(REFLECTION, 'application/grpc', envelope(0, GARBAGE));
    expect(headers['grpc-status']).toBe(String(INVALID_ARGUMENT));
    expect(record).toMatchObject({ code: 'invalid_argument', reason: 'INVALID_REQUEST' });
  });
});

/** The gRPC specification has it so (compression.md). */
it('a message that is compressed without a word of how stays internal over gRPC', async () => {
  const { headers } = await post(UPLOAD, 'application/grpc', envelope(1, GARBAGE));
  expect(headers['grpc-status']).toBe(String(INTERNAL));
});

it('an answer that the chain did not give is on the record with its code, over gRPC-Web, too', async () => {
  const { record } = await post(UPLOAD, 'application/grpc-web', Buffer.alloc(0));
  expect(record?.code).toBe('unimplemented');
});

it.each(['/', UPLOAD, REFLECTION])('a HEAD of %s over HTTP/2 is answered to its end', async (path) => {
  const session = connectHttp2(listeners.http2Url);
  const { status } = await sendHttp2(session, path, { method: 'HEAD' });
  session.close();
  expect(status).toBe(path === '/' ? 404 : 405);
  await expect.poll(() => doors.records.map(({ code }) => code)).not.toContain('canceled');
});
