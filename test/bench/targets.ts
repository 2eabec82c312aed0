import { create, toBinary } from '@bufbuild/protobuf';
import { CreateS3UploadRequestSchema } from '../../gen/upload/v1/upload_service_pb.js';
import { type ChildServer, repositoryPath, startChildServer } from './child-server.ts';
import { EXAMPLE_REQUEST } from './example.ts';
import type { RequestSpec } from './load-order.ts';
import { startPresignd } from './presignd.ts';

/** A server under load, and what it is asked. */
export interface Target {
  readonly label: string;
  readonly request: RequestSpec;
  readonly start: () => Promise<ChildServer>;
  /** At most so many times the CPU time of another target. */
  readonly budget?: { readonly baseline: string; readonly limit: number };
}

export const HTTP_ECHO = 'node:http, JSON echo';
const GRPC_ECHO = '@grpc/grpc-js, echo of the same messages';
const RPC_PATH = '/upload.v1.UploadService/CreateS3Upload';

/** The call of the README over REST. */
export function restRequest(apiKey: string): RequestSpec {
  return {
    kind: 'http1',
    path: '/v1/upload/s3',
    headers: { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' },
    body: Buffer.from(JSON.stringify(EXAMPLE_REQUEST)).toString('base64'),
    expected: '"uploadUrl":"https://',
  };
}

/** Each is measured in every round, in this order. */
export function createTargets(apiKey: string, databaseUrl: string): readonly Target[] {
  const authorization = `Bearer ${apiKey}`;
  const rest = restRequest(apiKey);
  const connect: RequestSpec = {
    ...rest,
    path: RPC_PATH,
    headers: { ...rest.headers, 'connect-protocol-version': '1' },
  };
  const grpc: RequestSpec = {
    kind: 'grpc',
    path: RPC_PATH,
    headers: { authorization, 'content-type': 'application/grpc', te: 'trailers' },
    body: Buffer.from(grpcMessage()).toString('base64'),
    expected: 'X-Amz-Signature=',
  };
  const presignd = () => startPresignd(databaseUrl);
  return [
    {
      label: HTTP_ECHO,
      request: { ...rest, path: '/', expected: EXAMPLE_REQUEST.filename },
      start: () => startScript('echo.ts'),
    },
    {
      label: 'presignd, REST',
      request: rest,
      start: presignd,
      budget: { baseline: HTTP_ECHO, limit: 2.5 },
    },
    { label: 'presignd, Connect JSON', request: connect, start: presignd },
    {
      label: 'connect-node with getSignedUrl, Connect JSON',
      request: connect,
      start: () => startScript('connect-peer.ts', apiKey),
    },
    { label: GRPC_ECHO, request: grpc, start: () => startScript('grpc-echo.ts') },
    {
      label: 'presignd, gRPC',
      request: grpc,
      start: presignd,
      budget: { baseline: GRPC_ECHO, limit: 1.5 },
    },
  ];
}

function grpcMessage(): Uint8Array {
  const { size, ...rest } = EXAMPLE_REQUEST;
  const message = create(CreateS3UploadRequestSchema, { ...rest, size: BigInt(size) });
  return toBinary(CreateS3UploadRequestSchema, message);
}

function startScript(name: string, ...more: readonly string[]): Promise<ChildServer> {
  const script = repositoryPath(`test/bench/servers/${name}`);
  return startChildServer({ arguments: (port) => [script, String(port), ...more] });
}
