import { randomBytes } from 'node:crypto';
import type { CreateKeyInput } from '../../../src/keys/key-input.ts';
import { createKeys } from '../../../src/keys/keys.ts';
import { createKeyLookup } from '../../../src/keys/lookup.ts';
import type { Peppers } from '../../../src/keys/peppers.ts';
import { PEPPER, PLANS } from '../../support/key-fixtures.ts';
import { createManualClock } from '../../support/manual-clock.ts';
import { createMemoryCacheServer } from '../../support/memory-key-cache.ts';
import { createMemoryKeyStore } from '../../support/memory-key-store.ts';

export const INPUT: CreateKeyInput = {
  name: 'Web shop',
  owner: 'acme',
  environment: 'live',
  scopes: ['uploads:create'],
  expiresAtMs: null,
};

/** The room of keys on a store in memory, on a clock that stands still, and the lookups of several instances. */
export function openKeysRoom({ withShared = true, peppers = [PEPPER] as Peppers } = {}) {
  const clock = createManualClock();
  const store = createMemoryKeyStore();
  const server = createMemoryCacheServer(clock);
  const common = { store, clock, schedule: clock.schedule };
  const connect = () => (withShared ? server.connect() : undefined);
  const makeLookup = () => createKeyLookup({ ...common, shared: connect(), random: () => 0.5 });
  const lookup = makeLookup();
  const keys = createKeys({ ...common, shared: connect(), lookup, peppers, plans: PLANS, randomBytes });
  return { clock, store, server, lookup, makeLookup, keys };
}
