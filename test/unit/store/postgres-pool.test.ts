import type { Client, Pool } from 'pg';
import { expect, it } from 'vitest';
import { openPostgresPool } from '../../../src/store/postgres-pool.ts';

const STATEMENT = { sql: 'SELECT 1', values: [] };
const ROW = { n: 1 };

/** A pool on a server that answers each statement in turn with one of these errors, and then always well. */
function poolOn(errors: Readonly<Record<string, readonly Error[]>>) {
  const log: string[] = [];
  const left = new Map(Object.entries(errors).map(([text, each]) => [text, [...each]]));
  async function query({ text }: { readonly text: string }) {
    log.push(text);
    const error = left.get(text)?.shift();
    if (error !== undefined) throw error;
    return { rows: [ROW] };
  }
  class FakePool {
    totalCount = 0;
    waitingCount = 0;
    on(): this {
      return this;
    }
    async connect() {
      return { query, release: (broken?: boolean) => log.push(broken ? 'thrown away' : 'given back') };
    }
  }
  const pool = openPostgresPool({ Pool: FakePool as unknown as typeof Pool }, class {} as new () => Client, {
    connections: 1,
    warm: 0,
    waitMs: 1_000,
    connectTimeoutMs: 1_000,
    timeoutMs: 1_000,
  });
  return { pool, log };
}

const errorOf = (code: string) => Object.assign(new Error(code), { code });
const SHUT_DOWN = errorOf('57P01');
const DEADLOCK = errorOf('40P01');
const ENDED = new Error('Connection terminated unexpectedly');

it('asks again over a connection that turns out to be dead, so that a restart of the server fails no call', async () => {
  const { pool, log } = poolOn({ 'SELECT 1': [SHUT_DOWN, ENDED] });
  expect(await pool.run(STATEMENT)).toEqual([ROW]);
  const dead = ['SELECT 1', 'thrown away'];
  expect(log).toEqual([...dead, ...dead, 'SELECT 1', 'given back']);
});

it('gives up after the third attempt', async () => {
  const { pool, log } = poolOn({ 'SELECT 1': Array(9).fill(DEADLOCK) });
  await expect(pool.run(STATEMENT)).rejects.toMatchObject({
    reason: 'STORE_UNAVAILABLE',
    cause: { code: '40P01' },
  });
  expect(log).toEqual(Array(3).fill(['SELECT 1', 'thrown away']).flat());
});

it('does not ask again what it was refused', async () => {
  const { pool, log } = poolOn({ 'SELECT 1': [errorOf('42501')] });
  await expect(pool.run(STATEMENT)).rejects.toMatchObject({ reason: 'STORE_UNAVAILABLE' });
  expect(log).toEqual(['SELECT 1', 'thrown away']);
});

it('begins a transaction anew that the server has undone, on another connection', async () => {
  const { pool, log } = poolOn({ 'SELECT 1': [DEADLOCK] });
  expect(await pool.transaction('BEGIN', (run) => run(STATEMENT))).toEqual([ROW]);
  const [first, second] = [
    ['BEGIN', 'SELECT 1', 'thrown away'],
    ['BEGIN', 'SELECT 1', 'COMMIT', 'given back'],
  ];
  expect(log).toEqual([...first, ...second]);
});

it('takes back what is not to be kept', async () => {
  const { pool, log } = poolOn({});
  expect(
    await pool.transaction(
      'BEGIN',
      (run) => run(STATEMENT),
      () => false,
    ),
  ).toEqual([ROW]);
  expect(log).toEqual(['BEGIN', 'SELECT 1', 'ROLLBACK', 'given back']);
});

it.each([ENDED, SHUT_DOWN, DEADLOCK])(
  'makes no change twice whose commit was not acknowledged: $message',
  async (error) => {
    const { pool, log } = poolOn({ COMMIT: [error] });
    await expect(pool.transaction('BEGIN', (run) => run(STATEMENT))).rejects.toMatchObject({
      reason: 'STORE_UNAVAILABLE',
    });
    expect(log).toEqual(['BEGIN', 'SELECT 1', 'COMMIT', 'thrown away']);
  },
);
