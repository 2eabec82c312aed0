import { Fault } from '../../src/fault/fault.ts';
import type { ApiKey, KeyDigest } from '../../src/keys/api-key.ts';
import type {
  AuditRecord,
  CommitOutcome,
  IdempotentUse,
  KeyChange,
  KeyEvent,
  KeyStore,
} from '../../src/keys/ports.ts';
import { shownStatus } from '../../src/keys/shown-status.ts';
import type { ByteLedger } from '../../src/quota/ports.ts';
import { auditedKey } from './key-changes.ts';

/** What a test can do to the store. */
export interface StoreWeather {
  /** Every call is rejected, as when the store cannot be reached. */
  down: boolean;
  /** Awaited by every call after it has done its work: the time that the answer is on its way. */
  answering: () => Promise<void>;
}

export interface MemoryKeyStore extends KeyStore, ByteLedger {
  readonly weather: StoreWeather;
  /** How often a key was asked for by its digest. */
  reads(): number;
  /** Changes a key behind everybody's back, as a restored backup would: without an event. */
  put(key: ApiKey): void;
}

type NewEvent = Pick<KeyEvent, 'kind' | 'atMs'>;

/** A KeyStore that forgets everything with the process, for tests of what is built on one. */
export function createMemoryKeyStore(): MemoryKeyStore {
  const keys = new Map<string, ApiKey>();
  const secrets = new Map<string, Buffer>();
  const events: KeyEvent[] = [];
  const log: AuditRecord[] = [];
  const uses = createUses();
  const usage = new Map<string, number>();
  const weather: StoreWeather = { down: false, answering: () => Promise.resolve() };
  let reads = 0;

  async function answer<T>(work: () => T): Promise<T> {
    if (weather.down) throw new Fault('STORE_UNAVAILABLE');
    const result = work();
    await weather.answering();
    return result;
  }

  const byDigest = (digest: KeyDigest) => [...keys.values()].find((key) => key.digest === digest);

  function record(key: ApiKey, event: NewEvent): void {
    keys.set(key.id, key);
    events.push({ seq: events.length + 1, digest: key.digest, version: key.version, ...event });
  }

  /** What keeps a change from being made. */
  function refusalOf({ inserted, updated, idempotency, onlyIfEmpty }: KeyChange): CommitOutcome | undefined {
    const earlier = idempotency && uses.find(idempotency);
    if (earlier) return { outcome: 'repeated', ...earlier };
    const isStale = updated && keys.get(updated.key.id)?.version !== updated.fromVersion;
    if (isStale || (onlyIfEmpty && keys.size > 0)) return { outcome: 'conflict' };
    if (inserted && (keys.has(inserted.id) || byDigest(inserted.digest))) throw new Error('the key exists');
    return undefined;
  }

  /** Nothing fails once it has begun, so that it is all or nothing. */
  function make({ inserted, updated, audit, idempotency }: KeyChange): CommitOutcome {
    const { atMs, before, after } = audit;
    if (inserted) record(inserted, { kind: 'created', atMs });
    if (updated) {
      const { key } = updated;
      const lastUsedAtMs = keys.get(key.id)?.lastUsedAtMs ?? null;
      record({ ...key, lastUsedAtMs }, { kind: key.status === 'revoked' ? 'revoked' : 'updated', atMs });
    }
    if (idempotency) uses.note(idempotency, inserted?.id ?? audit.keyId, atMs);
    const seq = log.length + 1;
    log.push({ ...audit, seq, before: before && auditedKey(before), after: auditedKey(after) });
    return { outcome: 'committed' };
  }

  return {
    weather,
    reads: () => reads,
    put: (key) => void keys.set(key.id, key),
    findByDigest(digest) {
      reads++;
      return answer(() => byDigest(digest));
    },
    findById: (id) => answer(() => keys.get(id)),
    commit: (change) => answer(() => refusalOf(change) ?? make(change)),
    list: ({ offset, limit, owner, status, nowMs }) =>
      answer(() => {
        const all = [...keys.values()]
          .filter((key) => owner === undefined || key.owner === owner)
          .filter((key) => status === undefined || shownStatus(key, nowMs) === status)
          .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
        return { keys: all.slice(offset, offset + limit), total: all.length };
      }),
    audit: ({ owner, keyId, beforeSeq = Number.POSITIVE_INFINITY, limit }) =>
      answer(() =>
        log
          .filter((entry) => owner === undefined || entry.owner === owner)
          .filter((entry) => keyId === undefined || entry.keyId === keyId)
          .filter((entry) => entry.seq < beforeSeq)
          .reverse()
          .slice(0, limit),
      ),
    touch: (touched) =>
      answer(() => {
        for (const { id, atMs } of touched) {
          const key = keys.get(id);
          if (key) keys.set(id, { ...key, lastUsedAtMs: Math.max(key.lastUsedAtMs ?? atMs, atMs) });
        }
      }),
    takeBytes: (keyId, bytes, periods) =>
      answer(() => {
        const name = (period: string) => JSON.stringify([keyId, period]);
        const used = periods.map(({ period }) => usage.get(name(period)) ?? 0);
        const granted = periods.every(({ limitBytes }, n) => (used[n] ?? 0) + bytes <= limitBytes);
        if (!granted) return { granted, usedBytes: used };
        const usedBytes = used.map((before) => before + bytes);
        for (const [n, { period }] of periods.entries()) usage.set(name(period), usedBytes[n] ?? 0);
        return { granted, usedBytes };
      }),
    events: (afterSeq, limit) => answer(() => events.filter(({ seq }) => seq > afterSeq).slice(0, limit)),
    secretOnce: (name, candidate) =>
      answer(() => {
        const value = secrets.get(name) ?? candidate;
        secrets.set(name, value);
        return value;
      }),
    ping: () => answer(() => {}),
    close: () => Promise.resolve(),
  };
}

/** The uses of idempotency keys. */
function createUses() {
  const uses = new Map<string, { keyId: string; fingerprint: string; atMs: number }>();
  const nameOf = ({ owner, keyHash }: IdempotentUse) => JSON.stringify([owner, keyHash]);
  return {
    find(use: IdempotentUse) {
      const found = uses.get(nameOf(use));
      if (found === undefined || found.atMs < use.validSinceMs) return undefined;
      return { keyId: found.keyId, fingerprint: found.fingerprint };
    },
    note(use: IdempotentUse, keyId: string, atMs: number): void {
      uses.set(nameOf(use), { keyId, fingerprint: use.fingerprint, atMs });
    },
  };
}
