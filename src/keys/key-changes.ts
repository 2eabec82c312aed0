import { Fault } from '../fault/fault.ts';
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
   * Decides on the key as it is and commits, again from the start when others were faster. Throws what `decide`
   * answers as a Fault, API_KEY_NOT_FOUND, and CHANGE_CONFLICT after the last attempt.
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
  async function find(id: string, { principal }: Caller): Promise<ApiKey> {
    const key = isKeyId(id) ? await store.findById(id) : undefined;
    if (key === undefined || (principal !== undefined && key.owner !== principal.owner))
      throw new Fault('API_KEY_NOT_FOUND');
    return key;
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
      const answer = await store.commit({ inserted: key, audit, ...conditions });
      if (answer.outcome === 'repeated') throw repetitionFault(answer, conditions.idempotency?.fingerprint);
      if (answer.outcome === 'conflict') {
        if (conditions.onlyIfEmpty) return false;
        throw new Fault('CHANGE_CONFLICT');
      }
      await announcer.introduce(key, knownSinceMs);
      return true;
    },

    async change(id, caller, action, decide) {
      for (let attempt = 1; attempt <= MAX_ATTEMPTS; attempt++) {
        const knownSinceMs = clock.monotonicMs();
        const current = await find(id, caller);
        const atMs = clock.wallMs();
        const decided = decide(current, atMs);
        if (decided instanceof Fault) throw decided;
        const { changed, inserted } = decided;
        // Told again all the same: whoever asks for it once more may have reason to.
        if (changed === current) return publish(decided, knownSinceMs);
        const { outcome } = await store.commit({
          inserted,
          updated: { key: changed, fromVersion: current.version },
          audit: auditEntry(action, caller, { before: current, after: changed, atMs }),
        });
        if (outcome === 'committed') return publish(decided, knownSinceMs);
      }
      throw new Fault('CHANGE_CONFLICT');
    },
  };
}
