// A creation that is sent twice happens once: the caller's `Idempotency-Key` is remembered with what the upload was made
// from, so that a repetition makes the same object key and upload id.
import { hash } from 'node:crypto';
import { Fault } from '../fault/fault.ts';
import { refuseOverdue, type TimeLeft } from '../flow/time-left.ts';
import type { Principal } from '../keys/api-key.ts';
import { fingerprintOf } from '../seal/fingerprint.ts';
import type { CreationMemory } from './ports.ts';

/** How long a creation may take until a repetition begins it anew: S3 is given less. */
const PENDING_MS = 30_000;

/** How long a repetition waits for the first call, and how often it looks. */
const WAIT_MS = 5_000;
const POLL_MS = 50;

/** What an upload is made from, beside its request. */
export interface Seed {
  /** Wall-clock milliseconds of the first call. */
  readonly nowMs: number;
  readonly uuid: string;
}

export interface Creation {
  readonly seed: Seed;
  /** What the first call made, where this one repeats it: nothing must be counted or begun again. */
  readonly made: Made | undefined;
}

export interface Made {
  /** Of a multipart upload. */
  readonly s3UploadId?: string | undefined;
}

export interface OnceDeps {
  readonly memory: CreationMemory;
  readonly newSeed: () => Seed;
  readonly sleep: (ms: number) => Promise<void>;
}

export interface OnceCall {
  /** The call's kind: the same key can be used for different calls. */
  readonly method: string;
  readonly idempotencyKey: string;
  readonly request: unknown;
  readonly principal: Principal;
  /** How long the creation is remembered. */
  readonly ttlMs: number;
  readonly timeLeft?: TimeLeft | undefined;
}

interface Memo extends Seed {
  readonly fingerprint: string;
  readonly state: 'pending' | 'failed' | 'made';
  readonly s3UploadId?: string | undefined;
}

/**
 * Runs `create` with the seed of the first call that had this key. Rejects with a Fault IDEMPOTENCY_MISMATCH when that
 * asked for something else, UPLOAD_CONFLICT when it is still under way after a while, DEADLINE_EXCEEDED when the caller
 * does not wait that long, and with what `create` rejects.
 */
export async function once<T extends { readonly made: Made }>(
  { memory, newSeed, sleep }: OnceDeps,
  call: OnceCall,
  create: (creation: Creation) => Promise<T>,
): Promise<T> {
  const name = nameOf(call);
  const fingerprint = fingerprintOf(call.request);
  const mine: Memo = { ...newSeed(), fingerprint, state: 'pending' };
  let memo = memoFrom(await memory.remember(name, JSON.stringify(mine), PENDING_MS)) ?? mine;
  if (memo.fingerprint !== fingerprint) throw new Fault('IDEMPOTENCY_MISMATCH');
  const isFirst = memo.uuid === mine.uuid;
  if (!isFirst && memo.state === 'pending') memo = await settled(memo);
  const { nowMs, uuid } = memo;
  const seed = { nowMs, uuid };
  if (memo.state === 'made') return create({ seed, made: { s3UploadId: memo.s3UploadId } });
  try {
    const created = await create({ seed, made: undefined });
    const { s3UploadId } = created.made;
    await memory.replace(name, JSON.stringify({ ...memo, state: 'made', s3UploadId }), call.ttlMs);
    return created;
  } catch (error) {
    await memory.replace(name, JSON.stringify({ ...memo, state: 'failed' }), PENDING_MS);
    throw error;
  }

  async function settled(pending: Memo): Promise<Memo> {
    for (let waitedMs = 0; waitedMs < WAIT_MS; waitedMs += POLL_MS) {
      refuseOverdue(call.timeLeft);
      await sleep(POLL_MS);
      const now = memoFrom(await memory.recall(name));
      // Forgotten: the first call never ended, and this one takes its place.
      if (now === undefined) return { ...pending, state: 'failed' };
      if (now.state !== 'pending') return now;
    }
    throw new Fault('UPLOAD_CONFLICT', { retryAfterMs: 1_000 });
  }
}

/** A key, or one of its tokens, by itself: what different users of a browser application send must never meet. */
function nameOf({ method, idempotencyKey, principal }: OnceCall): string {
  const who = `${principal.keyId} ${principal.uploadToken?.id ?? ''}`;
  return hash('sha256', `${method} ${who} ${idempotencyKey}`, 'base64url');
}

function memoFrom(text: string | undefined): Memo | undefined {
  return text === undefined ? undefined : (JSON.parse(text) as Memo);
}
