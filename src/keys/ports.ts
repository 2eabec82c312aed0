// What this room needs from outside. Adapters live in store/ and redis/; `app.ts` joins them.
import type { ApiKey, KeyDigest, KeyRecord } from './api-key.ts';

/** One change of one key, as the store's event table keeps it. */
export interface KeyEvent {
  readonly seq: number;
  readonly digest: KeyDigest;
  readonly version: number;
  readonly kind: 'created' | 'revoked';
  readonly atMs: number;
}

export interface KeyPage {
  readonly keys: readonly ApiKey[];
  readonly total: number;
}

/**
 * The source of truth. Every change is durable before it resolves and writes its event in the same
 * transaction. A method that cannot reach the store rejects with a Fault STORE_UNAVAILABLE.
 */
export interface KeyStore {
  /** The key with this digest, whatever its status. */
  findByDigest(digest: KeyDigest): Promise<ApiKey | undefined>;
  findById(id: string): Promise<ApiKey | undefined>;
  /** Stores a new key. Rejects when the id or the digest exists. */
  insert(key: ApiKey): Promise<void>;
  /**
   * Revokes a key and answers it. A key that is already revoked is answered as it is: the first revocation
   * stands. Undefined when there is no such key.
   */
  revoke(id: string, atMs: number): Promise<ApiKey | undefined>;
  /** Newest first, by creation time and then id. */
  list(page: { readonly offset: number; readonly limit: number; readonly owner?: string }): Promise<KeyPage>;
  /** Events after `seq`, oldest first, at most `limit`. */
  events(afterSeq: number, limit: number): Promise<readonly KeyEvent[]>;
  /**
   * The value stored under `name`, which is set to `candidate` if there is none yet: two processes that start
   * at once agree on one value.
   */
  secretOnce(name: string, candidate: Buffer): Promise<Buffer>;
  /** Rejects when the store does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** A record from the shared cache, and how long it may still be used. */
export interface CachedRecord {
  readonly record: KeyRecord;
  /** Milliseconds left of the record's life, which began when it was read from the store. */
  readonly remainingMs: number;
}

/**
 * The cache that instances share. It may lose anything at any time: absence means "ask the store". It never
 * answers a value that it did not authenticate. A method rejects when the cache does not answer in time.
 */
export interface SharedKeyCache {
  get(digest: KeyDigest): Promise<CachedRecord | undefined>;
  /** Stores the record unless a newer version is there. */
  fill(digest: KeyDigest, record: KeyRecord, ttlMs: number): Promise<void>;
  /** Replaces whatever is older by the revoked record and tells the other instances. */
  revoke(digest: KeyDigest, record: KeyRecord, ttlMs: number): Promise<void>;
  /** Calls back for every revocation that another instance announces. Returns a function that stops it. */
  onRevoked(listener: (digest: KeyDigest, version: number) => void): () => void;
  /** Calls back when announcements may have been missed, such as after a reconnect. */
  onGap(listener: () => void): () => void;
  /** Rejects when the cache does not answer. */
  ping(): Promise<void>;
  close(): Promise<void>;
}

/**
 * Slows down guessing. Failed authentications are counted by peer address; while an address is over its
 * limit, what nobody minted is answered with the time to come back. Genuine keys are never limited.
 */
export interface FailureLimiter {
  /** Milliseconds until the address may try again; 0 when it may try now. */
  blockedForMs(address: string): number;
  recordFailure(address: string): void;
}
