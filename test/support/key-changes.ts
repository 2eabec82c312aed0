// The changes of keys as a store is asked to make them, for tests that are not about how they come to be.
import type { ApiKey } from '../../src/keys/api-key.ts';
import type { AuditEntry, AuditedKey, IdempotentUse, KeyChange, KeyStore } from '../../src/keys/ports.ts';
import { digestOf } from './stored-key.ts';

type Changed = KeyChange & { readonly updated: { readonly key: ApiKey; readonly fromVersion: number } };

/** What the audit log shows of a key. */
export function auditedKey(key: AuditedKey): AuditedKey {
  const { digest: _, lastUsedAtMs: __, ...audited }: AuditedKey & Partial<ApiKey> = key;
  return audited;
}

/** The creation of a key by the command line. `more` are further conditions. */
export function createChange(
  key: ApiKey,
  more: Pick<KeyChange, 'idempotency' | 'onlyIfEmpty'> = {},
): KeyChange {
  return { inserted: key, audit: entryOf('create', null, key, key.createdAtMs), ...more };
}

/** Another version of a key as it is now. */
export function updateChange(key: ApiKey, to: Partial<ApiKey>, atMs = key.createdAtMs + 1): Changed {
  return changeOf('update', key, { ...to, version: key.version + 1 }, atMs);
}

export function revokeChange(key: ApiKey, atMs: number, reason: string | null = null): Changed {
  const to = {
    status: 'revoked',
    revokedAtMs: atMs,
    revokeReason: reason,
    version: key.version + 1,
  } as const;
  return changeOf('revoke', key, to, atMs);
}

/** Replaces a key by another one, which is to have an id and a digest of its own. */
export function rotateChange(
  key: ApiKey,
  replacement: ApiKey,
  overlapEndsAtMs: number,
): Changed & { readonly inserted: ApiKey } {
  const inserted = { ...replacement, rotatedFrom: key.id, overlapEndsAtMs };
  const to = { rotatedTo: inserted.id, overlapEndsAtMs, version: key.version + 1 };
  return { ...changeOf('rotate', key, to, inserted.createdAtMs), inserted };
}

/** A use of an `Idempotency-Key` that never ends, unless it says otherwise. */
export function useOf(idempotencyKey: string, overrides: Partial<IdempotentUse> = {}): IdempotentUse {
  return {
    owner: 'acme',
    keyHash: digestOf(idempotencyKey),
    fingerprint: digestOf('what was asked for'),
    validSinceMs: 0,
    ...overrides,
  };
}

/** Stores new keys. Throws when one was not stored. */
export async function insertKeys(store: Pick<KeyStore, 'commit'>, ...keys: readonly ApiKey[]): Promise<void> {
  for (const key of keys) await commitWell(store, createChange(key));
}

/** Revokes a key that the store holds as it is here, and answers it. Throws when it was not revoked. */
export async function revokeKey(
  store: Pick<KeyStore, 'commit'>,
  key: ApiKey,
  atMs = key.createdAtMs + 1,
): Promise<ApiKey> {
  const change = revokeChange(key, atMs);
  await commitWell(store, change);
  return change.updated.key;
}

/** Makes a change. Throws when it was not made. */
export async function commitWell(store: Pick<KeyStore, 'commit'>, change: KeyChange): Promise<void> {
  const answer = await store.commit(change);
  if (answer.outcome !== 'committed') throw new Error(`the change was not made: ${answer.outcome}`);
}

function changeOf(action: AuditEntry['action'], before: ApiKey, to: Partial<ApiKey>, atMs: number): Changed {
  const key = { ...before, ...to };
  return { updated: { key, fromVersion: before.version }, audit: entryOf(action, before, key, atMs) };
}

function entryOf(
  action: AuditEntry['action'],
  before: ApiKey | null,
  after: ApiKey,
  atMs: number,
): AuditEntry {
  return {
    atMs,
    action,
    actor: 'key_of_the_caller',
    address: '192.0.2.7',
    requestId: 'req_1',
    owner: after.owner,
    keyId: after.id,
    before: before && auditedKey(before),
    after: auditedKey(after),
  };
}
