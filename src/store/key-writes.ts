import type { DatabaseSync } from 'node:sqlite';
import type { CommitOutcome, KeyChange } from '../keys/ports.ts';
import type { ByteLedgerAnswer, BytePeriod } from '../quota/ports.ts';
import { integer, type Row } from './columns.ts';
import { commitSteps } from './key-commit.ts';
import { touchKey } from './key-statements.ts';
import { inTransaction } from './sqlite-connection.ts';
import { createStatements } from './sqlite-statements.ts';

/** Every change of the store. Each is one transaction, on the disk when it returns. */
export interface KeyWrites {
  commit(change: KeyChange): CommitOutcome;
  touch(uses: readonly { readonly id: string; readonly atMs: number }[]): void;
  takeBytes(order: ByteOrder): ByteLedgerAnswer;
  secretOnce(secret: { readonly name: string; readonly candidate: Uint8Array }): Uint8Array;
}

interface ByteOrder {
  readonly keyId: string;
  readonly bytes: number;
  readonly periods: readonly BytePeriod[];
}

/** Sorts below every period of the year before, which is kept so that clocks apart do no harm. */
const forgottenBefore = (year: number) => String(year - 1);

export const SELECT_SECRET = 'SELECT value FROM secrets WHERE name = ?';

export function createKeyWrites(db: DatabaseSync): KeyWrites {
  const run = createStatements(db);
  const insertSecret = db.prepare(
    'INSERT INTO secrets (name, value) VALUES (:name, :candidate) ON CONFLICT DO NOTHING',
  );
  const selectSecret = db.prepare(SELECT_SECRET);
  const selectUsage = db.prepare('SELECT bytes FROM key_usage WHERE key_id = ? AND period = ?');
  const addUsage = db.prepare(`
    INSERT INTO key_usage (key_id, period, bytes) VALUES (?, ?, ?)
    ON CONFLICT (key_id, period) DO UPDATE SET bytes = bytes + excluded.bytes`);
  const forgetUsage = db.prepare('DELETE FROM key_usage WHERE key_id = ? AND period < ?');

  function usedIn(keyId: string, { period }: BytePeriod): number {
    const row = selectUsage.get(keyId, period);
    return row === undefined ? 0 : integer(row, 'bytes');
  }

  function add(keyId: string, { period }: BytePeriod, bytes: number): void {
    addUsage.run(keyId, period, bytes);
    const [year] = /^\d{4}(?=-)/.exec(period) ?? [];
    if (year !== undefined) forgetUsage.run(keyId, forgottenBefore(Number(year)));
  }

  return {
    commit(change) {
      return inTransaction(
        db,
        () => {
          const steps = commitSteps(change);
          let step = steps.next();
          while (step.done !== true) step = steps.next(run(step.value));
          return step.value;
        },
        ({ outcome }) => outcome === 'committed',
      );
    },
    touch(uses) {
      inTransaction(db, () => {
        for (const use of uses) run(touchKey(use));
      });
    },
    takeBytes({ keyId, bytes, periods }) {
      return inTransaction(db, () => {
        const used = periods.map((period) => usedIn(keyId, period));
        const granted = periods.every(({ limitBytes }, n) => (used[n] ?? 0) + bytes <= limitBytes);
        if (!granted || bytes === 0) return { granted, usedBytes: used };
        for (const period of periods) add(keyId, period, bytes);
        return { granted, usedBytes: used.map((before) => before + bytes) };
      });
    },
    secretOnce({ name, candidate }) {
      return inTransaction(db, () => {
        insertSecret.run({ name, candidate });
        return secretFromRow(selectSecret.get(name));
      });
    },
  };
}

export function secretFromRow(row: Row | undefined): Uint8Array {
  const value = row?.['value'];
  if (!(value instanceof Uint8Array)) throw new Error('the secret is not there or is not bytes');
  return value;
}
