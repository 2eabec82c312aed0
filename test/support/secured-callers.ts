// Every way of asking for an upload over TLS, each with an independent client where there is one.
import { connect as connectHttp2 } from 'node:http2';
import { create, fromBinary, toBinary } from '@bufbuild/protobuf';
import { createClient, type Transport } from '@connectrpc/connect';
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
} from '@connectrpc/connect-node';
import { Client, credentials, Metadata } from '@grpc/grpc-js';
import {
  type CreateS3UploadRequest,
  CreateS3UploadRequestSchema,
  CreateS3UploadResponseSchema,
  UploadService,
} from '../../gen/upload/v1/upload_service_pb.js';
import { sendHttp1, sendHttp2 } from './http-requests.ts';
import type { SecuredService } from './secured-service.ts';
import type { TestCertificate } from './test-certificates.ts';
import { UPLOAD_PATH, uploadCall } from './upload-calls.ts';

/** What a caller has to show. */
export interface Caller {
  readonly certificate?: TestCertificate;
  readonly token?: string;
}

/** Asks for an upload, and answers its object key. Rejects when it is refused. */
type AskSecured = (service: SecuredService, caller: Caller) => Promise<string>;

const REQUEST = { filename: 'hello.txt', contentType: 'text/plain', size: 13n };

export const SECURED_WAYS: Readonly<Record<string, AskSecured>> = {
  'REST over HTTP/1.1': async (service, { certificate, token }) => {
    const { body } = await sendHttp1(
      service.program.url + UPLOAD_PATH,
      uploadCall(token),
      service.agent(certificate),
    );
    return JSON.parse(body).fileKey;
  },
  'REST over HTTP/2': async (service, caller) => {
    const session = connectHttp2(service.program.url, trustOf(service, caller));
    const { body } = await sendHttp2(session, UPLOAD_PATH, uploadCall(caller.token));
    session.close();
    return JSON.parse(body).fileKey;
  },
  'Connect over HTTP/1.1': (service, caller) =>
    ask(caller, createConnectTransport({ ...optionsOf(service, caller), httpVersion: '1.1' })),
  'Connect over HTTP/2': (service, caller) =>
    ask(caller, createConnectTransport({ ...optionsOf(service, caller), httpVersion: '2' })),
  'gRPC-Web over HTTP/1.1': (service, caller) =>
    ask(caller, createGrpcWebTransport({ ...optionsOf(service, caller), httpVersion: '1.1' })),
  'gRPC by connect-node': (service, caller) => ask(caller, createGrpcTransport(optionsOf(service, caller))),
  'gRPC by grpc-js': askByGrpcJs,
};

function trustOf({ ca }: SecuredService, { certificate }: Caller) {
  return { ca: ca.cert, ...certificate };
}

function optionsOf(service: SecuredService, caller: Caller) {
  return { baseUrl: service.program.url, nodeOptions: trustOf(service, caller) };
}

async function ask({ token }: Caller, transport: Transport): Promise<string> {
  const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` };
  return (await createClient(UploadService, transport).createS3Upload(REQUEST, { headers })).fileKey;
}

async function askByGrpcJs(service: SecuredService, { certificate, token }: Caller): Promise<string> {
  const channel = credentials.createSsl(
    Buffer.from(service.ca.cert),
    certificate ? Buffer.from(certificate.key) : null,
    certificate ? Buffer.from(certificate.cert) : null,
  );
  const client = new Client(`127.0.0.1:${service.program.port}`, channel);
  const metadata = new Metadata();
  if (token !== undefined) metadata.set('authorization', `Bearer ${token}`);
  try {
    return await new Promise((resolve, reject) => {
      client.makeUnaryRequest(
        '/upload.v1.UploadService/CreateS3Upload',
        (request: CreateS3UploadRequest) => Buffer.from(toBinary(CreateS3UploadRequestSchema, request)),
        (bytes) => fromBinary(CreateS3UploadResponseSchema, bytes),
        create(CreateS3UploadRequestSchema, REQUEST),
        metadata,
        (error, answer) => (answer ? resolve(answer.fileKey) : reject(error)),
      );
    });
  } finally {
    client.close();
  }
}
