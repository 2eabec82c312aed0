import { createHash } from 'node:crypto';
import { type Principal, SCOPES } from '../../src/keys/api-key.ts';
import type { RandomBytes } from '../../src/keys/base62.ts';
import { createCircuitBreaker } from '../../src/keys/circuit-breaker.ts';
import type { CreateKeyInput } from '../../src/keys/key-input.ts';
import { type CreatedKey, createKeys, type Keys } from '../../src/keys/keys.ts';
import { createKeyLookup } from '../../src/keys/lookup.ts';
import { createKeyVerifier, type KeyVerifier } from '../../src/keys/verify.ts';
import { createByteQuota, type LedgerByteQuota } from '../../src/quota/byte-quota.ts';
import { createKeyLimiter, type KeyLimiter } from '../../src/quota/key-limiter.ts';
import type { Uploads } from '../../src/uploads/uploads.ts';
import { echoUploads } from './echo-uploads.ts';
import { OPERATOR, PEPPER } from './key-fixtures.ts';
import { createManualClock, type ManualClock } from './manual-clock.ts';
import { createMemoryCacheServer } from './memory-key-cache.ts';
import { createMemoryKeyStore, type MemoryKeyStore } from './memory-key-store.ts';
import { PLANS } from './rate-fleet.ts';

/** The rooms of keys and quotas, under the names by which the doors ask for them. */
export interface KeyRooms {
  readonly clock: ManualClock;
  readonly store: MemoryKeyStore;
  readonly keys: Keys;
  readonly verify: KeyVerifier['verify'];
  readonly limiter: KeyLimiter;
  readonly byteUsage: LedgerByteQuota['usage'];
  readonly uploads: Uploads;
  readonly wallClockMs: () => number;
  /** Makes a key as the operator would: of the owner `acme` with every scope, unless told otherwise. */
  makeKey(input?: Partial<CreateKeyInput>): Promise<CreatedKey>;
}

/** The caches of the real sizes take longer to make than most tests. */
const ENTRIES = 100;
const LIMITS = { memoryEntries: ENTRIES, absentEntries: ENTRIES, generationEntries: ENTRIES };

/**
 * What the service joins, on a store in memory, a clock that stands still and chance that is always the same: rooms
 * that are asked the same answer the same, secrets and ids included.
 */
export function createKeyRooms({ defaultPlan = 'unlimited' } = {}): KeyRooms {
  const clock = createManualClock();
  const store = createMemoryKeyStore();
  const server = createMemoryCacheServer(clock);
  const peppers = [PEPPER] as const;
  const random = () => 0.5;
  const common = { store, clock, schedule: clock.schedule, shared: server.connect() };
  const lookup = createKeyLookup({ ...common, random, limits: LIMITS });
  const keys = createKeys({
    ...common,
    lookup,
    peppers,
    plans: new Set(PLANS.keys()),
    defaultPlan: PLANS.get(defaultPlan) ? defaultPlan : undefined,
    randomBytes: repeatableBytes(),
  });
  const guard = createCircuitBreaker({ clock, random, failures: 5, openMs: 500 });
  const byteQuota = createByteQuota({ ledger: store, guard, schedule: clock.schedule, maxKeys: ENTRIES });
  return {
    clock,
    store,
    keys,
    verify: createKeyVerifier({ lookup, peppers, clock }).verify,
    limiter: createKeyLimiter({ plans: PLANS, defaultPlan, clock, maxKeys: ENTRIES }),
    byteUsage: byteQuota.usage,
    uploads: countedUploads(byteQuota, clock),
    wallClockMs: clock.wallMs,
    makeKey: (input) =>
      keys.create(
        {
          name: 'Web shop',
          owner: 'acme',
          environment: 'live',
          scopes: SCOPES,
          expiresAtMs: null,
          ...input,
        },
        OPERATOR,
      ),
  };
}

function countedUploads(quota: LedgerByteQuota, clock: ManualClock): Uploads {
  return {
    ...echoUploads,
    issuePut: async (request, principal: Principal) => {
      await quota.take(principal, request.sizeBytes, clock.wallMs());
      return echoUploads.issuePut(request, principal);
    },
  };
}

/** Never the same twice, and the same every time. */
function repeatableBytes(): RandomBytes {
  let call = 0;
  return (size) => createHash('shake256', { outputLength: size }).update(String(call++)).digest();
}
