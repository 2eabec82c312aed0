// A creation that is sent twice happens once: the caller's `Idempotency-Key` is remembered with the id of the key
// that it made and with a fingerprint of what was asked for, and never with the secret.
import { hash } from 'node:crypto';
import { Fault } from '../fault/fault.ts';
import type { CheckedCreation } from './key-input.ts';
import type { CommitOutcome, IdempotentUse } from './ports.ts';

/** How long a use is remembered. */
const REMEMBERED_MS = 24 * 3_600_000;

/** What the store has to see to. `asked` is the checked input, in which nothing of the caller has been filled in. */
export function idempotentUse(idempotencyKey: string, asked: CheckedCreation, nowMs: number): IdempotentUse {
  return {
    owner: asked.owner,
    keyHash: hash('sha256', idempotencyKey, 'base64url'),
    fingerprint: hash('sha256', canonicalJson(asked), 'base64url'),
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

/** JSON in which the order of the fields is always the same, and fields without a value are left out. */
export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    part !== null && typeof part === 'object' && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
