import type { TimeLeft } from '../flow/time-left.ts';
import type { CommitOutcome, KeyChange } from '../keys/ports.ts';
import type { ByteLedgerAnswer, BytePeriod } from '../quota/ports.ts';
import { integer, type Row, text } from './columns.ts';
import { commitSteps } from './key-commit.ts';
import type { PostgresPool, RunStatement } from './postgres-pool.ts';
import { LOCKS } from './postgres-schema.ts';

// Every statement sees what was committed before it, whatever the default of the database: what waited for a lock
// would otherwise look at the past. Commits are waited for, even where the database answers before the disk does.
const BEGIN = `BEGIN ISOLATION LEVEL READ COMMITTED;
  SELECT set_config('synchronous_commit', 'on', true) WHERE current_setting('synchronous_commit') = 'off'`;
const BEGIN_CHANGE = `${BEGIN}; SELECT pg_advisory_xact_lock(${LOCKS.change})`;

/** An earlier moment never replaces a later one. In the order of ids, so that two at once cannot block each other. */
const TOUCH = `
  UPDATE presignd.api_keys AS k SET last_used_at_ms = u.at_ms
  FROM (
    SELECT k.id, u.at_ms
    FROM (SELECT id, max(at_ms) AS at_ms FROM unnest($1::text[], $2::bigint[]) AS a (id, at_ms) GROUP BY id) AS u
    JOIN presignd.api_keys AS k ON k.id = u.id AND coalesce(k.last_used_at_ms < u.at_ms, true)
    ORDER BY k.id FOR NO KEY UPDATE OF k
  ) AS u
  WHERE k.id = u.id AND coalesce(k.last_used_at_ms < u.at_ms, true)`;

/** Answers the periods that had room. Of the periods before, this year's and last year's are kept. */
const TAKE_BYTES = `
  WITH asked AS (SELECT * FROM unnest($3::text[], $4::bigint[]) AS a (period, limit_bytes)),
  forgotten AS (DELETE FROM presignd.key_usage WHERE key_id = $1::text AND period < $5::text)
  INSERT INTO presignd.key_usage AS u (key_id, period, bytes)
  SELECT $1::text, period, $2::bigint FROM asked WHERE $2::bigint <= limit_bytes ORDER BY period
  ON CONFLICT (key_id, period) DO UPDATE SET bytes = u.bytes + excluded.bytes
  WHERE u.bytes + excluded.bytes <= (SELECT limit_bytes FROM asked WHERE asked.period = u.period)
  RETURNING period, bytes`;

const USED_BYTES = 'SELECT period, bytes FROM presignd.key_usage WHERE key_id = $1 AND period = ANY ($2)';

/**
 * All or nothing; see KeyStore. Rejects with STORE_UNAVAILABLE also when the connection is lost before the commit
 * is acknowledged, and then the change may have happened.
 */
export function commitChange(
  pool: PostgresPool,
  change: KeyChange,
  timeLeft?: TimeLeft,
): Promise<CommitOutcome> {
  return pool.transaction(
    BEGIN_CHANGE,
    async (run) => {
      const steps = commitSteps(change);
      let step = steps.next();
      while (step.done !== true) step = steps.next(await run(step.value));
      return step.value;
    },
    ({ outcome }) => outcome === 'committed',
    timeLeft,
  );
}

export async function touchKeys(
  pool: PostgresPool,
  uses: readonly { readonly id: string; readonly atMs: number }[],
): Promise<void> {
  if (uses.length === 0) return;
  await pool.run({ sql: TOUCH, values: [uses.map(({ id }) => id), uses.map(({ atMs }) => atMs)] });
}

/** See ByteLedger. The rows of a key's periods are locked until the end, so that two at once take turns. */
export async function takeBytes(
  pool: PostgresPool,
  keyId: string,
  bytes: number,
  periods: readonly BytePeriod[],
): Promise<ByteLedgerAnswer> {
  if (bytes > 0) {
    const taken = await pool.transaction(
      BEGIN,
      (run) => addBytes(run, keyId, bytes, periods),
      (rows) => rows.length === periods.length,
    );
    if (taken.length === periods.length) return { granted: true, usedBytes: bytesOf(taken, periods) };
  }
  const names = periods.map(({ period }) => period);
  const usedBytes = bytesOf(await pool.run({ sql: USED_BYTES, values: [keyId, names] }), periods);
  const isWithin = periods.every(({ limitBytes }, n) => (usedBytes[n] ?? 0) <= limitBytes);
  return { granted: bytes === 0 && isWithin, usedBytes };
}

function addBytes(run: RunStatement, keyId: string, bytes: number, periods: readonly BytePeriod[]) {
  const names = periods.map(({ period }) => period);
  const limits = periods.map(({ limitBytes }) => limitBytes);
  const lastYear = String(Number(names[0]?.slice(0, 4)) - 1);
  return run({ name: 'take-bytes', sql: TAKE_BYTES, values: [keyId, bytes, names, limits, lastYear] });
}

function bytesOf(rows: readonly Row[], periods: readonly BytePeriod[]): number[] {
  const byPeriod = new Map(rows.map((row) => [text(row, 'period'), integer(row, 'bytes')]));
  return periods.map(({ period }) => byPeriod.get(period) ?? 0);
}
