// What people do with keys. Each use case checks what came in, has key-decisions.ts decide, and commits.
import { Fault } from '../fault/fault.ts';
import type { ApiKey, Principal, ShownStatus } from './api-key.ts';
import type { RandomBytes } from './base62.ts';
import { bootstrapKey } from './bootstrap.ts';
import { createChangeAnnouncer } from './change-announcer.ts';
import type { Clock, Schedule } from './clock.ts';
import { idempotentUse } from './idempotency.ts';
import { createKeyChanges, type Decided } from './key-changes.ts';
import {
  type Asking,
  decideCreation,
  decideRevocation,
  decideRotation,
  decideUpdate,
} from './key-decisions.ts';
import { mintKey } from './key-identity.ts';
import {
  type CreateKeyInput,
  checkCreateKeyInput,
  checkRevokeReason,
  checkRotationOverlap,
  checkUpdateKeyInput,
  type UpdateKeyInput,
} from './key-input.ts';
import { createKeyQueries } from './key-queries.ts';
import { type KeyLimits, keyLimits } from './limits.ts';
import type { KeyLookup } from './lookup.ts';
import type { Peppers } from './peppers.ts';
import type { AuditRecord, KeyPage, KeyStore, SharedKeyCache } from './ports.ts';

/** Who wants something of the keys. */
export interface Caller {
  /** The calling key, or undefined for the operator of the store, who may do everything for every owner. */
  readonly principal: Principal | undefined;
  /** For the audit log: the id of the calling principal, or `cli`, `bootstrap` or `dev`. */
  readonly actor: string;
  readonly address: string;
  readonly requestId: string;
}

export interface CreatedKey {
  readonly key: ApiKey;
  /** The secret. It exists only here: nothing keeps it, and it cannot be had again. */
  readonly token: string;
}

/**
 * `pushed` when the shared cache has told every instance. `pending` when other processes learn of the
 * change from the revocation feed, which takes up to `KEY_LIMITS.feedIntervalMs`.
 */
export type Propagation = 'pushed' | 'pending';

export interface ChangedKey {
  readonly key: ApiKey;
  readonly propagation: Propagation;
}

export interface RotatedKey extends CreatedKey {
  /** The key that was replaced, as it is now. */
  readonly replaced: ApiKey;
  readonly propagation: Propagation;
}

export interface ListKeysInput {
  readonly offset: number;
  /** 1–1,000. */
  readonly limit: number;
  /** For the operator only; a calling key sees its own owner's keys and no others. */
  readonly owner?: string | undefined;
  readonly status?: ShownStatus | undefined;
}

export interface AuditInput {
  readonly limit: number;
  readonly beforeSeq?: number | undefined;
  readonly owner?: string | undefined;
  readonly keyId?: string | undefined;
}

/**
 * Every method throws a Fault: INVALID_REQUEST naming the fields, API_KEY_NOT_FOUND for a key that does not exist
 * or is not the caller's owner's, BEYOND_CALLER, API_KEY_NOT_ACTIVE, CHANGE_CONFLICT, or STORE_UNAVAILABLE, after
 * which nothing has changed. Once the store has a change, nothing fails.
 */
export interface Keys {
  /** Also throws IDEMPOTENCY_REPEATED and IDEMPOTENCY_MISMATCH. */
  create(input: CreateKeyInput, caller: Caller): Promise<CreatedKey>;
  /** Newest first. */
  list(input: ListKeysInput, caller: Caller): Promise<KeyPage>;
  get(id: string, caller: Caller): Promise<ApiKey>;
  update(id: string, input: UpdateKeyInput, caller: Caller): Promise<ChangedKey>;
  /** A key that is already revoked is answered as it is: the first revocation stands. */
  revoke(id: string, reason: string | undefined, caller: Caller): Promise<ChangedKey>;
  /** `overlapMs`: 0 to 30 days; 24 hours if left out. */
  rotate(id: string, overlapMs: number | undefined, caller: Caller): Promise<RotatedKey>;
  /** What was changed, newest first. */
  audit(input: AuditInput, caller: Caller): Promise<readonly AuditRecord[]>;
  /**
   * Makes an administrator of the owner `default`, who may do everything, if the store holds no key at all: with a
   * token that was minted before, or a new one. Undefined if there are keys. Throws an Error that tells what to do
   * for a token that would never be accepted here.
   */
  bootstrap(token?: string): Promise<CreatedKey | undefined>;
  /** Ends the background work. */
  close(): void;
}

export interface KeysDeps {
  readonly store: Pick<KeyStore, 'audit' | 'commit' | 'findById' | 'list'>;
  readonly shared?: SharedKeyCache | undefined;
  /** The lookup of this process, where there is one: it must not wait for the feed. */
  readonly lookup?: Pick<KeyLookup, 'invalidate'> | undefined;
  /** The first one tags new tokens. */
  readonly peppers: Peppers;
  /** The names of the rate plans that a key may be given. */
  readonly plans: ReadonlySet<string>;
  /** The plan of keys that name none, where it limits anything: who is under it cannot give more. */
  readonly defaultPlan?: string | undefined;
  readonly randomBytes: RandomBytes;
  readonly clock: Clock;
  readonly schedule: Schedule;
  readonly limits?: Partial<KeyLimits> | undefined;
}

export function createKeys(deps: KeysDeps): Keys {
  const { store, shared, lookup, peppers, plans, defaultPlan, randomBytes, clock, schedule } = deps;
  const limits = keyLimits(deps.limits);
  const announcer = createChangeAnnouncer({ shared, lookup, clock, schedule, limits });
  const changes = createKeyChanges({ store, announcer, clock });
  const askingOf = ({ principal }: Caller): Asking => principal && { ...principal, defaultPlan };

  return {
    ...createKeyQueries({ store, clock }),
    get: changes.find,

    async create(input, caller) {
      const nowMs = clock.wallMs();
      const asked = checkCreateKeyInput(input, { nowMs, plans, callersOwner: caller.principal?.owner });
      const { token, identity } = mintKey(asked.environment, peppers[0], randomBytes);
      const key = decideCreation(asked, identity, askingOf(caller), nowMs);
      if (key instanceof Fault) throw key;
      const { idempotencyKey } = input;
      const idempotency = idempotencyKey && idempotentUse(idempotencyKey, asked, nowMs);
      await changes.insert(key, caller, { atMs: nowMs, ...(idempotency && { idempotency }) });
      return { key, token };
    },

    async update(id, input, caller) {
      const update = checkUpdateKeyInput(input, plans);
      const { decided, propagation } = await changes.change(id, caller, 'update', (current) =>
        decidedKey(decideUpdate(current, update, askingOf(caller))),
      );
      return { key: decided.changed, propagation };
    },

    async revoke(id, reason, caller) {
      const checked = checkRevokeReason(reason);
      const { decided, propagation } = await changes.change(id, caller, 'revoke', (current, nowMs) => ({
        changed: decideRevocation(current, checked, nowMs),
      }));
      return { key: decided.changed, propagation };
    },

    async rotate(id, overlap, caller) {
      const overlapMs = checkRotationOverlap(overlap);
      const { decided, propagation } = await changes.change(id, caller, 'rotate', (current, nowMs) => {
        const { token, identity } = mintKey(current.environment, peppers[0], randomBytes);
        const rotation = decideRotation(current, { identity, overlapMs, nowMs }, askingOf(caller));
        if (rotation instanceof Fault) return rotation;
        return { changed: rotation.replaced, inserted: rotation.replacement, token };
      });
      const { changed, inserted, token } = decided;
      return { key: inserted, token, replaced: changed, propagation };
    },

    bootstrap: (token) => bootstrapKey({ store, changes, peppers, randomBytes, clock }, token),
    close: announcer.close,
  };
}

function decidedKey(key: ApiKey | Fault): Decided | Fault {
  return key instanceof Fault ? key : { changed: key };
}
