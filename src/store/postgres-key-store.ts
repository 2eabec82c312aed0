import type { Client } from 'pg';
import { overdueFault, type TimeLeft } from '../flow/time-left.ts';
import type { KeyPage, KeyQuery, KeyStore } from '../keys/ports.ts';
import type { ByteLedger } from '../quota/ports.ts';
import { auditRecordFromRow } from './audit-row.ts';
import { integer } from './columns.ts';
import { apiKeyFromRow, keyEventFromRow, type rowFromApiKey } from './key-row.ts';
import { ANY_KEY, countKeys, selectAudit, selectKeys } from './key-statements.ts';
import { secretFromRow } from './key-writes.ts';
import type { Migrated } from './migrations.ts';
import { commitChange, takeBytes, touchKeys } from './postgres-changes.ts';
import { clientClass } from './postgres-client.ts';
import { causeOf, postgresFault } from './postgres-fault.ts';
import { assertPostgresMigrated, migratePostgresSchema, planPostgresSchema } from './postgres-migrations.ts';
import { openPostgresPool, type PostgresPool, type RunStatement } from './postgres-pool.ts';
import type { MigrationPlan } from './schema-steps.ts';

/**
 * A lookup that takes longer helps nobody any more, but the connection it waited for helps the next one. Two are kept
 * open, so that the poll of the revocation feed keeps nobody waiting.
 */
const LOOKUP_LIMITS = { waitMs: 500, warm: 2, connectTimeoutMs: 2_000, timeoutMs: 500 } as const;
/** Changes wait for each other and for the disk. */
const CHANGE_LIMITS = { waitMs: 2_000, warm: 0, connectTimeoutMs: 2_000, timeoutMs: 3_000 } as const;
/** At the start there is time, and a schema may have a lot to be changed. */
const START_LIMITS = { connectionTimeoutMillis: 5_000, query_timeout: 300_000 } as const;

/** Named, because the plan of a prepared `SELECT *` fails as soon as a newer presignd adds a column. */
const KEY_COLUMNS = [
  'id',
  'digest',
  'owner',
  'name',
  'environment',
  'start',
  'end',
  'scopes',
  'status',
  'version',
  'created_at_ms',
  'expires_at_ms',
  'revoked_at_ms',
  'policy',
  'rate_limit',
  'revoke_reason',
  'last_used_at_ms',
  'rotated_from',
  'rotated_to',
  'overlap_ends_at_ms',
] as const satisfies readonly (keyof ReturnType<typeof rowFromApiKey>)[];

const SELECT_KEY = `SELECT ${KEY_COLUMNS.map((column) => `"${column}"`).join(', ')} FROM api_keys`;
const SELECT_EVENTS =
  'SELECT seq, digest, version, kind, at_ms FROM api_key_events WHERE seq > $1 ORDER BY seq LIMIT $2';
const SELECT_SECRET = 'SELECT value FROM secrets WHERE name = $1';
const INSERT_SECRET = 'INSERT INTO secrets (name, value) VALUES ($1, $2) ON CONFLICT DO NOTHING';
const SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

export interface PostgresOptions {
  readonly autoMigrate: boolean;
  /** Connections at the most, 2 or more: lookups and everything else have half of them each. */
  readonly poolSize: number;
}

/**
 * Opens the key store in the schema `presignd` of the Postgres database that `databaseUrl` names at the moment of
 * each new connection. Throws an Error that never holds the URL when it cannot be used.
 */
export async function openPostgresKeyStore(
  databaseUrl: () => string,
  options: PostgresOptions,
): Promise<KeyStore & ByteLedger> {
  const { default: pg } = await import('pg');
  return unlessUnusable(async () => {
    await withClient(clientClass(pg, databaseUrl, START_LIMITS), async (client) => {
      if (options.autoMigrate) await migratePostgresSchema(client);
      else await assertPostgresMigrated(client);
    });
    const forChanges = Math.max(1, Math.floor(options.poolSize / 2));
    const forLookups = Math.max(1, options.poolSize - forChanges);
    const newClient = clientClass(pg, databaseUrl);
    // Two pools, because changes wait for each other, and must not keep lookups waiting.
    return createPostgresKeyStore(
      openPostgresPool(pg, newClient, { connections: forLookups, ...LOOKUP_LIMITS }),
      openPostgresPool(pg, newClient, { connections: forChanges, ...CHANGE_LIMITS }),
    );
  });
}

/** Brings the schema up to date. Throws an Error that never holds the URL when that is not possible. */
export function migratePostgres(databaseUrl: () => string): Promise<Migrated> {
  return atStart(databaseUrl, migratePostgresSchema);
}

/** What `migratePostgres` would do. Throws as it does. */
export function planPostgres(databaseUrl: () => string): Promise<MigrationPlan> {
  return atStart(databaseUrl, planPostgresSchema);
}

async function atStart<T>(databaseUrl: () => string, work: (client: Client) => Promise<T>): Promise<T> {
  const { default: pg } = await import('pg');
  return unlessUnusable(() =>
    withClient(clientClass(pg, databaseUrl, START_LIMITS), (client) => work(client)),
  );
}

function createPostgresKeyStore(lookups: PostgresPool, changes: PostgresPool): KeyStore & ByteLedger {
  const underWay = new Set<Promise<unknown>>();
  let closed: Promise<void> | undefined;

  async function answer<T>(work: () => Promise<T>, timeLeft?: TimeLeft): Promise<T> {
    if (closed !== undefined) throw postgresFault(new Error('the store is closed'));
    const working = work();
    underWay.add(working);
    try {
      return await working;
    } catch (error) {
      throw overdueFault(timeLeft, error) ?? postgresFault(error);
    } finally {
      underWay.delete(working);
    }
  }

  async function findKey(column: 'id' | 'digest', value: string, timeLeft?: TimeLeft) {
    const sql = `${SELECT_KEY} WHERE ${column} = $1`;
    const [row] = await lookups.run({ name: `key-by-${column}`, sql, values: [value] }, timeLeft);
    return row === undefined ? undefined : apiKeyFromRow(row);
  }

  return {
    findByDigest: (digest) => answer(() => findKey('digest', digest)),
    findById: (id, timeLeft) => answer(() => findKey('id', id, timeLeft), timeLeft),
    commit: (change, timeLeft) => answer(() => commitChange(changes, change, timeLeft), timeLeft),
    list: (query, timeLeft) => answer(() => listKeys(changes, query, timeLeft), timeLeft),
    audit: (query) => answer(async () => (await changes.run(selectAudit(query))).map(auditRecordFromRow)),
    touch: (uses) => answer(() => touchKeys(changes, uses)),
    events: (afterSeq, limit) =>
      answer(async () => {
        const rows = await lookups.run({ name: 'events', sql: SELECT_EVENTS, values: [afterSeq, limit] });
        return rows.map(keyEventFromRow);
      }),
    secretOnce: (name, candidate) =>
      answer(async () => {
        const select = { sql: SELECT_SECRET, values: [name] };
        const [row] = await changes.run(select);
        if (row !== undefined) return Buffer.from(secretFromRow(row));
        await changes.run({ sql: INSERT_SECRET, values: [name, candidate] });
        return Buffer.from(secretFromRow((await changes.run(select))[0]));
      }),
    takeBytes: (keyId, bytes, periods) => answer(() => takeBytes(changes, keyId, bytes, periods)),
    ping: () => answer(async () => void (await lookups.run(ANY_KEY))),
    close() {
      closed ??= Promise.allSettled(underWay)
        .then(() => Promise.all([lookups.close(), changes.close()]))
        .then(() => {});
      return closed;
    },
  };
}

function listKeys(pool: PostgresPool, query: KeyQuery, timeLeft: TimeLeft | undefined): Promise<KeyPage> {
  const work = async (run: RunStatement) => {
    const rows = await run(selectKeys(query));
    const [counted = {}] = await run(countKeys(query));
    return { keys: rows.map(apiKeyFromRow), total: integer(counted, 'total') };
  };
  return pool.transaction(SNAPSHOT, work, undefined, timeLeft);
}

async function withClient<T>(newClient: new () => Client, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new newClient();
  try {
    await client.connect();
    return await work(client);
  } finally {
    await client.end();
  }
}

async function unlessUnusable<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    const cause = causeOf(error);
    throw new Error(`The key store on Postgres cannot be used: ${cause.message}`, { cause });
  }
}
