import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import { create, fromBinary, type MessageInitShape, toBinary, toJson } from '@bufbuild/protobuf';
import { ConnectError, createClient, type Transport } from '@connectrpc/connect';
import { errorFromJson } from '@connectrpc/connect/protocol-connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from '@connectrpc/connect-node';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import {
  type CreateS3UploadRequest,
  CreateS3UploadRequestSchema,
  CreateS3UploadResponseSchema,
  UploadService,
} from '../../gen/upload/v1/upload_service_pb.js';
import {
  type Outcome,
  outcomeFromConnectError,
  outcomeFromGrpcJsError,
  outcomeFromResponse,
  outcomeFromRest,
} from './outcome.ts';

export type UploadInit = MessageInitShape<typeof CreateS3UploadRequestSchema>;

export interface UploadClient {
  readonly name: string;
  call(init: UploadInit, token: string | undefined): Promise<Outcome>;
  close(): void;
}

const REST_PATH = '/v1/upload/s3';
const RPC_PATH = '/upload.v1.UploadService/CreateS3Upload';

/** Every way of making the same call, each with an independent client where there is one. */
export function createClients(http1Url: string, http2Url: string): UploadClient[] {
  return [
    restOverHttp1(http1Url),
    restOverHttp2(http2Url),
    connectByFetch(http1Url),
    ...(['1.1', '2'] as const).flatMap((httpVersion) => {
      const baseUrl = httpVersion === '1.1' ? http1Url : http2Url;
      return [true, false].flatMap((useBinaryFormat) => {
        const format = `${useBinaryFormat ? 'proto' : 'JSON'} over HTTP/${httpVersion}`;
        const options = { baseUrl, useBinaryFormat };
        return [
          overTransport(`Connect ${format}`, http2Url, (sessions) =>
            createConnectTransport(
              httpVersion === '2'
                ? { ...options, httpVersion, sessionManager: sessions }
                : { ...options, httpVersion },
            ),
          ),
          overTransport(`gRPC-Web ${format}`, http2Url, (sessions) =>
            createGrpcWebTransport(
              httpVersion === '2'
                ? { ...options, httpVersion, sessionManager: sessions }
                : { ...options, httpVersion },
            ),
          ),
        ];
      });
    }),
    overTransport('gRPC', http2Url, (sessionManager) =>
      createGrpcTransport({ baseUrl: http2Url, sessionManager }),
    ),
    grpcJs(http2Url),
  ];
}

function jsonOf(init: UploadInit): string {
  return JSON.stringify(toJson(CreateS3UploadRequestSchema, create(CreateS3UploadRequestSchema, init)));
}

function headersFor(token: string | undefined): Record<string, string> {
  return {
    'content-type': 'application/json',
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
  };
}

function restOverHttp1(baseUrl: string): UploadClient {
  return {
    name: 'REST over HTTP/1.1',
    call: async (init, token) => {
      const response = await fetch(baseUrl + REST_PATH, {
        method: 'POST',
        headers: headersFor(token),
        body: jsonOf(init),
      });
      const retryAfter = response.headers.get('retry-after') ?? undefined;
      return outcomeFromRest(response.status, retryAfter, await response.text());
    },
    close: () => {},
  };
}

function restOverHttp2(baseUrl: string): UploadClient {
  const session = connectHttp2(baseUrl);
  return {
    name: 'REST over HTTP/2',
    call: async (init, token) => {
      const { status, headers, body } = await postHttp2(session, REST_PATH, headersFor(token), jsonOf(init));
      return outcomeFromRest(status, headers['retry-after']?.toString(), body);
    },
    close: () => session.close(),
  };
}

export async function postHttp2(
  session: ClientHttp2Session,
  path: string,
  headers: Record<string, string>,
  body: string | Uint8Array,
  method = 'POST',
) {
  const stream = session.request(
    { ':method': method, ':path': path, ...headers },
    { endStream: body.length === 0 },
  );
  const head = new Promise<Record<string, string | string[] | number | undefined>>((resolve, reject) => {
    stream.once('response', (received) => resolve({ ...received }));
    stream.once('error', reject);
  });
  if (body.length > 0) stream.end(body);
  const received = await head;
  const chunks: Buffer[] = [];
  for await (const chunk of stream) chunks.push(chunk);
  return { status: Number(received[':status']), headers: received, body: Buffer.concat(chunks).toString() };
}

/** Connect as its specification has it, without a Connect library. */
function connectByFetch(baseUrl: string): UploadClient {
  return {
    name: 'Connect by fetch',
    call: async (init, token) => {
      const response = await fetch(baseUrl + RPC_PATH, {
        method: 'POST',
        headers: { ...headersFor(token), 'connect-protocol-version': '1' },
        body: jsonOf(init),
      });
      const json = await response.json();
      if (response.ok) return { ...outcomeFromRest(200, undefined, JSON.stringify(json)) };
      return outcomeFromConnectError(
        errorFromJson(json, response.headers, new ConnectError('not a Connect error')),
      );
    },
    close: () => {},
  };
}

function overTransport(
  name: string,
  http2Url: string,
  transportOver: (sessions: Http2SessionManager) => Transport,
): UploadClient {
  const sessions = new Http2SessionManager(http2Url);
  const client = createClient(UploadService, transportOver(sessions));
  return {
    name,
    call: async (init, token) => {
      const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
      try {
        return outcomeFromResponse(await client.createS3Upload(init, { headers }));
      } catch (error) {
        return outcomeFromConnectError(ConnectError.from(error));
      }
    },
    close: () => sessions.abort(),
  };
}

function grpcJs(baseUrl: string): UploadClient {
  const client = new Client(new URL(baseUrl).host, credentials.createInsecure());
  return {
    name: 'gRPC by grpc-js',
    call: (init, token) => {
      const metadata = new Metadata();
      if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
      return new Promise((resolve) => {
        client.makeUnaryRequest(
          RPC_PATH,
          (request: CreateS3UploadRequest) => Buffer.from(toBinary(CreateS3UploadRequestSchema, request)),
          (bytes: Buffer) => fromBinary(CreateS3UploadResponseSchema, bytes),
          create(CreateS3UploadRequestSchema, init),
          metadata,
          (error, response) => {
            if (response !== undefined) resolve(outcomeFromResponse(response));
            else if (error) resolve(outcomeFromGrpcJsError(error));
          },
        );
      });
    },
    close: () => client.close(),
  };
}
