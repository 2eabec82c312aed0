import { LRUCache } from 'lru-cache';
import type { KeyDigest, KeyRecord } from './api-key.ts';
import type { KeyLimits } from './limits.ts';

/** A record in memory. All times are monotonic. */
export interface MemoryEntry {
  readonly record: KeyRecord;
  /** When the read of the store that brought the record began. Inherited through the tiers, never restarted. */
  readonly readAtMs: number;
  /** From here on the record is checked again in the background. */
  softAtMs: number;
  /** From here on the record is not served without asking. */
  hardAtMs: number;
}

interface Generation {
  readonly version: number;
  readonly sinceMs: number;
}

/**
 * What this instance remembers: records, keys known to be absent, and the lowest version that each changed key
 * may still have. Whatever arrives is measured against the latter, so that a slow read of the past cannot undo
 * a change.
 */
export interface MemoryTier {
  /** The entry, however old. */
  get(digest: KeyDigest): MemoryEntry | undefined;
  isAbsent(digest: KeyDigest, nowMs: number): boolean;
  /** Takes in a record whose life began at `readAtMs`. False when a newer version is known. */
  admit(digest: KeyDigest, record: KeyRecord, readAtMs: number, nowMs: number): boolean;
  /** Takes in that there is no such key. False when one is known to have been created. */
  admitAbsent(digest: KeyDigest, nowMs: number): boolean;
  /** The record of a key that was proven before, to be served while the store cannot be asked. */
  keepStale(digest: KeyDigest, nowMs: number): KeyRecord | undefined;
  /** Forgets everything older than `version`. False when that version was known already. */
  invalidate(digest: KeyDigest, version: number, nowMs: number): boolean;
  /** Has every record checked again at its next use. */
  softExpireAll(nowMs: number): void;
  size(): { readonly records: number; readonly absent: number };
}

export function createMemoryTier(limits: KeyLimits, random: () => number): MemoryTier {
  const entries = new LRUCache<KeyDigest, MemoryEntry>(atMost(limits.memoryEntries));
  const absentUntilMs = new LRUCache<KeyDigest, number>(atMost(limits.absentEntries));
  const generations = new LRUCache<KeyDigest, Generation>(atMost(limits.generationEntries));

  // Generations lapse, so that a store that was restored from a backup is believed again.
  function generationOf(digest: KeyDigest, nowMs: number): number {
    const known = generations.get(digest);
    return known !== undefined && nowMs - known.sinceMs < limits.generationMs ? known.version : 0;
  }

  function usableUntilMs(entry: MemoryEntry): number {
    return Math.max(entry.hardAtMs, entry.readAtMs + limits.staleIfErrorMs);
  }

  function softAfterMs(): number {
    return limits.softMs * (1 + limits.softJitter * (2 * random() - 1));
  }

  return {
    get: (digest) => entries.get(digest),
    isAbsent(digest, nowMs) {
      const untilMs = absentUntilMs.get(digest);
      return untilMs !== undefined && nowMs < untilMs;
    },
    admit(digest, record, readAtMs, nowMs) {
      if (record.version < generationOf(digest, nowMs)) return false;
      const known = entries.get(digest);
      const matters = known !== undefined && nowMs < usableUntilMs(known);
      if (matters && record.version < known.record.version) return false;
      // The same version read earlier confirms what is known, and must not shorten its life.
      const bornMs =
        matters && record.version === known.record.version ? Math.max(known.readAtMs, readAtMs) : readAtMs;
      const hardAtMs = bornMs + limits.maxAgeMs;
      entries.set(digest, { record, readAtMs: bornMs, softAtMs: nowMs + softAfterMs(), hardAtMs });
      absentUntilMs.delete(digest);
      return true;
    },
    admitAbsent(digest, nowMs) {
      if (generationOf(digest, nowMs) > 0) return false;
      entries.delete(digest);
      absentUntilMs.set(digest, nowMs + limits.absentMs);
      return true;
    },
    keepStale(digest, nowMs) {
      const entry = entries.get(digest);
      if (entry === undefined) return undefined;
      const endMs = usableUntilMs(entry);
      if (nowMs >= endMs) return undefined;
      entry.softAtMs = Math.min(nowMs + limits.retryMs, endMs);
      entry.hardAtMs = Math.max(entry.hardAtMs, entry.softAtMs);
      return entry.record;
    },
    invalidate(digest, version, nowMs) {
      if (version <= generationOf(digest, nowMs)) return false;
      generations.set(digest, { version, sinceMs: nowMs });
      absentUntilMs.delete(digest);
      const entry = entries.get(digest);
      if (entry !== undefined && entry.record.version < version) entries.delete(digest);
      return true;
    },
    softExpireAll(nowMs) {
      for (const entry of entries.values()) entry.softAtMs = Math.min(entry.softAtMs, nowMs);
    },
    size: () => ({ records: entries.size, absent: absentUntilMs.size }),
  };
}

/** A bound of the number of entries. Told of it as a number, a cache makes room for all at once: 10 ms and 2 MB for 100,000. */
function atMost(entries: number) {
  return { maxSize: entries, sizeCalculation: () => 1 };
}
