// Joins what stands behind the doors: keys and who calls, limits, and where uploads go.
import type { UploadSettings } from './config/destinations.ts';
import type { Keys } from './keys/keys.ts';
import { openAuthentication } from './open-authentication.ts';
import { openDestinations } from './open-destinations.ts';
import { type KeyRooms, openKeyRooms } from './open-keys.ts';
import { openLimits } from './open-limits.ts';
import type { Telemetry } from './open-telemetry.ts';
import { openSealed, openUploads } from './open-uploads.ts';
import type { RpcDoorDeps } from './rpc/rpc-door.ts';
import type { CredentialProvider } from './s3/credentials.ts';
import type { Dependency } from './telemetry/health.ts';
import { createTracedPorts } from './traced-ports.ts';
import type { Peers } from './workers/peers.ts';

export interface CoreOptions {
  readonly settings: UploadSettings;
  /** For the default destination, instead of the AWS SDK's own chain. */
  readonly credentials?: CredentialProvider;
  /** The other processes that serve the same port. Without it there are none. */
  readonly peers?: Peers | undefined;
}

export interface Core
  extends AsyncDisposable,
    Pick<RpcDoorDeps, 'verify' | 'limiter' | 'keys' | 'byteUsage' | 'uploads' | 'uploadTokens'> {
  readonly keys: Keys;
  /** What all this asks, by the name that `/health` shows. */
  readonly dependencies: Readonly<Record<string, Dependency>>;
}

/** Rejects, with everything closed again, when the store does not answer or a destination cannot be used. */
export async function openCore(
  { settings, credentials, peers }: CoreOptions,
  { metrics, events, tracing }: Telemetry,
): Promise<Core> {
  await using opening = new AsyncDisposableStack();
  const ports = tracing && createTracedPorts(tracing);
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
  const shareFailures = peers?.shareFailures;
  const { lookup, verify } = opening.use(
    await openAuthentication(settings, rooms, uploadTokens, { events, metrics, shareFailures }),
  );
  const keys = rooms.manage(
    peers ? { ...lookup, invalidate: peers.shareChanges(lookup.invalidate) } : lookup,
  );
  const open = opening.move();
  return {
    verify,
    limiter,
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
    dependencies: {
      store: { check: () => rooms.store.ping(), required: true },
      ...dependencies,
      ...(rooms.shared && { redis: { check: rooms.shared.ping, required: false } }),
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
