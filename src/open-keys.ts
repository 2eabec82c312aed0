// Joins the rooms behind API keys: the service and the `keys` commands open the same ones.

import type { Settings } from './config/settings.ts';
import { createKeys, type Keys } from './keys/keys.ts';
import type { KeyLookup } from './keys/lookup.ts';
import { cacheKeyFromPepper, loadPeppers, type Peppers } from './keys/peppers.ts';
import type { KeyStore, SharedKeyCache } from './keys/ports.ts';
import type { ByteLedger, SharedRateCounts, SharedTokenCounts } from './quota/ports.ts';
import { startPatiently } from './start-patiently.ts';
import { backupStore, migrateStore, openKeyStore, planStoreMigration } from './store/open-store.ts';
import { clock, random, schedule } from './system.ts';
import type { TracedPorts } from './traced-ports.ts';
import type { CreationMemory } from './uploads/ports.ts';

export interface KeyRooms extends AsyncDisposable {
  readonly store: KeyStore & ByteLedger;
  /** Undefined without a REDIS_URL. */
  readonly shared: SharedKeyCache | undefined;
  /** Undefined without a REDIS_URL, and unless it is asked for: whoever counts is counted as an instance. */
  readonly rateCounts: SharedRateCounts | undefined;
  /** What creating calls of all instances remember. Rejects while Redis is away. Undefined without a REDIS_URL. */
  readonly creationMemory: CreationMemory | undefined;
  /** Undefined without a REDIS_URL. */
  readonly tokenCounts: SharedTokenCounts | undefined;
  readonly peppers: Peppers;
  /** The use cases; a process that also looks keys up passes its lookup, which must not wait for the feed. */
  manage(lookup?: KeyLookup): Keys;
  /** Resolves when Redis can be asked, and false when it cannot within `timeoutMs`; true without a Redis. */
  sharedReady(timeoutMs: number): Promise<boolean>;
}

export interface KeyRoomsOptions {
  /** Count calls together with the other instances. */
  readonly countCalls?: boolean;
  readonly onRejected?: () => void;
  readonly onDown?: (error: Error) => void;
  readonly onUp?: () => void;
  /** Undefined where requests are not traced. */
  readonly ports?: TracedPorts | undefined;
}

/** Opens the store, which must answer, and starts connecting to Redis, which need not. */
export async function openKeyRooms(
  settings: Pick<
    Settings,
    | 'databaseUrl'
    | 'databasePoolSize'
    | 'autoMigrate'
    | 'redisUrl'
    | 'keyPeppers'
    | 'keyMaxAgeMs'
    | 'ratePlans'
    | 'defaultRatePlan'
  >,
  options: KeyRoomsOptions = {},
): Promise<KeyRooms> {
  await using opening = new AsyncDisposableStack();
  const opened = opening.adopt(
    await openKeyStore(() => settings.databaseUrl.reveal(), {
      autoMigrate: settings.autoMigrate,
      poolSize: settings.databasePoolSize,
    }),
    (store) => store.close(),
  );
  const store = options.ports?.store(settings.databaseUrl.reveal())(opened) ?? opened;
  const peppers = await startPatiently(() =>
    loadPeppers({ store, configured: settings.keyPeppers, randomBytes: random.bytes }),
  );
  const redis =
    settings.redisUrl && opening.use(await openShared(settings.redisUrl.reveal(), peppers, options));
  const shared = redis?.cache;
  const open = opening.move();
  return {
    store,
    shared,
    rateCounts: redis?.rateCounts,
    creationMemory: redis?.creationMemory,
    tokenCounts: redis?.tokenCounts,
    peppers,
    manage: (lookup) => {
      const keys = createKeys({
        store,
        shared,
        lookup,
        peppers,
        plans: new Set(settings.ratePlans.keys()),
        // A plan without a limit limits nobody.
        defaultPlan: settings.ratePlans.get(settings.defaultRatePlan) ? settings.defaultRatePlan : undefined,
        randomBytes: random.bytes,
        clock,
        schedule,
        limits: { maxAgeMs: settings.keyMaxAgeMs },
      });
      open.defer(() => keys.close());
      return keys;
    },
    sharedReady: async (timeoutMs) => redis?.ready(timeoutMs) ?? true,
    [Symbol.asyncDispose]: () => open.disposeAsync(),
  };
}

/** Copies the store that the settings name into a new file. Throws as `backupStore` does. */
export function backupKeyStore(settings: Pick<Settings, 'databaseUrl'>, target: string): Promise<void> {
  return backupStore(() => settings.databaseUrl.reveal(), target);
}

/** Brings the schema of the store up to date, and answers its versions before and after. */
export function migrateKeyStore({ databaseUrl }: Pick<Settings, 'databaseUrl'>) {
  return migrateStore(() => databaseUrl.reveal());
}

/** What that would do. Changes nothing. */
export function planKeyStoreMigration({ databaseUrl }: Pick<Settings, 'databaseUrl'>) {
  return planStoreMigration(() => databaseUrl.reveal());
}

interface SharedRooms extends AsyncDisposable {
  readonly cache: SharedKeyCache;
  readonly rateCounts: SharedRateCounts | undefined;
  readonly creationMemory: CreationMemory;
  readonly tokenCounts: SharedTokenCounts;
  ready(timeoutMs: number): Promise<boolean>;
}

async function openShared(url: string, peppers: Peppers, options: KeyRoomsOptions): Promise<SharedRooms> {
  // Loaded only where it is used: the client takes a tenth of the time to get ready.
  const { openRedis } = await import('./redis/client.ts');
  const { createRedisKeyCache } = await import('./redis/key-cache.ts');
  const { createRedisRateCounts } = await import('./redis/rate-counts.ts');
  const { createRedisCreationMemory } = await import('./redis/creation-memory.ts');
  const { createRedisTokenCounts } = await import('./redis/token-counts.ts');
  const connections = openRedis({ url, ...options });
  const authenticated = {
    connections,
    // The last pepper is the store's own, so that the instances of a fleet agree however theirs are configured.
    cacheKey: cacheKeyFromPepper(peppers.at(-1) ?? peppers[0]),
    clock,
    ...options,
  };
  const cache = createRedisKeyCache(authenticated);
  const rateCounts = options.countCalls ? createRedisRateCounts({ connections }) : undefined;
  const creationMemory = createRedisCreationMemory(authenticated);
  const tokenCounts = createRedisTokenCounts({ connections });
  const { ports } = options;
  return {
    cache: ports?.keyCache(cache) ?? cache,
    rateCounts: (rateCounts && ports?.rateCounts(rateCounts)) ?? rateCounts,
    creationMemory: ports?.creationMemory(creationMemory) ?? creationMemory,
    tokenCounts: ports?.tokenCounts(tokenCounts) ?? tokenCounts,
    ready: connections.ready,
    [Symbol.asyncDispose]: async () => {
      cache.close().catch(() => {});
      await rateCounts?.close();
      connections.close();
    },
  };
}
