// Joins the rooms behind API keys: the service and the `keys` commands open the same ones.

import type { Settings } from './config/settings.ts';
import { createKeys, type Keys } from './keys/keys.ts';
import type { KeyLookup } from './keys/lookup.ts';
import { cacheKeyFromPepper, loadPeppers, type Peppers } from './keys/peppers.ts';
import type { KeyStore, SharedKeyCache } from './keys/ports.ts';
import { openKeyStore } from './store/open-store.ts';
import { clock, random, schedule } from './system.ts';

export interface KeyRooms extends AsyncDisposable {
  readonly store: KeyStore;
  /** Undefined without a REDIS_URL. */
  readonly shared: SharedKeyCache | undefined;
  readonly peppers: Peppers;
  /** The use cases; a process that also looks keys up passes its lookup, which must not wait for the feed. */
  manage(lookup?: KeyLookup): Keys;
  /** Resolves when Redis can be asked, and false when it cannot within `timeoutMs`; true without a Redis. */
  sharedReady(timeoutMs: number): Promise<boolean>;
}

export interface SharedCacheListener {
  readonly onRejected?: () => void;
  readonly onDown?: (error: Error) => void;
  readonly onUp?: () => void;
}

/** Opens the store, which must answer, and starts connecting to Redis, which need not. */
export async function openKeyRooms(
  settings: Pick<Settings, 'databaseUrl' | 'redisUrl' | 'keyPeppers'>,
  listener: SharedCacheListener = {},
): Promise<KeyRooms> {
  await using opening = new AsyncDisposableStack();
  const store = opening.adopt(await openKeyStore(settings.databaseUrl.reveal()), (opened) => opened.close());
  const peppers = await loadPeppers({ store, configured: settings.keyPeppers, randomBytes: random.bytes });
  const redis =
    settings.redisUrl && opening.use(await openShared(settings.redisUrl.reveal(), peppers, listener));
  const shared = redis?.cache;
  const open = opening.move();
  return {
    store,
    shared,
    peppers,
    manage: (lookup) => {
      const keys = createKeys({
        store,
        shared,
        lookup,
        pepper: peppers[0],
        randomBytes: random.bytes,
        clock,
        schedule,
      });
      open.defer(() => keys.close());
      return keys;
    },
    sharedReady: async (timeoutMs) => redis?.ready(timeoutMs) ?? true,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

interface SharedRooms extends Disposable {
  readonly cache: SharedKeyCache;
  ready(timeoutMs: number): Promise<boolean>;
}

async function openShared(
  url: string,
  peppers: Peppers,
  listener: SharedCacheListener,
): Promise<SharedRooms> {
  // Loaded only where it is used: the client takes a tenth of the time to get ready.
  const { openRedis } = await import('./redis/client.ts');
  const { createRedisKeyCache } = await import('./redis/key-cache.ts');
  const connections = openRedis({ url, ...listener });
  const cache = createRedisKeyCache({
    connections,
    // The last pepper is the store's own, so that the instances of a fleet agree however theirs are configured.
    cacheKey: cacheKeyFromPepper(peppers.at(-1) ?? peppers[0]),
    clock,
    ...listener,
  });
  return {
    cache,
    ready: connections.ready,
    [Symbol.dispose]: () => {
      cache.close().catch(() => {});
      connections.close();
    },
  };
}
