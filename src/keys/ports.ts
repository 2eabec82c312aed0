// What this room needs from outside. Adapters live in store/ and redis/; `app.ts` joins them.
import type { ApiKey, KeyDigest, KeyRecord, ShownStatus } from './api-key.ts';

/** One change of one key, as the store's event table keeps it. */
export interface KeyEvent {
  readonly seq: number;
  readonly digest: KeyDigest;
  readonly version: number;
  readonly kind: 'created' | 'updated' | 'revoked';
  readonly atMs: number;
}

export interface KeyPage {
  readonly keys: readonly ApiKey[];
  readonly total: number;
}

export interface KeyQuery {
  readonly owner?: string | undefined;
  readonly status?: ShownStatus | undefined;
  /** Wall-clock milliseconds: tells active from expired. */
  readonly nowMs: number;
  readonly offset: number;
  readonly limit: number;
}

/** What the audit log shows of a key: never the secret, nor its digest. */
export type AuditedKey = Omit<ApiKey, 'digest' | 'lastUsedAtMs'>;

/** One change, and who made it. */
export interface AuditEntry {
  readonly atMs: number;
  readonly action: 'create' | 'update' | 'revoke' | 'rotate';
  /** The id of the calling key or `cert:` and the name of a certificate, or `cli`, `bootstrap` or `dev`. */
  readonly actor: string;
  /** Where the call came from; empty for the CLI. */
  readonly address: string;
  /** Empty for the CLI. */
  readonly requestId: string;
  readonly owner: string;
  /** The key that was changed; a rotation names the replaced one, whose `after` names its replacement. */
  readonly keyId: string;
  readonly before: AuditedKey | null;
  readonly after: AuditedKey;
}

export interface AuditRecord extends AuditEntry {
  readonly seq: number;
}

export interface AuditQuery {
  readonly owner?: string | undefined;
  readonly keyId?: string | undefined;
  /** Only records before this one. */
  readonly beforeSeq?: number | undefined;
  readonly limit: number;
}

/** A creation that may happen once. */
export interface IdempotentUse {
  readonly owner: string;
  /** SHA-256 of the caller's `Idempotency-Key` in base64url. */
  readonly keyHash: string;
  /** SHA-256 of what was asked for, in base64url. */
  readonly fingerprint: string;
  /** Uses from before this moment are forgotten. */
  readonly validSinceMs: number;
}

/** Everything that one change does to the store, in one transaction. Events follow from it. */
export interface KeyChange {
  /** A new key. */
  readonly inserted?: ApiKey | undefined;
  /** A key as it shall be, its version already raised, and the version that it must still have. */
  readonly updated?: { readonly key: ApiKey; readonly fromVersion: number } | undefined;
  readonly audit: AuditEntry;
  readonly idempotency?: IdempotentUse | undefined;
  /** Only if the store holds no key at all. */
  readonly onlyIfEmpty?: boolean | undefined;
}

export type CommitOutcome =
  | { readonly outcome: 'committed' }
  /** The key has another version by now, or the store is not empty: nothing was changed. */
  | { readonly outcome: 'conflict' }
  /** The idempotency key was used before: nothing was changed. */
  | { readonly outcome: 'repeated'; readonly keyId: string; readonly fingerprint: string };

/**
 * The source of truth. Every change is durable before it resolves and writes its events and its audit record in
 * the same transaction. A method that cannot reach the store rejects with a Fault STORE_UNAVAILABLE.
 */
export interface KeyStore {
  /** The key with this digest, whatever its status. */
  findByDigest(digest: KeyDigest): Promise<ApiKey | undefined>;
  findById(id: string): Promise<ApiKey | undefined>;
  /** All or nothing. Rejects, changing nothing, when an inserted id or digest exists. */
  commit(change: KeyChange): Promise<CommitOutcome>;
  /** Newest first, by creation time and then id. */
  list(query: KeyQuery): Promise<KeyPage>;
  /** Newest first. */
  audit(query: AuditQuery): Promise<readonly AuditRecord[]>;
  /** Notes when keys were last used; an earlier moment never replaces a later one. Neither a version nor an event. */
  touch(uses: readonly { readonly id: string; readonly atMs: number }[]): Promise<void>;
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
  /** Replaces whatever is not newer by the changed record, even in a full cache, and tells the other instances. */
  announce(digest: KeyDigest, record: KeyRecord, ttlMs: number): Promise<void>;
  /** Calls back for every change that another instance announces. Returns a function that stops it. */
  onAnnounced(listener: (digest: KeyDigest, version: number) => void): () => void;
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
