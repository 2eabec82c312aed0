// What this room needs from outside. The adapters live in s3/ and quota/; `app.ts` joins them.
import type { Principal } from '../keys/api-key.ts';
import type { ObjectKey, PutPlan } from './upload.ts';

/** A signed PUT: the URL, the headers that it binds, and when it stops being accepted. */
export interface SignedPut {
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
  /** Wall-clock milliseconds. Never later than the expiry of the signing credentials. */
  readonly expiresAtMs: number;
}

/** Signs uploads for one destination. */
export interface Presigner {
  /**
   * Signs without I/O while credentials are at hand, and then answers synchronously: the hot path pays for no
   * promise. Throws or rejects with a Fault SIGNING_UNAVAILABLE when there are no usable credentials.
   */
  presignPut(plan: PutPlan, nowMs: number): SignedPut | Promise<SignedPut>;
  /** Where the object can be read, percent-encoded by segment. */
  publicUrl(key: ObjectKey): string;
}

/** Keeps uploads within the byte quotas of keys. */
export interface ByteQuota {
  /**
   * Counts what is about to be signed. Synchronous for a key without a quota. Throws or rejects with a Fault
   * QUOTA_EXCEEDED, and then counts nothing.
   */
  take(principal: Principal, sizeBytes: number, nowMs: number): void | Promise<void>;
}
