// A creation that is sent twice happens once: the caller's `Idempotency-Key` is remembered with the id of the key
// that it made and with a fingerprint of what was asked for, and never with the secret.
import { hash } from 'node:crypto';
import { Fault } from '../fault/fault.ts';
import { fingerprintOf } from '../seal/fingerprint.ts';
import type { CheckedCreation } from './key-input.ts';
import type { CommitOutcome, IdempotentUse } from './ports.ts';

/** How long a use is remembered. */
const REMEMBERED_MS = 24 * 3_600_000;

/** What the store has to see to. `asked` is the checked input, in which nothing of the caller has been filled in. */
export function idempotentUse(idempotencyKey: string, asked: CheckedCreation, nowMs: number): IdempotentUse {
  return {
    owner: asked.owner,
    keyHash: hash('sha256', idempotencyKey, 'base64url'),
    fingerprint: fingerprintOf(asked),
    validSinceMs: nowMs - REMEMBERED_MS,
  };
}

/** What whoever repeats a creation is told. The id is only for those who asked for the same thing. */
export function repetitionFault(
  earlier: Extract<CommitOutcome, { outcome: 'repeated' }>,
  fingerprint: string | undefined,
): Fault {
  if (earlier.fingerprint !== fingerprint) return new Fault('IDEMPOTENCY_MISMATCH');
  return new Fault('IDEMPOTENCY_REPEATED', {
    publicMessage: `This Idempotency-Key has made the API key ${earlier.keyId} already. Its secret cannot be had again`,
  });
}
