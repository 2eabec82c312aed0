// The composition root, which open-authentication.ts, open-keys.ts and open-limits.ts are parts of. It opens the rooms
// from the inside out and closes them in the reverse order.
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { Settings } from './config/settings.ts';
import { createClientAddress } from './edge/client-address.ts';
import { createCors } from './edge/cors.ts';
import { createEdge } from './edge/edge.ts';
import { createHealthRoutes } from './edge/health-routes.ts';
import { createOnePortServer, type OnePortServer } from './edge/listen.ts';
import { createRequestIds } from './edge/request-id.ts';
import { Fault } from './fault/fault.ts';
import type { CreatedKey } from './keys/keys.ts';
import { TOKEN_PATTERN } from './keys/token.ts';
import { openAuthentication } from './open-authentication.ts';
import { openKeyRooms } from './open-keys.ts';
import { openLimits } from './open-limits.ts';
import { sendFault } from './rest/envelope.ts';
import { createRestDoor } from './rest/rest-door.ts';
import type { Door } from './rpc/http-handler.ts';
import { createRpcDoor, type RpcDoor } from './rpc/rpc-door.ts';
import { connectErrorFromFault } from './rpc/translate.ts';
import type { CredentialProvider } from './s3/credentials.ts';
import { openPresigner, type S3Presigner } from './s3/presigner.ts';
import { clock, random } from './system.ts';
import { createEvents, type Events } from './telemetry/events.ts';
import { createHealth, type Health } from './telemetry/health.ts';
import { openLogger } from './telemetry/logger.ts';
import { createMetrics } from './telemetry/metrics.ts';
import { parseObjectKeyTemplate } from './uploads/object-key-template.ts';
import type { ByteQuota } from './uploads/ports.ts';
import type { PresignedPut } from './uploads/upload.ts';
import { createUploadPolicy } from './uploads/upload-policy.ts';
import { createUploads, type Uploads } from './uploads/uploads.ts';
import { version } from './version.ts';

export interface App extends AsyncDisposable {
  readonly address: AddressInfo;
  /** The administrator that was made because the store was empty. */
  readonly bootstrapped: CreatedKey | undefined;
  /** Turns readiness off, waits the configured delay, lets running calls finish and stops listening. */
  stop(): Promise<void>;
}

export interface AppOptions {
  /** Must hold a bucket. */
  readonly settings: Settings & { readonly bucket: string };
  /** Instead of the AWS SDK's own chain. */
  readonly credentials?: CredentialProvider;
  readonly logFormat: 'json' | 'pretty';
}

/**
 * Opens the whole service and listens. Rejects, with everything closed again, when the store does not answer, the
 * destination cannot be used or the port cannot be had.
 */
export async function openApp({ settings, credentials, logFormat }: AppOptions): Promise<App> {
  await using opening = new AsyncDisposableStack();
  const { logger } = opening.use(
    await openLogger({
      level: settings.logLevel,
      format: logFormat,
      version,
      secretPatterns: [new RegExp(TOKEN_PATTERN, 'g')],
    }),
  );
  const metrics = createMetrics(version);
  const events = createEvents(logger, metrics);
  const openingRooms = openKeyRooms(settings, {
    countCalls: true,
    onRejected: events.sharedRecordRejected,
    onDown: events.sharedCacheDown,
    onUp: events.sharedCacheUp,
  }).then((opened) => opening.use(opened));
  const openingPresigner = openSigning(settings, credentials, events).then((opened) =>
    opening.adopt(opened, (presigner) => presigner.close()),
  );
  // When one fails, the other is waited for: what it opens later would be closed by nobody.
  await Promise.allSettled([openingRooms, openingPresigner]);
  const [rooms, presigner] = await Promise.all([openingRooms, openingPresigner]);
  const { limiter, byteQuota } = opening.use(openLimits(settings, rooms, events));
  const { lookup, verify } = opening.use(await openAuthentication(settings, rooms, events));
  const keys = rooms.manage(lookup);
  const health = createHealth({
    version,
    clock: clock.monotonicMs,
    dependencies: {
      store: { check: () => rooms.store.ping(), required: true },
      s3: { check: () => presigner.check(), required: true },
      ...(rooms.shared && { redis: { check: rooms.shared.ping, required: false } }),
    },
  });
  const shutdown = new AbortController();
  const rpc = createRpcDoor({
    verify,
    limiter,
    keys,
    byteUsage: byteQuota.usage,
    uploads: createIssuer(settings, presigner, byteQuota, events),
    health,
    wallClockMs: clock.wallMs,
    shutdownSignal: shutdown.signal,
  });
  const healthRoutes = createHealthRoutes({ health, metrics: metrics.expose, refuse: sendFault });
  const server = createServer(settings, rpc, healthRoutes, events);
  const address = await server.listen(settings.port, settings.host);
  // Without a listener the process would not end if what follows fails. After `stop` there is nothing left to cut.
  opening.defer(async () => void (await server.shutdown(0)));
  events.listening({ host: address.address, port: address.port });
  // Nobody handles its failure: a contract that cannot be checked must not be served.
  void rpc.warm();
  // Last, because whoever could not start has nobody to tell the secret to.
  const bootstrapped = await keys.bootstrap(settings.bootstrapKey?.reveal());
  if (bootstrapped) events.bootstrapped(bootstrapped.key.id);
  const open = opening.move();
  return {
    address,
    bootstrapped,
    stop: () => stop(server, health, shutdown, settings, events),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

function openSigning(
  settings: AppOptions['settings'],
  credentials: CredentialProvider | undefined,
  events: Events,
): Promise<S3Presigner> {
  return openPresigner({
    bucket: settings.bucket,
    region: settings.region,
    endpoint: settings.s3Endpoint,
    publicEndpoint: settings.s3PublicEndpoint,
    forcePathStyle: settings.s3ForcePathStyle,
    publicBaseUrl: settings.publicBaseUrl,
    signer: settings.signer,
    credentials,
    wallClockMs: clock.wallMs,
    onSignerChange: events.signerChosen,
    onCredentialFailure: events.credentialsFailed,
  });
}

/** The one port, with every door behind it. */
function createServer(settings: Settings, rpc: RpcDoor, healthRoutes: Door, events: Events): OnePortServer {
  const edge = createEdge({
    doors: [createRestDoor({ calls: rpc.calls, rpcDoor: rpc }), healthRoutes, rpc],
    refuse: sendFault,
    requestId: createRequestIds(random.pooled),
    clientAddress: createClientAddress(settings.trustedProxies),
    cors: createCors(settings.corsOrigins),
    clock: clock.monotonicMs,
    onRequestEnd: events.requestEnded,
  });
  return createOnePortServer(edge, { onError: events.listenerFailed });
}

/** The uploads room, with every signature counted. */
function createIssuer(settings: Settings, presigner: S3Presigner, quota: ByteQuota, events: Events): Uploads {
  const uploads = createUploads({
    presigner,
    quota,
    policy: createUploadPolicy({
      ttlSeconds: Math.floor(settings.urlTtlMs / 1000),
      maxTtlSeconds: settings.urlMaxTtlMs === undefined ? undefined : Math.floor(settings.urlMaxTtlMs / 1000),
      template: parseObjectKeyTemplate(settings.objectKeyTemplate),
      activeContent: settings.activeContent,
      allowedAcls: settings.allowedAcls,
    }),
    random: random.pooled,
    wallClockMs: clock.wallMs,
  });
  const count = (issued: PresignedPut): PresignedPut => {
    events.presigned(presigner.status().signer);
    return issued;
  };
  return {
    issuePut: (request, principal) => {
      const issued = uploads.issuePut(request, principal);
      if (issued instanceof Promise) return issued.then(count);
      return count(issued);
    },
  };
}

async function stop(
  server: OnePortServer,
  health: Health,
  shutdown: AbortController,
  settings: Settings,
  events: Events,
): Promise<void> {
  health.drain();
  events.draining();
  await delay(settings.shutdownDelayMs);
  shutdown.abort(connectErrorFromFault(new Fault('SHUTTING_DOWN'), ''));
  events.stopped(await server.shutdown(settings.shutdownGraceMs));
}
