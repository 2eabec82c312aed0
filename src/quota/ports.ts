// What this room needs from outside. Adapters live in redis/ and store/; `app.ts` joins them.
import type { TokenUse } from '../uploads/ports.ts';
import type { RateLimit, RateVerdict } from './gcra.ts';

/** Counts calls for every instance together. A method rejects when it does not answer in time. */
export interface SharedRateCounts {
  /** Judges and counts one call of `key`, atomically for all instances. */
  take(key: string, limit: RateLimit): Promise<RateVerdict>;
  /** How many instances count together: at least 1, and as it was last known while nobody can tell. */
  instances(): number;
}

/** Files and bytes that an upload token has planned. */
export interface TokenCount {
  readonly files: number;
  readonly bytes: number;
}

export interface TokenCountAnswer {
  /** False when a limit would have been exceeded: then nothing was added. */
  readonly granted: boolean;
  /** What all instances have counted afterwards. */
  readonly used: TokenCount;
}

/** Counts what upload tokens plan for every instance together. Rejects when it does not answer in time. */
export interface SharedTokenCounts {
  /**
   * Adds files and bytes if both stay within the limits, atomically for all instances.
   *
   * @param atLeast what the caller knows was counted before: a count below it has been lost, and is raised first
   */
  take(use: TokenUse, atLeast: TokenCount): Promise<TokenCountAnswer>;
}

/**
 * Leaves a failing dependency alone, and lets single calls through to find out whether it is back. Whoever is
 * admitted must report how the call went. The circuit breaker of keys/ is one.
 */
export interface CallGuard {
  admit(): boolean;
  succeeded(): void;
  failed(): void;
  state(): 'closed' | 'open' | 'half-open';
}

/** Calls back once, after the delay, unless the function that it returns is called first. */
export type Schedule = (delayMs: number, callback: () => void) => () => void;

/** A UTC day such as `2026-11-22` or month such as `2026-11`, and how many bytes it takes. */
export interface BytePeriod {
  readonly period: string;
  readonly limitBytes: number;
}

export interface ByteLedgerAnswer {
  /** False when a period would have exceeded its limit: then nothing was added. */
  readonly granted: boolean;
  /** Bytes used in each period afterwards, in the order that was asked. */
  readonly usedBytes: readonly number[];
}

/** Counts bytes durably. Rejects with a Fault STORE_UNAVAILABLE when it does not answer in time. */
export interface ByteLedger {
  /** Adds `bytes`, 0 or more, to every period of a key, or to none. Two callers at once never exceed a limit. */
  takeBytes(keyId: string, bytes: number, periods: readonly BytePeriod[]): Promise<ByteLedgerAnswer>;
}
