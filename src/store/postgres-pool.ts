import type { Client, Pool, PoolClient, QueryConfig } from 'pg';
import { boundedMs, refuseOverdue, type TimeLeft } from '../flow/time-left.ts';
import type { ColumnValue, Row } from './columns.ts';
import { postgresFault, wasUndone } from './postgres-fault.ts';
import { inOurSchema } from './postgres-schema.ts';
import { type SharedConnectionsOptions, shareConnections } from './shared-connections.ts';

/** A statement, prepared once per connection if it has a name. */
export interface PostgresStatement {
  readonly name?: string;
  readonly sql: string;
  readonly values: readonly (ColumnValue | Buffer | readonly ColumnValue[])[];
}

export type RunStatement = (statement: PostgresStatement) => Promise<readonly Row[]>;

/**
 * A bounded number of connections, all with the same limits on time, and with less where the caller has less left.
 * Rejects with nothing but a Fault.
 */
export interface PostgresPool {
  /** Runs a statement that is a transaction of its own, and that may be run twice. */
  run(statement: PostgresStatement, timeLeft?: TimeLeft): ReturnType<RunStatement>;
  /**
   * Runs `work` in a transaction that begins as `begin` says, and commits it if `isKept`. When the connection is lost
   * while the commit is acknowledged, it rejects although the transaction may have happened. The server itself ends
   * what takes longer than there is time left.
   */
  transaction<T>(
    begin: string,
    work: (run: RunStatement) => Promise<T>,
    isKept?: (result: T) => boolean,
    timeLeft?: TimeLeft,
  ): Promise<T>;
  /** Must not be called while a statement is under way. */
  close(): Promise<void>;
}

export interface PoolLimits extends SharedConnectionsOptions {
  readonly connections: number;
  /** How long a connection may take to open, and again to be set up. It may outlast the wait of a call. */
  readonly connectTimeoutMs: number;
  /** For one statement, and for a transaction as a whole. */
  readonly timeoutMs: number;
}

/** The server ends a statement that takes too long; when not even that is heard, we end the connection. */
const ANSWER_GRACE_MS = 100;
/** So that a change of password, address or load balancing reaches every connection. */
const MAX_LIFETIME_SECONDS = 30 * 60;
const IDLE_TIMEOUT_MS = 60_000;
const MAX_ATTEMPTS = 3;

/** Opens a pool that connects when it is first used. */
export function openPostgresPool(
  pg: { readonly Pool: typeof Pool },
  newClient: new () => Client,
  limits: PoolLimits,
): PostgresPool {
  const { connectTimeoutMs, timeoutMs } = limits;
  const pool = new pg.Pool({
    Client: newClient,
    max: limits.connections,
    min: limits.warm,
    connectionTimeoutMillis: connectTimeoutMs,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    maxLifetimeSeconds: MAX_LIFETIME_SECONDS,
    // Settings of the session instead of parameters of the connection, which a PgBouncer would refuse.
    onConnect: (client) => client.query(timed(sessionSettings(timeoutMs), connectTimeoutMs)).then(() => {}),
  });
  // A connection that dies in the pool is replaced by the next call; unheard, its error would end the process.
  pool.on('error', () => {});
  const connections = shareConnections(pool, limits);

  async function runOnce(statement: PostgresStatement, limitMs: number): Promise<readonly Row[]> {
    const client = await connections.take();
    try {
      const rows = await runOn(client, statement, limitMs);
      connections.giveBack(client);
      return rows;
    } catch (error) {
      connections.throwAway(client);
      throw error;
    }
  }

  async function attempt<T>(
    begin: string,
    work: (run: RunStatement) => Promise<T>,
    isKept: (result: T) => boolean,
    timeLeft: TimeLeft | undefined,
  ): Promise<T> {
    refuseOverdue(timeLeft);
    const client = await connections.take();
    const limitMs = allowedMs(timeoutMs, timeLeft, () => connections.giveBack(client));
    const deadline = performance.now() + limitMs + ANSWER_GRACE_MS;
    const remainingMs = () => Math.max(1, Math.ceil(deadline - performance.now()));
    try {
      await client.query(timed(limitMs < timeoutMs ? within(begin, limitMs) : begin, remainingMs()));
      const result = await work((statement) => runOn(client, statement, remainingMs()));
      if (isKept(result)) await commit(client, remainingMs());
      else await client.query(timed('ROLLBACK', remainingMs()));
      connections.giveBack(client);
      return result;
    } catch (error) {
      // The server rolls back what was under way on a connection that ends.
      connections.throwAway(client);
      throw error;
    }
  }

  return {
    run: (statement, timeLeft) =>
      persistently(() => runOnce(statement, boundedMs(timeoutMs, timeLeft) + ANSWER_GRACE_MS)),
    transaction: (begin, work, isKept = () => true, timeLeft = undefined) =>
      persistently(() => attempt(begin, work, isKept, timeLeft)),
    close: () => pool.end(),
  };
}

/** How long a transaction may take on a connection, which goes back to the pool unused when no time is left. */
function allowedMs(timeoutMs: number, timeLeft: TimeLeft | undefined, giveBack: () => void): number {
  try {
    return boundedMs(timeoutMs, timeLeft);
  } catch (error) {
    giveBack();
    throw error;
  }
}

/** The same beginning, of a transaction whose every statement ends within the time. */
function within(begin: string, timeoutMs: number): string {
  const limits = `SET LOCAL statement_timeout = ${timeoutMs}; SET LOCAL lock_timeout = ${timeoutMs}`;
  return begin.replace(/^BEGIN[^;]*/, (first) => `${first}; ${limits}`);
}

/** Tries again what the server has undone, such as one of two transactions in each other's way. */
async function persistently<T>(attempt: () => Promise<T>): Promise<T> {
  const startedMs = performance.now();
  for (let attempts = 1; ; attempts += 1) {
    try {
      return await attempt();
    } catch (error) {
      const again = attempts < MAX_ATTEMPTS && wasUndone(error, performance.now() - startedMs);
      if (!again) throw postgresFault(error);
    }
  }
}

async function commit(client: PoolClient, timeoutMs: number): Promise<void> {
  try {
    await client.query(timed('COMMIT', timeoutMs));
  } catch (error) {
    // As a Fault it is not tried again: nobody knows whether the first attempt has happened.
    throw postgresFault(error);
  }
}

async function runOn(
  client: PoolClient,
  { name, sql, values }: PostgresStatement,
  timeoutMs: number,
): Promise<readonly Row[]> {
  const text = inOurSchema(sql);
  const { rows } = await client.query<Row>({
    ...timed(text, timeoutMs),
    values: [...values],
    ...(name === undefined ? {} : { name }),
  });
  return rows;
}

/** `query_timeout` is an option of a single query too, which the types of pg do not know. */
function timed(text: string, timeoutMs: number): QueryConfig & { readonly query_timeout: number } {
  return { text, query_timeout: timeoutMs };
}

/** Without just-in-time compilation, which would take longer than any of our statements. */
function sessionSettings(timeoutMs: number): string {
  return `SET client_encoding = 'UTF8';
    SET jit = off;
    SET statement_timeout = ${timeoutMs};
    SET lock_timeout = ${timeoutMs};
    SET idle_in_transaction_session_timeout = ${timeoutMs}`;
}
