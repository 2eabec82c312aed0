import { randomBytes } from 'node:crypto';
import { createKeys, type Keys } from '../../src/keys/keys.ts';
import { createKeyLookup, type KeyLookup } from '../../src/keys/lookup.ts';
import type { KeyStore } from '../../src/keys/ports.ts';
import { createRevocationFeed } from '../../src/keys/revocation-feed.ts';
import { createKeyVerifier, type KeyVerifier } from '../../src/keys/verify.ts';
import { PEPPER, PLANS } from './key-fixtures.ts';
import { type ConnectedCache, openCache } from './redis-key-cache.ts';
import { systemClock } from './system-clock.ts';

/** Everything that one running service has for keys, joined as it joins them. */
export interface KeyInstance extends ConnectedCache {
  readonly lookup: KeyLookup;
  readonly verifier: KeyVerifier;
  readonly keys: Keys;
  /** How often a lookup took this step, such as `shared error`. */
  count(step: string): number;
}

export interface KeyInstanceOptions {
  readonly store: KeyStore;
  readonly prefix: string;
  readonly withFeed?: boolean;
}

/** Does not wait for Redis, just as a service that starts does not. */
export async function openKeyInstance(url: string, options: KeyInstanceOptions): Promise<KeyInstance> {
  const { store, prefix, withFeed = true } = options;
  const connected = openCache(url, { prefix });
  const steps = new Map<string, number>();
  const common = {
    store,
    shared: connected.cache,
    clock: systemClock,
    schedule: systemClock.schedule,
    random: Math.random,
    randomBytes,
  };
  const lookup = createKeyLookup({
    ...common,
    onLookup(tier, outcome) {
      const step = `${tier} ${outcome}`;
      steps.set(step, (steps.get(step) ?? 0) + 1);
    },
  });
  const feed = createRevocationFeed({
    ...common,
    onEvent: ({ digest, version }) => lookup.invalidate(digest, version),
  });
  if (withFeed) await feed.start();
  const keys = createKeys({ ...common, lookup, peppers: [PEPPER], plans: PLANS });
  return {
    ...connected,
    lookup,
    verifier: createKeyVerifier({ lookup, peppers: [PEPPER], clock: systemClock }),
    keys,
    count: (step) => steps.get(step) ?? 0,
    async close() {
      await feed.stop();
      keys.close();
      lookup.close();
      await connected.close();
    },
  };
}
