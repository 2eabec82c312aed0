import { connect as connectHttp2 } from 'node:http2';
import { connect as connectTcp } from 'node:net';
import { gzipSync } from 'node:zlib';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { FileDescriptorProtoSchema } from '@bufbuild/protobuf/wkt';
import { Code, ConnectError, createClient } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  Health,
  HealthCheckResponse_ServingStatus as ServingStatus,
} from '../../gen/grpc/health/v1/health_pb.js';
import { ServerReflection } from '../../gen/grpc/reflection/v1/reflection_pb.js';
import { ServerReflection as ServerReflectionV1Alpha } from '../../gen/grpc/reflection/v1alpha/reflection_pb.js';
import { CreateS3UploadRequestSchema, UploadService } from '../../gen/upload/v1/upload_service_pb.js';
import { createTestDoors, TOKENS } from '../support/test-doors.ts';
import { startListeners } from '../support/test-listeners.ts';
import { postHttp2 } from './clients.ts';

const VALID = { filename: 'a.txt', contentType: 'text/plain', size: 1n };
const BODY = '{"filename":"a.txt","contentType":"text/plain","size":1}';
const AUTHORIZATION = { authorization: `Bearer ${TOKENS.good}` };
const JSON_HEADERS = { ...AUTHORIZATION, 'content-type': 'application/json' };
const RPC_PATH = '/upload.v1.UploadService/CreateS3Upload';

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

const post = (path: string, headers: Record<string, string>, body: string | Uint8Array<ArrayBuffer> = BODY) =>
  fetch(listeners.http1Url + path, { method: 'POST', headers, body });

async function lastRecord() {
  await expect.poll(() => doors.records.length).toBeGreaterThan(0);
  return doors.records.at(-1);
}

describe('a request on the REST path that speaks Connect', () => {
  const headers = { ...JSON_HEADERS, 'connect-protocol-version': '1' };

  it('gets a Connect-shaped success', async () => {
    const response = await post('/v1/upload/s3', headers);
    expect(response.status).toBe(200);
    expect(await response.json()).toMatchObject({ method: 'PUT' });
    expect((await lastRecord())?.protocol).toBe('connect');
  });

  it('gets Connect-shaped errors', async () => {
    const refused = await post('/v1/upload/s3', { ...headers, authorization: 'Bearer unknown' });
    expect(refused.status).toBe(401);
    expect(await refused.json()).toMatchObject({ code: 'unauthenticated' });
    const wrong = await post('/v1/upload/s3', headers, '{"filename":""}');
    expect(wrong.status).toBe(400);
    expect(await wrong.json()).toMatchObject({
      code: 'invalid_argument',
      message: 'filename: is required; contentType: is required; size: is required',
    });
  });
});

describe('answers over Connect', () => {
  it('forbid caching and name the scheme of a 401', async () => {
    const ok = await post(RPC_PATH, JSON_HEADERS);
    expect(ok.headers.get('cache-control')).toBe('no-store');
    const refused = await post(RPC_PATH, { 'content-type': 'application/json' });
    expect(refused.headers.get('www-authenticate')).toBe('Bearer');
    expect(refused.headers.get('cache-control')).toBe('no-store');
  });

  it.each([
    ['malformed JSON', JSON_HEADERS, '{', 400, 'invalid_argument'],
    [
      'a body beyond the limit',
      JSON_HEADERS,
      `{"filename":"${'x'.repeat(70_000)}"}`,
      429,
      'resource_exhausted',
    ],
    ['an unknown compression', { ...JSON_HEADERS, 'content-encoding': 'zstd' }, BODY, 501, 'unimplemented'],
    ['another media type', { ...JSON_HEADERS, 'content-type': 'text/plain' }, BODY, 415, 'invalid_argument'],
    [
      'a deadline that is none',
      { ...JSON_HEADERS, 'connect-timeout-ms': 'soon' },
      BODY,
      400,
      'invalid_argument',
    ],
  ])('refuse %s, and the record says so', async (_name, headers, body, status, code) => {
    const response = await post(RPC_PATH, headers, body);
    expect(response.status).toBe(status);
    expect(await lastRecord()).toMatchObject({ code, protocol: 'connect', route: RPC_PATH.slice(1) });
  });

  it('bound what a compressed body may grow to', async () => {
    const bomb = new Uint8Array(gzipSync(`{"filename":"${'x'.repeat(10_000_000)}"}`));
    expect(bomb.byteLength).toBeLessThan(64 * 1024);
    const response = await post(RPC_PATH, { ...JSON_HEADERS, 'content-encoding': 'gzip' }, bomb);
    expect(await response.json()).toMatchObject({ code: 'resource_exhausted' });
  });
});

describe('an RPC path', () => {
  it('names the method it takes in a 405', async () => {
    const response = await fetch(listeners.http1Url + RPC_PATH);
    expect(response.status).toBe(405);
    expect(response.headers.get('allow')).toBe('POST');
  });
});

describe('the record of a call', () => {
  it('names method, protocol, outcome and caller', async () => {
    await post('/v1/upload/s3', JSON_HEADERS);
    expect(await lastRecord()).toMatchObject({
      route: RPC_PATH.slice(1),
      protocol: 'rest',
      code: 'ok',
      keyId: 'key_1',
      owner: 'acme',
    });
  });

  it.each([TOKENS.unknown, TOKENS.revoked, TOKENS.expired])(
    'tells apart what the answer does not: a key that is %s',
    async (token) => {
      for (const path of ['/v1/upload/s3', RPC_PATH]) {
        doors.records.length = 0;
        await post(path, { ...JSON_HEADERS, authorization: `Bearer ${token}` });
        expect((await lastRecord())?.reason).toBe(`KEY_${token.toUpperCase()}`);
      }
    },
  );

  it('keeps the cause of an internal error for the log', async () => {
    for (const path of ['/v1/upload/s3', RPC_PATH]) {
      doors.records.length = 0;
      await post(path, JSON_HEADERS, BODY.replace('a.txt', 'internal'));
      expect(await lastRecord()).toMatchObject({ code: 'internal', reason: 'INTERNAL' });
      expect((await lastRecord())?.cause).toBeInstanceOf(TypeError);
    }
  });

  it('calls what the caller broke off canceled', async () => {
    const { port } = new URL(listeners.http1Url);
    for (const path of ['/v1/upload/s3', RPC_PATH]) {
      doors.records.length = 0;
      const socket = connectTcp(Number(port), '127.0.0.1');
      socket.write(
        `POST ${path} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 50\r\n\r\n{"file`,
        () => setTimeout(() => socket.resetAndDestroy(), 50),
      );
      expect(await lastRecord(), path).toMatchObject({ code: 'canceled' });
    }
  });
});

describe('an RPC that does not exist', () => {
  it.each([
    ['gRPC', () => createGrpcTransport({ baseUrl: listeners.http2Url })],
    ['gRPC-Web', () => createGrpcWebTransport({ baseUrl: listeners.http1Url, httpVersion: '1.1' })],
    ['Connect', () => createConnectTransport({ baseUrl: listeners.http1Url, httpVersion: '1.1' })],
  ])('is unimplemented to a %s client', async (_name, transport) => {
    const method = { ...UploadService.method.createS3Upload, name: 'DeleteEverything' };
    const call = transport().unary(
      method,
      undefined,
      undefined,
      {},
      create(CreateS3UploadRequestSchema, VALID),
    );
    const error = ConnectError.from(await call.catch((reason: unknown) => reason));
    expect(error.code).toBe(Code.Unimplemented);
    expect(error.rawMessage).toBe('There is no such RPC');
    expect((await lastRecord())?.code).toBe('unimplemented');
  });
});

describe('a host that is no host', () => {
  it.each(['[', 'a b', '', 'a:99999'])('ends with 400 and not the process: %j', async (host) => {
    const { port } = new URL(listeners.http1Url);
    const socket = connectTcp(Number(port), '127.0.0.1');
    // Only connect's own handlers parse it, and only they decompress.
    socket.end(
      `POST ${RPC_PATH} HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Encoding: gzip\r\nContent-Length: 2\r\n\r\n{}`,
    );
    let answer = '';
    for await (const chunk of socket) answer += chunk;
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect((await post('/v1/upload/s3', JSON_HEADERS)).status).toBe(200);
  });

  it('holds for :authority', async () => {
    const session = connectHttp2(listeners.http2Url);
    const headers = { ':authority': '[', 'content-type': 'application/grpc', 'grpc-encoding': 'gzip' };
    const { headers: received } = await postHttp2(session, RPC_PATH, headers, '');
    session.close();
    expect(received['grpc-status']).toBe(String(Code.InvalidArgument));
  });
});

describe('a deadline', () => {
  const HANGING = { headers: { authorization: `Bearer ${TOKENS.hanging}` } };

  it.each([
    ['Connect', { 'connect-timeout-ms': '50', 'content-type': 'application/json' }, BODY],
    ['gRPC', { 'grpc-timeout': '50m', 'content-type': 'application/grpc' }, frame()],
  ])('ends a call that hangs, over %s, although the client does not', async (_name, headers, body) => {
    const session = connectHttp2(listeners.http2Url);
    const answer = await postHttp2(session, RPC_PATH, { ...headers, ...HANGING.headers }, body);
    session.close();
    expect([200, 504]).toContain(answer.status);
    expect(await lastRecord()).toMatchObject({ code: 'deadline_exceeded', reason: 'DEADLINE_EXCEEDED' });
  });

  it.each([
    ['Connect', { 'connect-timeout-ms': '9999999999', 'content-type': 'application/json' }, BODY],
    ['gRPC', { 'grpc-timeout': '99999999H', 'content-type': 'application/grpc' }, frame()],
  ])('that is longer than a timer can be, over %s, does not end the call', async (_name, headers, body) => {
    const warnings: Error[] = [];
    const onWarning = (warning: Error) => warnings.push(warning);
    process.on('warning', onWarning);
    const session = connectHttp2(listeners.http2Url);
    await postHttp2(session, RPC_PATH, { ...headers, ...AUTHORIZATION }, body);
    session.close();
    expect((await lastRecord())?.code).toBe('ok');
    process.off('warning', onWarning);
    expect(warnings).toEqual([]);
  });
});

function frame(): Uint8Array {
  const message = toBinary(CreateS3UploadRequestSchema, create(CreateS3UploadRequestSchema, VALID));
  return Buffer.concat([Buffer.from([0, 0, 0, 0, message.length]), message]);
}

describe('health', () => {
  const client = () => createClient(Health, createGrpcTransport({ baseUrl: listeners.http2Url }));

  it('is answered without a key for the server and its services, and for nothing else', async () => {
    for (const service of ['', 'upload.v1.UploadService']) {
      expect((await client().check({ service })).status).toBe(ServingStatus.SERVING);
    }
    await expect(client().check({ service: 'no.Such' })).rejects.toMatchObject({ code: Code.NotFound });
    expect(Object.keys((await client().list({})).statuses)).toContain('upload.v1.UploadService');
  });
});

describe('reflection', () => {
  it.each([
    ['v1', () => createClient(ServerReflection, createGrpcTransport({ baseUrl: listeners.http2Url }))],
    [
      'v1alpha',
      () => createClient(ServerReflectionV1Alpha, createGrpcTransport({ baseUrl: listeners.http2Url })),
    ],
  ])('%s lists the services and hands out their files with all that they import', async (_name, client) => {
    async function* questions() {
      yield { messageRequest: { case: 'listServices' as const, value: '' } };
      yield {
        messageRequest: { case: 'fileContainingSymbol' as const, value: RPC_PATH.slice(1).replace('/', '.') },
      };
      yield { messageRequest: { case: 'fileByFilename' as const, value: 'access/v1/access.proto' } };
      yield { messageRequest: { case: 'fileByFilename' as const, value: 'no/such.proto' } };
    }
    const answers = [];
    for await (const { messageResponse } of client().serverReflectionInfo(questions()))
      answers.push(messageResponse);
    const [services, files, again, missing] = answers;
    expect(
      services?.case === 'listServicesResponse' && services.value.service.map(({ name }) => name),
    ).toEqual([
      'apikeys.v1.ApiKeyService',
      'grpc.health.v1.Health',
      'grpc.reflection.v1.ServerReflection',
      'grpc.reflection.v1alpha.ServerReflection',
      'upload.v1.UploadService',
    ]);
    expect(fileNames(files)[0]).toBe('upload/v1/upload_service.proto');
    expect(fileNames(files)).toEqual(
      expect.arrayContaining(['buf/validate/validate.proto', 'google/api/http.proto']),
    );
    // Its import has been sent before, so it comes alone.
    expect(fileNames(again)).toEqual(['access/v1/access.proto']);
    expect(missing).toMatchObject({ case: 'errorResponse', value: { errorCode: Code.NotFound } });
  });
});

function fileNames(answer: { case: string | undefined; value?: unknown } | undefined): string[] {
  if (answer?.case !== 'fileDescriptorResponse') return [];
  const { fileDescriptorProto } = answer.value as { fileDescriptorProto: Uint8Array[] };
  return fileDescriptorProto.map((bytes) => fromBinary(FileDescriptorProtoSchema, bytes).name);
}
