// Joins what answers who is calling: the lookup of keys, the feed of their revocations and the verifier.
import type { Settings } from './config/settings.ts';
import { createKeyUsage } from './keys/key-usage.ts';
import { keyLimits } from './keys/limits.ts';
import { createKeyLookup, type KeyLookup } from './keys/lookup.ts';
import type { FailureLimiter } from './keys/ports.ts';
import { createPropagation } from './keys/propagation.ts';
import { createRevocationFeed } from './keys/revocation-feed.ts';
import type { UploadTokens } from './keys/upload-tokens.ts';
import { createKeyVerifier, type KeyVerifier } from './keys/verify.ts';
import type { KeyRooms } from './open-keys.ts';
import { createFailureLimiter } from './quota/failure-limiter.ts';
import { startPatiently } from './start-patiently.ts';
import { clock, random, schedule } from './system.ts';
import type { Events } from './telemetry/events.ts';
import type { Metrics } from './telemetry/metrics.ts';

/** Addresses whose failed authentications are counted at the same time; about 100 bytes each. */
const LIMITED_ADDRESSES = 100_000;

/** How long a start waits for Redis before it goes on without it. */
const REDIS_START_WAIT_MS = 500;

export interface Authentication extends AsyncDisposable {
  readonly lookup: KeyLookup;
  readonly verify: KeyVerifier['verify'];
}

export interface AuthenticationOptions {
  readonly events: Events;
  readonly metrics: Metrics;
  /** Makes of the limiter of this process one of all that serve the same port. Left out: it stands alone. */
  readonly shareFailures?: ((local: FailureLimiter) => FailureLimiter) | undefined;
}

/**
 * Opens a key lookup that hears of every revocation, and the verifier in front of it. Rejects with a Fault
 * STORE_UNAVAILABLE when the store does not tell of the revocations so far.
 *
 * @param shareFailures joins the limiter of failures with those of other processes
 */
export async function openAuthentication(
  settings: Settings,
  { store, shared, peppers, sharedReady }: KeyRooms,
  uploadTokens: UploadTokens,
  { events, metrics, shareFailures = (local) => local }: AuthenticationOptions,
): Promise<Authentication> {
  await using opening = new AsyncDisposableStack();
  const limits = { maxAgeMs: settings.keyMaxAgeMs, staleIfErrorMs: settings.keyStaleIfErrorMs };
  const propagation = createPropagation({ clock, onPropagated: events.keyChangePropagated });
  const lookup = createKeyLookup({
    store,
    shared,
    clock,
    schedule,
    random: random.fraction,
    limits,
    onLookup: events.keyLookedUp,
    onAnnounced: propagation.announced,
  });
  opening.defer(() => lookup.close());
  const feed = createRevocationFeed({
    store,
    clock,
    schedule,
    limits,
    onEvent: (event) => propagation.fed(event, !lookup.invalidate(event.digest, event.version)),
    onDown: events.revocationFeedDown,
    onUp: events.revocationFeedUp,
  });
  await Promise.all([startPatiently(feed.start), sharedReady(REDIS_START_WAIT_MS)]);
  opening.defer(() => feed.stop());
  metrics.state.cache('keys', () => lookup.stats().records);
  metrics.state.cache('absent_keys', () => lookup.stats().absent);
  if (shared) metrics.state.breaker('keys', () => lookup.stats().breaker);
  metrics.state.feedLag(feed.lagMs);
  const limiter = shareFailures(
    createFailureLimiter({
      perSecond: settings.authFailuresPerSecond,
      burst: settings.authFailureBurst,
      maxAddresses: LIMITED_ADDRESSES,
      clock,
    }),
  );
  const usage = createKeyUsage({
    store,
    clock,
    schedule,
    random: random.fraction,
    limits: keyLimits(limits),
    onError: events.keyUsageNotStored,
  });
  opening.defer(() => usage.close());
  const { verify } = createKeyVerifier({
    lookup,
    peppers,
    clock,
    uploadTokens,
    certificateOwners: settings.tlsClientOwners,
    limiter,
    onAccepted: usage.record,
  });
  const open = opening.move();
  return { lookup, verify, [Symbol.asyncDispose]: () => open.disposeAsync() };
}
