// What people do with keys: create, list, revoke.
import type { KeyObject } from 'node:crypto';
import { Fault } from '../fault/fault.ts';
import type { ApiKey } from './api-key.ts';
import { type RandomBytes, randomBase62 } from './base62.ts';
import type { Clock, Schedule } from './clock.ts';
import { type CreateKeyInput, checkCreateKeyInput } from './key-input.ts';
import { KEY_LIMITS } from './limits.ts';
import { type KeyLookup, recordFromKey } from './lookup.ts';
import type { KeyPage, KeyStore, SharedKeyCache } from './ports.ts';
import { createRevocationAnnouncer } from './revocation-announcer.ts';
import { digestFromToken, displayPartsOf, mintToken } from './token.ts';

/** 131 random bits: ids need to be unique, not secret. */
const ID_RANDOM_LENGTH = 22;
const LIST_MAX_LIMIT = 1_000;

export interface CreatedKey {
  readonly key: ApiKey;
  /** The secret. It exists only here: nothing keeps it, and it cannot be had again. */
  readonly token: string;
}

export interface RevokedKey {
  readonly key: ApiKey;
  /**
   * `pushed` when the shared cache has told every instance. `pending` when other processes learn it from the
   * revocation feed, which takes up to `KEY_LIMITS.feedIntervalMs`.
   */
  readonly propagation: 'pushed' | 'pending';
}

export interface ListKeysInput {
  readonly offset: number;
  /** 1–1,000. */
  readonly limit: number;
  readonly owner?: string;
}

export interface Keys {
  /** Makes a key. Throws a Fault INVALID_REQUEST or STORE_UNAVAILABLE. */
  create(input: CreateKeyInput): Promise<CreatedKey>;
  /** Newest first. Throws a Fault INVALID_REQUEST or STORE_UNAVAILABLE. */
  list(input: ListKeysInput): Promise<KeyPage>;
  /**
   * Revokes a key, or answers the revoked key as it is; undefined when there is no such key. Throws a Fault
   * STORE_UNAVAILABLE, and then the key is as it was; once the store has the revocation, nothing fails.
   */
  revoke(id: string): Promise<RevokedKey | undefined>;
  /** Ends the background work. */
  close(): void;
}

export interface KeysDeps {
  readonly store: Pick<KeyStore, 'insert' | 'list' | 'revoke'>;
  readonly shared?: SharedKeyCache | undefined;
  /** The lookup of this process, where there is one: it must not wait for the feed. */
  readonly lookup?: Pick<KeyLookup, 'invalidate'> | undefined;
  /** Tags new tokens. */
  readonly pepper: KeyObject;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
  readonly schedule: Schedule;
}

export function createKeys(deps: KeysDeps): Keys {
  const { store, shared, lookup, pepper, randomBytes, clock, schedule } = deps;
  const announcer = shared && createRevocationAnnouncer({ shared, clock, schedule, limits: KEY_LIMITS });

  return {
    async create(input) {
      const nowMs = clock.wallMs();
      const { name, owner, environment, scopes, expiresAtMs } = checkCreateKeyInput(input, nowMs);
      const token = mintToken(environment, pepper, randomBytes);
      const key: ApiKey = {
        id: `key_${randomBase62(ID_RANDOM_LENGTH, randomBytes)}`,
        digest: digestFromToken(token),
        ...displayPartsOf(token),
        name,
        owner,
        environment,
        scopes,
        status: 'active',
        version: 1,
        createdAtMs: nowMs,
        expiresAtMs,
        revokedAtMs: null,
      };
      const startedAtMs = clock.monotonicMs();
      await store.insert(key);
      lookup?.invalidate(key.digest, key.version);
      // So that a lagging replica of the store does not refuse the key on its first use. Only a help.
      const ttlMs = Math.floor(KEY_LIMITS.maxAgeMs - (clock.monotonicMs() - startedAtMs));
      if (ttlMs > 0) await shared?.fill(key.digest, recordFromKey(key), ttlMs).catch(() => {});
      return { key, token };
    },

    async list(input) {
      checkListInput(input);
      return store.list(input);
    },

    async revoke(id) {
      const key = await store.revoke(id, clock.wallMs());
      if (key === undefined) return undefined;
      lookup?.invalidate(key.digest, key.version);
      const pushed = announcer !== undefined && (await announcer.announce(key));
      return { key, propagation: pushed ? 'pushed' : 'pending' };
    },

    close: () => announcer?.close(),
  };
}

function checkListInput({ offset, limit }: ListKeysInput): void {
  const fields = [];
  if (!Number.isSafeInteger(offset) || offset < 0)
    fields.push({ field: 'offset', message: 'must be 0 or more' });
  if (!Number.isSafeInteger(limit) || limit < 1 || limit > LIST_MAX_LIMIT)
    fields.push({ field: 'limit', message: `must be 1 to ${LIST_MAX_LIMIT}` });
  if (fields.length > 0) throw new Fault('INVALID_REQUEST', { fields });
}
