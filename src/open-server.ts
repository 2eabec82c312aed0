// Joins what stands between the network and the doors.
import type { Settings } from './config/settings.ts';
import { createAddressConnections } from './edge/address-connections.ts';
import { createClientAddress, isAmong } from './edge/client-address.ts';
import { clientCertificateOf } from './edge/client-certificate.ts';
import { createCors } from './edge/cors.ts';
import { createEdge } from './edge/edge.ts';
import { createHealthRoutes, isHealthPath } from './edge/health-routes.ts';
import { createOnePortServer, type OnePortServer } from './edge/listen.ts';
import { createRequestIds } from './edge/request-id.ts';
import { groupCalls } from './edge/running-calls.ts';
import type { Batches } from './flow/batches.ts';
import { UPLOAD_TOKEN_PATTERN } from './keys/upload-token.ts';
import type { Tls } from './open-tls.ts';
import { sendFault } from './rest/envelope.ts';
import { createRestDoor } from './rest/rest-door.ts';
import { createTokenPathDoor } from './rest/token-path-door.ts';
import type { RpcDoor } from './rpc/rpc-door.ts';
import { clock, random } from './system.ts';
import type { Events } from './telemetry/events.ts';
import type { Health } from './telemetry/health.ts';
import type { Metrics } from './telemetry/metrics.ts';
import type { RequestRecord } from './telemetry/request-record.ts';
import type { Tracing } from './telemetry/tracing.ts';

export interface ServedRooms {
  readonly rpc: RpcDoor;
  readonly health: Health;
  readonly metrics: Metrics;
  readonly events: Events;
  readonly batches: Batches;
  /** Undefined: off. */
  readonly tls?: Tls | undefined;
  /** Undefined: off. */
  readonly tracing?: Tracing | undefined;
}

/** The one port, with every door behind it. It does not listen yet. */
export function openServer(
  settings: Pick<Settings, 'trustedProxies' | 'corsOrigins' | 'maxConnections' | 'maxConnectionsPerAddress'>,
  { rpc, health, metrics, events, batches, tls, tracing }: ServedRooms,
): OnePortServer {
  const rest = createRestDoor({ calls: rpc.calls, rpcDoor: rpc, batches });
  const running = new Set<RequestRecord>();
  const edge = createEdge({
    doors: [
      rest,
      createTokenPathDoor({ door: rest, tokenPattern: UPLOAD_TOKEN_PATTERN }),
      createHealthRoutes({ health, metrics: metrics.expose, refuse: sendFault, clock: clock.monotonicMs }),
      rpc,
    ],
    refuse: sendFault,
    requestId: createRequestIds(random.pooled),
    clientAddress: createClientAddress(settings.trustedProxies),
    clientCertificate: tls?.asksClients ? clientCertificateOf : undefined,
    allowsPlaintext: tls?.plaintext === 'health-only' ? isHealthPath : undefined,
    cors: createCors(settings.corsOrigins),
    clock: clock.monotonicMs,
    trace: tracing?.serve,
    onRequestEnd: events.requestEnded,
    running,
  });
  const { maxConnections, maxConnectionsPerAddress, trustedProxies } = settings;
  return createOnePortServer(edge, {
    limits: { maxConnections },
    admitSocket:
      maxConnectionsPerAddress === 0
        ? undefined
        : createAddressConnections(maxConnectionsPerAddress, isAmong(trustedProxies)),
    onSocketRefused: events.shed,
    onError: events.listenerFailed,
    tls: tls?.server,
    tlsOnly: tls?.plaintext === 'refuse',
    runningCalls: () => groupCalls(running),
  });
}
