// The server that the conformance runner starts, once for each combination of protocol and HTTP version: the product's
// listener, edge and doors, with the runner's service beside the product's own. It is told on stdin how to serve, says
// on stdout where, and ends on SIGTERM. `--chain` puts in front of the service what every public service has there.
import { buffer } from 'node:stream/consumers';
import { parseArgs } from 'node:util';
import { create, createRegistry, fromBinary, toBinary } from '@bufbuild/protobuf';
import { createConnectRouter, createServiceImplSpec, type Interceptor } from '@connectrpc/connect';
import { loadSettings } from '../../src/config/load-settings.ts';
import { tlsMaterialFrom } from '../../src/edge/tls-material.ts';
import { createTlsServer } from '../../src/edge/tls-server.ts';
import { createBatches } from '../../src/flow/batches.ts';
import { openServer } from '../../src/open-server.ts';
import type { Tls } from '../../src/open-tls.ts';
import { PUBLIC_CHAIN } from '../../src/rpc/interceptors.ts';
import type { JsonOptions } from '../../src/rpc/lean-exchange.ts';
import type { LeanMethod } from '../../src/rpc/lean-handler.ts';
import { createRouterDoor, routerOptions } from '../../src/rpc/router-door.ts';
import { createUnaryCall } from '../../src/rpc/unary-call.ts';
import { afterInput } from '../../src/system.ts';
import { createEvents } from '../../src/telemetry/events.ts';
import { openLogger } from '../../src/telemetry/logger.ts';
import { createMetrics } from '../../src/telemetry/metrics.ts';
import { createTestDoors } from '../support/test-doors.ts';
import {
  type ServerCompatRequest,
  ServerCompatRequestSchema,
  ServerCompatResponseSchema,
} from './gen/connectrpc/conformance/v1/server_compat_pb.js';
import {
  ConformanceService,
  file_connectrpc_conformance_v1_service,
} from './gen/connectrpc/conformance/v1/service_pb.js';
import { conformanceService } from './service.ts';

const HOST = '127.0.0.1';

/** With the runner's own certificate, and where it gives its clients one, only for who has that. */
function tlsFor({ useTls, serverCreds, clientTlsCert }: ServerCompatRequest): Tls | undefined {
  if (!useTls || serverCreds === undefined) return undefined;
  const asksClients = clientTlsCert.length > 0;
  const server = createTlsServer({
    material: tlsMaterialFrom({
      cert: textFrom(serverCreds.cert),
      key: textFrom(serverCreds.key),
      clientCa: asksClients ? textFrom(clientTlsCert) : undefined,
    }),
    minVersion: 'TLSv1.2',
    clientAuth: asksClients ? 'required' : 'off',
    onFailure: () => {},
  });
  return { server, asksClients, plaintext: 'refuse', [Symbol.dispose]: () => {} };
}

function textFrom(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString();
}

async function openConformanceServer(request: ServerCompatRequest, withChain: boolean) {
  const { rpcDoor, health, shutdown } = createTestDoors();
  const readMaxBytes = request.messageReceiveLimit;
  // Answers quote their requests as google.protobuf.Any, whose JSON takes a descriptor.
  const jsonOptions = { registry: createRegistry(file_connectrpc_conformance_v1_service) };
  const interceptors = withChain ? PUBLIC_CHAIN : [];
  const router = createConnectRouter({
    ...routerOptions({ readMaxBytes, shutdownSignal: shutdown.signal }),
    jsonOptions,
    interceptors,
  }).service(ConformanceService, conformanceService);
  const servicePaths = new Set(router.handlers.map(({ requestPath }) => requestPath));
  const door = createRouterDoor(router, {
    leanMethods: leanMethodsWith(interceptors, readMaxBytes, jsonOptions),
  });

  const { logger } = await openLogger({ level: 'silent', format: 'json', version: '0', secretPatterns: [] });
  const metrics = createMetrics('0');
  return openServer(loadSettings({}), {
    rpc: {
      ...rpcDoor,
      match: (path) => (servicePaths.has(path) ? door : rpcDoor).match(path),
    },
    health,
    metrics,
    events: createEvents(logger, metrics),
    tls: tlsFor(request),
  });
}

/** The unary methods, for the lean path: they are as open as the service's streams are. */
function leanMethodsWith(
  interceptors: readonly Interceptor[],
  readMaxBytes: number,
  jsonOptions: JsonOptions,
): LeanMethod[] {
  const { methods } = createServiceImplSpec(ConformanceService, conformanceService);
  const batches = createBatches(afterInput);
  const verify = () => Promise.reject(new Error('nobody is asked who they are'));
  return Object.values(methods)
    .filter((spec) => spec.kind === 'unary')
    .map((spec) => ({
      call: { ...createUnaryCall(spec, { chain: interceptors, verify, batches }), identify: async () => {} },
      readMaxBytes,
      jsonOptions,
    }));
}

/** The runner puts its length in front of each message. */
function withoutLength(bytes: Buffer): Uint8Array {
  return bytes.subarray(4, 4 + bytes.readUInt32BE());
}

function withLength(message: Uint8Array): Uint8Array {
  const length = Buffer.alloc(4);
  length.writeUInt32BE(message.length);
  return Buffer.concat([length, message]);
}

const { values } = parseArgs({ options: { chain: { type: 'boolean', default: false } } });
const request = fromBinary(ServerCompatRequestSchema, withoutLength(await buffer(process.stdin)));
const server = await openConformanceServer(request, values.chain);
const { port } = await server.listen(0, HOST);
process.once('SIGTERM', () => void server.shutdown(0));
const response = create(ServerCompatResponseSchema, {
  host: HOST,
  port,
  pemCert: request.serverCreds?.cert ?? new Uint8Array(),
});
process.stdout.write(withLength(toBinary(ServerCompatResponseSchema, response)));
