// What an upload is counted against before it is signed: the byte quota of its key and the budget of its token.
import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import type { ByteQuota, TokenBudget } from './ports.ts';

/**
 * Counts one file of so many bytes. Synchronous, and free, for a key without a quota. Throws or rejects with a Fault
 * UPLOAD_TOKEN_SPENT or QUOTA_EXCEEDED.
 */
export type Counter = (principal: Principal, sizeBytes: number, nowMs: number) => void | Promise<void>;

export interface CounterDeps {
  /** Left out: nobody counts bytes of keys. */
  readonly quota?: ByteQuota | undefined;
  readonly budget: TokenBudget;
}

export function createCounter({ quota, budget }: CounterDeps): Counter {
  return (principal, sizeBytes, nowMs) => {
    if (principal.uploadToken === undefined) return quota?.take(principal, sizeBytes, nowMs);
    return countWithToken(principal, principal.uploadToken, sizeBytes, nowMs);
  };

  async function countWithToken(
    principal: Principal,
    token: NonNullable<Principal['uploadToken']>,
    bytes: number,
    nowMs: number,
  ): Promise<void> {
    const maxBytes = token.maxTotalBytes ?? Number.POSITIVE_INFINITY;
    const ttlMs = Math.max(1, token.expiresAtMs - nowMs);
    const { id: tokenId, maxFiles } = token;
    if (!(await budget.take({ tokenId, files: 1, bytes, maxFiles, maxBytes, ttlMs })))
      throw new Fault('UPLOAD_TOKEN_SPENT');
    await quota?.take(principal, bytes, nowMs);
  }
}
