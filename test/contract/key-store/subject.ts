import type { KeyPage, KeyQuery, KeyStore } from '../../../src/keys/ports.ts';
import type { ByteLedger } from '../../../src/quota/ports.ts';

export type FullKeyStore = KeyStore & ByteLedger;

/** One empty place to keep keys in. Every store that is opened on it sees the same keys. */
export interface KeyStorePlace {
  open(): Promise<FullKeyStore>;
  remove(): Promise<void>;
}

/** What each test finds: a store on an empty place, and the way to open more of them there. */
export interface KeyStoreSubject {
  readonly store: () => FullKeyStore;
  readonly open: () => Promise<FullKeyStore>;
}

const ALL: KeyQuery = { offset: 0, limit: 1_000, nowMs: 0 };

export function listAll(store: KeyStore, query: Partial<KeyQuery> = {}): Promise<KeyPage> {
  return store.list({ ...ALL, ...query });
}

/** Everything that changes leave in the store; equal before and after what changed nothing. */
export async function contentsOf(store: KeyStore) {
  const [keys, events, audit] = await Promise.all([
    listAll(store),
    store.events(0, 1_000),
    store.audit({ limit: 1_000 }),
  ]);
  return { keys, events, audit };
}
