import { Fault } from '../../src/fault/fault.ts';
import type { ApiKey, KeyDigest } from '../../src/keys/api-key.ts';
import type { KeyEvent, KeyStore } from '../../src/keys/ports.ts';

/** What a test can do to the store. */
export interface StoreWeather {
  /** Every call is rejected, as when the store cannot be reached. */
  down: boolean;
  /** Awaited by every call after it has done its work: the time that the answer is on its way. */
  answering: () => Promise<void>;
}

export interface MemoryKeyStore extends KeyStore {
  readonly weather: StoreWeather;
  /** How often a key was asked for by its digest. */
  reads(): number;
  /** Changes a key behind everybody's back, as a restored backup would: without an event. */
  put(key: ApiKey): void;
}

/** A KeyStore that forgets everything with the process, for tests of what is built on one. */
export function createMemoryKeyStore(): MemoryKeyStore {
  const keys = new Map<string, ApiKey>();
  const secrets = new Map<string, Buffer>();
  const events: KeyEvent[] = [];
  const weather: StoreWeather = { down: false, answering: () => Promise.resolve() };
  let reads = 0;

  async function answer<T>(work: () => T): Promise<T> {
    if (weather.down) throw new Fault('STORE_UNAVAILABLE');
    const result = work();
    await weather.answering();
    return result;
  }

  const byDigest = (digest: KeyDigest) => [...keys.values()].find((key) => key.digest === digest);

  function record(key: ApiKey, kind: KeyEvent['kind'], atMs: number): void {
    keys.set(key.id, key);
    events.push({ seq: events.length + 1, digest: key.digest, version: key.version, kind, atMs });
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
    insert: (key) =>
      answer(() => {
        if (keys.has(key.id) || byDigest(key.digest)) throw new Error('the key exists');
        record(key, 'created', key.createdAtMs);
      }),
    revoke: (id, atMs) =>
      answer(() => {
        const key = keys.get(id);
        if (key === undefined || key.status === 'revoked') return key;
        const revoked: ApiKey = { ...key, status: 'revoked', version: key.version + 1, revokedAtMs: atMs };
        record(revoked, 'revoked', atMs);
        return revoked;
      }),
    list: ({ offset, limit, owner }) =>
      answer(() => {
        const all = [...keys.values()]
          .filter((key) => owner === undefined || key.owner === owner)
          .sort((a, b) => b.createdAtMs - a.createdAtMs || (a.id < b.id ? 1 : -1));
        return { keys: all.slice(offset, offset + limit), total: all.length };
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
