import { Fault } from '../fault/fault.ts';
import { refuseOverdue } from '../flow/time-left.ts';
import type { ApiKey } from './api-key.ts';
import type { ChangeAnnouncer } from './change-announcer.ts';
import type { Clock } from './clock.ts';
import { repetitionFault } from './idempotency.ts';
import { auditEntry } from './key-audit.ts';
import { isKeyId } from './key-identity.ts';
import type { Caller, Propagation } from './keys.ts';
import type { AuditEntry, IdempotentUse, KeyStore } from './ports.ts';

/** Others may change the key between the read and the commit. So often in a row is no accident any more. */
const MAX_ATTEMPTS = 5;
/** Unless it is meant to keep a leaked key alive, through other processes too: its end must get through. */
const MAX_ATTEMPTS_TO_END = 100;

/** What a decision makes of a key. */
export interface Decided {
  /** The very key that was decided on where nothing is to change. */
  readonly changed: ApiKey;
  /** The key that replaces it. */
  readonly inserted?: ApiKey;
}

export interface Change<T extends Decided> {
  readonly decided: T;
  readonly propagation: Propagation;
}

export interface Insertion {
  readonly atMs: number;
  readonly idempotency?: IdempotentUse | undefined;
  readonly onlyIfEmpty?: boolean;
}

/** Brings decisions into the store, and then before everybody. Once the store has a change, nothing fails. */
export interface KeyChanges {
  /** The key, if it is the caller's to see. Throws a Fault API_KEY_NOT_FOUND, the same for all that is not. */
  find(id: string, caller: Caller): Promise<ApiKey>;
  /** False when the store was to be empty and is not. Throws IDEMPOTENCY_REPEATED and IDEMPOTENCY_MISMATCH. */
  insert(key: ApiKey, caller: Caller, insertion: Insertion): Promise<boolean>;
  /**
   * Decides on the key as it is and commits, again from the start when others were faster. A revocation and a
   * rotation go before updates, which wait for them. Throws what `decide` answers as a Fault, API_KEY_NOT_FOUND, and
   * CHANGE_CONFLICT after the last attempt.
   */
  change<T extends Decided>(
    id: string,
    caller: Caller,
    action: AuditEntry['action'],
    decide: (current: ApiKey, nowMs: number) => T | Fault,
  ): Promise<Change<T>>;
}

export interface KeyChangesDeps {
  readonly store: Pick<KeyStore, 'findById' | 'commit'>;
  readonly announcer: ChangeAnnouncer;
  readonly clock: Clock;
}

export function createKeyChanges({ store, announcer, clock }: KeyChangesDeps): KeyChanges {
  /** What is under way to end a key, by its id: whoever holds the key could outrun that with updates for ever. */
  const endings = new Map<string, Promise<void>>();

  async function find(id: string, { principal, timeLeft }: Caller): Promise<ApiKey> {
    const key = isKeyId(id) ? await store.findById(id, timeLeft) : undefined;
    if (key === undefined || (principal !== undefined && key.owner !== principal.owner))
      throw new Fault('API_KEY_NOT_FOUND');
    return key;
  }

  /** Decides and commits; undefined where others were faster. */
  async function settle<T extends Decided>(
    current: ApiKey,
    caller: Caller,
    action: AuditEntry['action'],
    decide: (current: ApiKey, nowMs: number) => T | Fault,
  ): Promise<T | undefined> {
    const atMs = clock.wallMs();
    const decided = decide(current, atMs);
    if (decided instanceof Fault) throw decided;
    const { changed, inserted } = decided;
    // Told again all the same: whoever asks for it once more may have reason to.
    if (changed === current) return decided;
    const change = {
      inserted,
      updated: { key: changed, fromVersion: current.version },
      audit: auditEntry(action, caller, { before: current, after: changed, atMs }),
    };
    const { outcome } = await store.commit(change, caller.timeLeft);
    return outcome === 'committed' ? decided : undefined;
  }

  async function publish<T extends Decided>(decided: T, knownSinceMs: number): Promise<Change<T>> {
    const { changed, inserted } = decided;
    const [propagation] = await Promise.all([
      announcer.announce(changed, knownSinceMs),
      inserted && announcer.introduce(inserted, knownSinceMs),
    ]);
    return { decided, propagation };
  }

  return {
    find,

    async insert(key, caller, { atMs, ...conditions }) {
      const knownSinceMs = clock.monotonicMs();
      const audit = auditEntry('create', caller, { before: null, after: key, atMs });
      const answer = await store.commit({ inserted: key, audit, ...conditions }, caller.timeLeft);
      if (answer.outcome === 'repeated') throw repetitionFault(answer, conditions.idempotency?.fingerprint);
      if (answer.outcome === 'conflict') {
        if (conditions.onlyIfEmpty) return false;
        throw new Fault('CHANGE_CONFLICT');
      }
      await announcer.introduce(key, knownSinceMs);
      return true;
    },

    async change(id, caller, action, decide) {
      const ending = action === 'update' ? undefined : Promise.withResolvers<void>();
      try {
        for (let left = ending ? MAX_ATTEMPTS_TO_END : MAX_ATTEMPTS; left > 0; left--) {
          refuseOverdue(caller.timeLeft);
          const knownSinceMs = clock.monotonicMs();
          const current = await find(id, caller);
          if (ending) endings.set(id, ending.promise);
          else if (endings.has(id)) {
            await endings.get(id);
            continue;
          }
          const decided = await settle(current, caller, action, decide);
          if (decided !== undefined) return publish(decided, knownSinceMs);
        }
        throw new Fault('CHANGE_CONFLICT');
      } finally {
        if (endings.get(id) === ending?.promise) endings.delete(id);
        ending?.resolve();
      }
    },
  };
}
