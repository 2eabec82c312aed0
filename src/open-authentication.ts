// Joins what answers who is calling: the lookup of keys, the feed of their revocations and the verifier.
import type { Settings } from './config/settings.ts';
import { createKeyUsage } from './keys/key-usage.ts';
import { keyLimits } from './keys/limits.ts';
import { createKeyLookup, type KeyLookup } from './keys/lookup.ts';
import { createRevocationFeed } from './keys/revocation-feed.ts';
import type { UploadTokens } from './keys/upload-tokens.ts';
import { createKeyVerifier, type KeyVerifier } from './keys/verify.ts';
import type { KeyRooms } from './open-keys.ts';
import { createFailureLimiter } from './quota/failure-limiter.ts';
import { startPatiently } from './start-patiently.ts';
import { clock, random, schedule } from './system.ts';
import type { Events } from './telemetry/events.ts';

/** Addresses whose failed authentications are counted at the same time; about 100 bytes each. */
const LIMITED_ADDRESSES = 100_000;

/** How long a start waits for Redis before it goes on without it. */
const REDIS_START_WAIT_MS = 500;

export interface Authentication extends AsyncDisposable {
  readonly lookup: KeyLookup;
  readonly verify: KeyVerifier['verify'];
}

/**
 * Opens a key lookup that hears of every revocation, and the verifier in front of it. Rejects with a Fault
 * STORE_UNAVAILABLE when the store does not tell of the revocations so far.
 */
export async function openAuthentication(
  settings: Settings,
  { store, shared, peppers, sharedReady }: KeyRooms,
  uploadTokens: UploadTokens,
  events: Events,
): Promise<Authentication> {
  await using opening = new AsyncDisposableStack();
  const limits = { maxAgeMs: settings.keyMaxAgeMs, staleIfErrorMs: settings.keyStaleIfErrorMs };
  const lookup = createKeyLookup({
    store,
    shared,
    clock,
    schedule,
    random: random.fraction,
    limits,
    onLookup: events.keyLookedUp,
  });
  opening.defer(() => lookup.close());
  const feed = createRevocationFeed({
    store,
    clock,
    schedule,
    limits,
    onEvent: ({ digest, version }) => lookup.invalidate(digest, version),
    onDown: events.revocationFeedDown,
    onUp: events.revocationFeedUp,
  });
  await Promise.all([startPatiently(feed.start), sharedReady(REDIS_START_WAIT_MS)]);
  opening.defer(() => feed.stop());
  const limiter = createFailureLimiter({
    perSecond: settings.authFailuresPerSecond,
    burst: settings.authFailureBurst,
    maxAddresses: LIMITED_ADDRESSES,
    clock,
  });
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
    limiter,
    onAccepted: usage.record,
  });
  const open = opening.move();
  return { lookup, verify, [Symbol.asyncDispose]: () => open.disposeAsync() };
}
