// The composition root, which the other open-*.ts are parts of. It opens the rooms from the inside out and closes
// them in the reverse order.
import type { AddressInfo } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import type { UploadSettings } from './config/destinations.ts';
import type { OnePortServer } from './edge/listen.ts';
import { Fault } from './fault/fault.ts';
import type { CreatedKey } from './keys/keys.ts';
import { openAdmission, openBatches } from './open-admission.ts';
import { type CoreOptions, openCore } from './open-core.ts';
import { openServer } from './open-server.ts';
import { openTelemetry } from './open-telemetry.ts';
import { openTls } from './open-tls.ts';
import { createRpcDoor } from './rpc/rpc-door.ts';
import { connectErrorFromFault } from './rpc/translate.ts';
import { clock } from './system.ts';
import type { Events } from './telemetry/events.ts';
import { createHealth, type Health } from './telemetry/health.ts';
import { version } from './version.ts';
import type { Peers } from './workers/peers.ts';

/**
 * How long connections without a call stay usable that belong to a process whose place another has taken: nobody waits
 * for its end, and the longer it lasts, the more clients are told to leave instead of meeting a closed socket.
 */
const REPLACED_QUIET_MS = 2_000;

/** Whoever waits for this process asks as soon as it listens, and is to be answered before what can come later. */
const WARM_DELAY_MS = 20;

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

export interface AppOptions extends CoreOptions {
  readonly logFormat: 'json' | 'pretty';
}

/**
 * Opens the whole service and listens. Rejects, with everything closed again, when the store does not answer, a
 * destination cannot be used or the port cannot be had.
 */
export async function openApp(options: AppOptions): Promise<App> {
  const { settings, logFormat, peers } = options;
  await using opening = new AsyncDisposableStack();
  const telemetry = opening.use(await openTelemetry(settings, { logFormat, worker: peers?.worker }));
  const { metrics, events, tracing } = telemetry;
  const tls = opening.use(openTls(settings, events));
  const core = opening.use(await openCore(options, telemetry));
  const health = createHealth({ version, clock: clock.monotonicMs, dependencies: core.dependencies });
  const admission = opening.use(openAdmission(settings, events, metrics));
  const shutdown = new AbortController();
  const rpc = createRpcDoor({
    ...core,
    admission,
    batches: openBatches(tracing),
    health,
    wallClockMs: clock.wallMs,
    shutdownSignal: shutdown.signal,
  });
  const expose = peers?.shareMetrics(metrics.snapshot) ?? metrics.expose;
  const served = { rpc, health, metrics: { ...metrics, expose }, events, tls, tracing };
  const server = openServer(settings, served);
  const address = await server.listen(settings.port, settings.host);
  // Without a listener the process would not end if what follows fails. After `stop` there is nothing left to cut.
  opening.defer(async () => void (await server.shutdown(0)));
  // Of several workers the primary says it, once.
  if (peers === undefined) events.listening({ host: address.address, port: address.port });
  // Nobody handles its failure: a contract that cannot be checked must not be served.
  void delay(WARM_DELAY_MS, undefined, { ref: false }).then(rpc.warm);
  // Last, because whoever could not start has nobody to tell the secret to.
  const bootstrapped = await core.keys.bootstrap(settings.bootstrapKey?.reveal());
  if (bootstrapped) events.bootstrapped(bootstrapped.key.id);
  const open = opening.move();
  return {
    address,
    scheme: tls === undefined ? 'http' : 'https',
    bootstrapped,
    refuseReload: events.reloadRefused,
    stop: ({ replaced } = { replaced: false }) =>
      stop({ settings, server, health, shutdown, peers, events }, replaced),
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

interface Running {
  readonly settings: Pick<UploadSettings, 'shutdownDelayMs' | 'shutdownGraceMs'>;
  readonly server: OnePortServer;
  readonly health: Health;
  readonly shutdown: AbortController;
  readonly peers: Peers | undefined;
  readonly events: Events;
}

async function stop(running: Running, replaced: boolean): Promise<void> {
  const { settings, server, health, shutdown, peers, events } = running;
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
}
