// The composition root, which the other open-*.ts are parts of. It opens the rooms from the inside out and closes
// them in the reverse order.
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { UploadSettings } from './config/destinations.ts';
import { Fault } from './fault/fault.ts';
import type { CreatedKey } from './keys/keys.ts';
import { openAdmission } from './open-admission.ts';
import { openAuthentication } from './open-authentication.ts';
import { openDestinations } from './open-destinations.ts';
import { type KeyRooms, openKeyRooms } from './open-keys.ts';
import { openLimits } from './open-limits.ts';
import { openServer } from './open-server.ts';
import { openTelemetry } from './open-telemetry.ts';
import { openTls } from './open-tls.ts';
import { openSealed, openUploads } from './open-uploads.ts';
import { createRpcDoor } from './rpc/rpc-door.ts';
import { connectErrorFromFault } from './rpc/translate.ts';
import type { CredentialProvider } from './s3/credentials.ts';
import { clock } from './system.ts';
import { createHealth } from './telemetry/health.ts';
import { createTracedPorts } from './traced-ports.ts';
import { version } from './version.ts';
import type { Peers } from './workers/peers.ts';

/**
 * How long connections without a call stay usable that belong to a process whose place another has taken: nobody waits
 * for its end, and the longer it lasts, the more clients are told to leave instead of meeting a closed socket.
 */
const REPLACED_QUIET_MS = 2_000;

export interface App extends AsyncDisposable {
  readonly address: AddressInfo;
  /** How clients reach it. */
  readonly scheme: 'http' | 'https';
  /** The administrator that was made because the store was empty. */
  readonly bootstrapped: CreatedKey | undefined;
  /**
   * Turns readiness off, waits the configured delay, lets running calls finish and stops listening. Where another
   * process has taken the place of this one on the same port, nobody needs to be told, nor to be given time to notice.
   */
  stop(options?: { readonly replaced: boolean }): Promise<void>;
  /** Says in the log that this process cannot be replaced by a new one while it serves. */
  refuseReload(): void;
}

export interface AppOptions {
  readonly settings: UploadSettings;
  /** For the default destination, instead of the AWS SDK's own chain. */
  readonly credentials?: CredentialProvider;
  readonly logFormat: 'json' | 'pretty';
  /** The other processes that serve the same port. Without it there are none. */
  readonly peers?: Peers | undefined;
}

/**
 * Opens the whole service and listens. Rejects, with everything closed again, when the store does not answer, a
 * destination cannot be used or the port cannot be had.
 */
export async function openApp({ settings, credentials, logFormat, peers }: AppOptions): Promise<App> {
  await using opening = new AsyncDisposableStack();
  const { metrics, events, tracing } = opening.use(
    await openTelemetry(settings, { logFormat, worker: peers?.worker }),
  );
  const ports = tracing && createTracedPorts(tracing);
  const tls = opening.use(openTls(settings, events));
  const openingRooms = openKeyRooms(settings, {
    countCalls: true,
    onRejected: events.sharedRecordRejected,
    onDown: events.sharedCacheDown,
    onUp: events.sharedCacheUp,
    ports,
  }).then((opened) => opening.use(opened));
  const openingDestinations = openDestinations(settings, { credentials, events, ports }).then((opened) =>
    opening.use(opened),
  );
  // When one fails, the other is waited for: what it opens later would be closed by nobody.
  await Promise.allSettled([openingRooms, openingDestinations]);
  const [opened, { destinations, dependencies }] = await Promise.all([openingRooms, openingDestinations]);
  const rooms = sharedWithPeers(opened, peers);
  const { idSealer, uploadTokens } = openSealed(settings, rooms);
  const { limiter, byteQuota } = opening.use(openLimits(settings, rooms, { events, metrics }));
  const { lookup, verify } = opening.use(
    await openAuthentication(settings, rooms, uploadTokens, {
      events,
      metrics,
      shareFailures: peers?.shareFailures,
    }),
  );
  const keys = rooms.manage(
    peers ? { ...lookup, invalidate: peers.shareChanges(lookup.invalidate) } : lookup,
  );
  const health = createHealth({
    version,
    clock: clock.monotonicMs,
    dependencies: {
      store: { check: () => rooms.store.ping(), required: true },
      ...dependencies,
      ...(rooms.shared && { redis: { check: rooms.shared.ping, required: false } }),
    },
  });
  const admission = opening.use(openAdmission(settings, events, metrics));
  const shutdown = new AbortController();
  const rpc = createRpcDoor({
    verify,
    limiter,
    admission,
    keys,
    byteUsage: byteQuota.usage,
    uploads: openUploads(settings, rooms, {
      destinations,
      quota: byteQuota,
      sealer: idSealer,
      events,
      metrics,
    }),
    uploadTokens,
    health,
    wallClockMs: clock.wallMs,
    shutdownSignal: shutdown.signal,
  });
  const expose = peers?.shareMetrics(metrics.snapshot) ?? metrics.expose;
  const server = openServer(settings, { rpc, health, metrics: { ...metrics, expose }, events, tls, tracing });
  const address = await server.listen(settings.port, settings.host);
  // Without a listener the process would not end if what follows fails. After `stop` there is nothing left to cut.
  opening.defer(async () => void (await server.shutdown(0)));
  // Of several workers the primary says it, once.
  if (peers === undefined) events.listening({ host: address.address, port: address.port });
  // Nobody handles its failure: a contract that cannot be checked must not be served.
  void rpc.warm();
  // Last, because whoever could not start has nobody to tell the secret to.
  const bootstrapped = await keys.bootstrap(settings.bootstrapKey?.reveal());
  if (bootstrapped) events.bootstrapped(bootstrapped.key.id);
  const open = opening.move();
  return {
    address,
    scheme: tls === undefined ? 'http' : 'https',
    bootstrapped,
    refuseReload: events.reloadRefused,
    stop: async ({ replaced } = { replaced: false }) => {
      events.draining();
      if (!replaced) {
        health.drain();
        await delay(settings.shutdownDelayMs);
        server.close();
        await peers?.closed();
      }
      shutdown.abort(connectErrorFromFault(new Fault('SHUTTING_DOWN'), ''));
      const quietMs = replaced ? REPLACED_QUIET_MS : undefined;
      events.stopped(await server.shutdown(settings.shutdownGraceMs, quietMs));
    },
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Workers on one machine share through their primary what instances share through Redis, where there is none. */
function sharedWithPeers(rooms: KeyRooms, peers: Peers | undefined): KeyRooms {
  if (peers === undefined || rooms.shared !== undefined) return rooms;
  const { rateCounts, tokenCounts, creationMemory } = peers;
  return { ...rooms, rateCounts, tokenCounts, creationMemory };
}
