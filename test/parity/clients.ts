import { type ClientHttp2Session, connect as connectHttp2 } from 'node:http2';
import {
  create,
  type DescMessage,
  type DescMethodUnary,
  fromBinary,
  fromJson,
  getOption,
  type Message,
  type MessageInitShape,
  toBinary,
  toJson,
} from '@bufbuild/protobuf';
import { ConnectError, type Transport } from '@connectrpc/connect';
import { errorFromJson } from '@connectrpc/connect/protocol-connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from '@connectrpc/connect-node';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import { http } from '../../gen/google/api/annotations_pb.js';
import {
  type AnswerHeaders,
  type Outcome,
  outcomeFromAnswer,
  outcomeFromConnectError,
  outcomeFromGrpcJsError,
  outcomeFromRest,
} from './outcome.ts';

/** What a call has beside its message. */
export interface CallOptions {
  readonly token?: string | undefined;
  readonly idempotencyKey?: string | undefined;
}

export interface ProtocolClient {
  readonly name: string;
  call<M extends DescMethodUnary>(
    method: M,
    init: MessageInitShape<M['input']>,
    options?: CallOptions,
  ): Promise<Outcome>;
  close(): void;
}

/** Every way of making the same call, each with an independent client where there is one. */
export function createClients(http1Url: string, http2Url: string): ProtocolClient[] {
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

function headersFor({ token, idempotencyKey }: CallOptions): Record<string, string> {
  return {
    ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    ...(idempotencyKey === undefined ? {} : { 'idempotency-key': idempotencyKey }),
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function pathOf({ parent, name }: DescMethodUnary): string {
  return `/${parent.typeName}/${name}`;
}

interface RestRequest {
  readonly httpMethod: string;
  readonly target: string;
  readonly body: string | undefined;
}

/** The request that the contract's google.api.http rule asks for, as somebody who reads the rule would write it. */
function restRequestFor<M extends DescMethodUnary>(
  method: M,
  init: MessageInitShape<M['input']>,
): RestRequest {
  const input: DescMessage = method.input;
  const { pattern, body } = getOption(method, http);
  if (pattern.case === undefined || pattern.case === 'custom') throw new Error(`${method.name} has no path`);
  const fields = new Map(Object.entries(Object(toJson(input, create(input, init)))));
  const path = pattern.value.replaceAll(/\{(\w+)\}/g, (_, name: string) => {
    const { jsonName = '' } = input.fields.find((field) => field.name === name) ?? {};
    const value = String(fields.get(jsonName));
    fields.delete(jsonName);
    return encodeURIComponent(value);
  });
  const hasBody = body === '*';
  const query = hasBody ? [] : [...fields].map(([name, value]) => [name, String(value)]);
  return {
    httpMethod: pattern.case.toUpperCase(),
    target: query.length > 0 ? `${path}?${new URLSearchParams(query)}` : path,
    body: hasBody ? JSON.stringify(Object.fromEntries(fields)) : undefined,
  };
}

function restOverHttp1(baseUrl: string): ProtocolClient {
  return {
    name: 'REST over HTTP/1.1',
    call: async (method, init, options = {}) => {
      const { httpMethod, target, body } = restRequestFor(method, init);
      const response = await fetch(baseUrl + target, {
        method: httpMethod,
        headers: { ...headersFor(options), ...(body === undefined ? {} : JSON_TYPE) },
        ...(body === undefined ? {} : { body }),
      });
      const headers = Object.fromEntries(response.headers);
      return outcomeFromRest(method.output, response.status, headers, await response.text());
    },
    close: () => {},
  };
}

function restOverHttp2(baseUrl: string): ProtocolClient {
  const session = connectHttp2(baseUrl);
  return {
    name: 'REST over HTTP/2',
    call: async (method, init, options = {}) => {
      const { httpMethod, target, body } = restRequestFor(method, init);
      const sent = { ...headersFor(options), ...(body === undefined ? {} : JSON_TYPE) };
      const answer = await postHttp2(session, target, sent, body ?? '', httpMethod);
      const headers = Object.entries(answer.headers).map(([name, value]) => [name, String(value)]);
      return outcomeFromRest(method.output, answer.status, Object.fromEntries(headers), answer.body);
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
function connectByFetch(baseUrl: string): ProtocolClient {
  return {
    name: 'Connect by fetch',
    call: async (method, init, options = {}) => {
      const response = await fetch(baseUrl + pathOf(method), {
        method: 'POST',
        headers: { ...headersFor(options), ...JSON_TYPE, 'connect-protocol-version': '1' },
        body: JSON.stringify(toJson(method.input, create(method.input, init))),
      });
      const json = await response.json();
      if (response.ok)
        return outcomeFromAnswer(fromJson(method.output, json), Object.fromEntries(response.headers));
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
): ProtocolClient {
  const sessions = new Http2SessionManager(http2Url);
  const transport = transportOver(sessions);
  return {
    name,
    call: async (method, init, options = {}) => {
      try {
        const answered = await transport.unary(method, undefined, undefined, headersFor(options), init);
        const headers = Object.fromEntries([...answered.header, ...answered.trailer]);
        return outcomeFromAnswer(answered.message, headers);
      } catch (error) {
        return outcomeFromConnectError(ConnectError.from(error));
      }
    },
    close: () => sessions.abort(),
  };
}

function grpcJs(baseUrl: string): ProtocolClient {
  const client = new Client(new URL(baseUrl).host, credentials.createInsecure());
  return {
    name: 'gRPC by grpc-js',
    call: (method, init, options = {}) => {
      const { input, output } = method;
      const metadata = new Metadata();
      for (const [name, value] of Object.entries(headersFor(options))) metadata.set(name, value);
      let headers: AnswerHeaders = {};
      return new Promise((resolve) => {
        const call = client.makeUnaryRequest(
          pathOf(method),
          (request: Message) => Buffer.from(toBinary(input, request)),
          (bytes: Buffer): Message => fromBinary(output, bytes),
          create(input, init),
          metadata,
          (error, response) => {
            if (response !== undefined) resolve(outcomeFromAnswer(response, headers));
            else if (error)
              resolve(outcomeFromGrpcJsError(error, { ...headers, ...headersFromMetadata(error.metadata) }));
          },
        );
        call.on('metadata', (received: Metadata) => {
          headers = headersFromMetadata(received);
        });
      });
    },
    close: () => client.close(),
  };
}

function headersFromMetadata(metadata: Metadata): AnswerHeaders {
  return Object.fromEntries(Object.entries(metadata.getMap()).map(([name, value]) => [name, String(value)]));
}
