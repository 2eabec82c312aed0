import type { CommitOutcome, IdempotentUse, KeyChange, KeyEvent } from '../keys/ports.ts';
import { type Row, text } from './columns.ts';
import {
  ANY_KEY,
  forgetUses,
  insertAudit,
  insertEvent,
  insertKey,
  insertUse,
  type Statement,
  selectUse,
  updateKey,
} from './key-statements.ts';

/** Statements of one transaction, one after the other; each is handed the rows that it answered. */
export type Steps<T> = Generator<Statement, T, readonly Row[]>;

const CONFLICT = { outcome: 'conflict' } as const satisfies CommitOutcome;

/**
 * What a change does in a database. The transaction must be rolled back when a statement fails, and after any
 * outcome but `committed`. `onlyIfEmpty` holds only as far as no other transaction inserts a key meanwhile, which
 * is for the database to see to.
 */
export function* commitSteps(change: KeyChange): Steps<CommitOutcome> {
  const { idempotency, onlyIfEmpty, updated, inserted, audit } = change;
  if (idempotency !== undefined) {
    const earlier = yield* useOnce(idempotency, inserted?.id ?? audit.keyId, audit.atMs);
    if (earlier !== undefined) return earlier;
  }
  if (onlyIfEmpty === true && (yield ANY_KEY).length > 0) return CONFLICT;
  if (updated !== undefined && (yield updateKey(updated.key, updated.fromVersion)).length === 0) {
    return CONFLICT;
  }
  if (inserted !== undefined) yield insertKey(inserted);
  for (const event of eventsOf(change)) yield insertEvent(event);
  yield insertAudit(audit);
  return { outcome: 'committed' };
}

/** The insertion is what decides, so that of two at the same moment one waits for the other and then sees it. */
function* useOnce(use: IdempotentUse, keyId: string, atMs: number): Steps<CommitOutcome | undefined> {
  yield forgetUses(use);
  if ((yield insertUse(use, keyId, atMs)).length > 0) return undefined;
  const [earlier = {}] = yield selectUse(use);
  return {
    outcome: 'repeated',
    keyId: text(earlier, 'key_id'),
    fingerprint: text(earlier, 'fingerprint'),
  };
}

/** What other instances are told of a change. */
function eventsOf({ inserted, updated, audit: { atMs } }: KeyChange): Omit<KeyEvent, 'seq'>[] {
  const events: Omit<KeyEvent, 'seq'>[] = [];
  if (inserted !== undefined) {
    events.push({ digest: inserted.digest, version: inserted.version, kind: 'created', atMs });
  }
  if (updated !== undefined) {
    const { digest, version, status } = updated.key;
    events.push({ digest, version, kind: status === 'revoked' ? 'revoked' : 'updated', atMs });
  }
  return events;
}
