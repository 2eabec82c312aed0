import { DatabaseSync } from 'node:sqlite';
import type { KeyStore } from '../../src/keys/ports.ts';
import { insertKeys } from '../support/key-changes.ts';
import { tokenAndKey } from '../support/key-fixtures.ts';
import { makePostgresPlace } from '../support/postgres-place.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { makeSqlitePlace } from '../support/sqlite-place.ts';
import { alternate, type Subject } from './alternate.ts';
import { ADDRESS, NO_MEMORY, verifierOf } from './key-check.ts';
import type { Section } from './options.ts';
import { median } from './stats.ts';
import { figure } from './table.ts';

const COUNTS = [1_000, 1_000_000] as const;
const QUICK_COUNTS = [1_000, 10_000] as const;

/** Keys that are asked for in turn, spread over the store by their digests. */
const ASKED = 1_000;

/** As many as memory holds by default. */
const IN_MEMORY = 100_000;

interface Place {
  readonly name: string;
  readonly store: KeyStore;
  /** Copies the first key until there are so many, each with an id and a digest of its own. */
  fill(count: number): Promise<void>;
}

export const keyScale: Section = {
  name: 'scale',
  run: async (options) => {
    await using closing = new AsyncDisposableStack();
    const memory = await memorySubject(options.quick ? 1_000 : IN_MEMORY);
    const subjects = [memory.subject];
    for (const count of options.quick ? QUICK_COUNTS : COUNTS) {
      const postgres = openPostgres(closing).catch((error: unknown) => {
        options.progress(`scale: without Postgres: ${error instanceof Error ? error.message : error}`);
      });
      for (const place of [await openSqlite(closing), await postgres]) {
        if (place === undefined) continue;
        options.progress(`scale: ${place.name}, ${count} keys`);
        subjects.push(await storeSubject(place, count));
      }
    }
    const timings = await alternate(subjects, options);
    return {
      title: 'Checking an API key among many',
      columns: ['answered by', 'CPU µs per check', 'elapsed µs', 'memory'],
      rows: timings.map(({ label, cpuMicros, elapsedMicros }) => [
        label,
        figure(median(cpuMicros)),
        figure(median(elapsedMicros)),
        label === memory.subject.label ? `${Math.round(memory.bytesPerKey)} bytes per key` : '',
      ]),
    };
  },
};

/** A whole memory tier; the keys are asked for across all of it. */
async function memorySubject(count: number): Promise<{ subject: Subject; bytesPerKey: number }> {
  const keys = Array.from({ length: count }, () => tokenAndKey());
  const byDigest = new Map(keys.map(({ key }) => [key.digest, key]));
  const headers = keys.map(({ authorization }) => authorization);
  // A new object for each, as a store would answer it.
  const store = { findByDigest: async (digest: string) => structuredClone(byDigest.get(digest as never)) };
  const { verify } = verifierOf({ store, limits: { maxAgeMs: 3_600_000, softMs: 3_600_000 } });
  const usedBefore = heapBytes();
  for (const header of headers) await verify(header, ADDRESS);
  const bytesPerKey = (heapBytes() - usedBefore) / count;
  return {
    bytesPerKey,
    subject: {
      label: `memory, ${count.toLocaleString('en-US')} keys`,
      run: (turn) => verify(headers[(turn * 7919) % count], ADDRESS),
    },
  };
}

async function storeSubject({ name, store, fill }: Place, count: number): Promise<Subject> {
  const asked = Array.from({ length: Math.min(ASKED, count) }, () => tokenAndKey());
  await insertKeys(store, ...asked.map(({ key }) => key));
  await fill(count);
  const { verify } = verifierOf({ store, limits: NO_MEMORY });
  return {
    label: `${name}, ${count.toLocaleString('en-US')} keys`,
    run: (turn) => verify(asked[turn % asked.length]?.authorization, ADDRESS),
  };
}

async function openSqlite(closing: AsyncDisposableStack): Promise<Place> {
  const place = closing.adopt(await makeSqlitePlace(), ({ remove }) => remove());
  const store = closing.adopt(await place.open(), (opened) => opened.close());
  return {
    name: 'SQLite',
    store,
    async fill(count) {
      using db = new DatabaseSync(place.path);
      const columns = db
        .prepare("SELECT name FROM pragma_table_info('api_keys')")
        .all()
        .map(({ name }) => String(name));
      db.exec(`
        WITH RECURSIVE numbers (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM numbers WHERE n < ${missing(db, count)})
        ${copyStatement({ table: 'api_keys', columns, digest: 'hex(randomblob(32))', numbers: 'numbers' })}`);
    },
  };
}

function missing(db: DatabaseSync, count: number): number {
  const row = db.prepare('SELECT count(*) AS present FROM api_keys').get();
  return Math.max(1, count - Number(row?.['present']));
}

async function openPostgres(closing: AsyncDisposableStack): Promise<Place> {
  const server = closing.adopt(await startPostgres(), ({ stop }) => stop());
  const place = await makePostgresPlace(server.url);
  const store = closing.adopt(await place.open(), (opened) => opened.close());
  return {
    name: 'Postgres on loopback',
    store,
    async fill(count) {
      const rows = await place.query(
        "SELECT column_name FROM information_schema.columns WHERE table_name = 'api_keys' AND table_schema = 'presignd'",
      );
      const columns = rows.map(({ column_name: name }) => String(name));
      const [present] = await place.query('SELECT count(*)::int AS present FROM presignd.api_keys');
      const numbers = `generate_series(1, ${Math.max(1, count - Number(present?.['present']))}) AS numbers (n)`;
      const random = 'md5(random()::text) || md5(random()::text)';
      await place.query(
        `${copyStatement({ table: 'presignd.api_keys', columns, digest: random, numbers })}; ANALYZE presignd.api_keys`,
      );
    },
  };
}

interface Copy {
  readonly table: string;
  readonly columns: readonly string[];
  /** An expression that differs in every row. */
  readonly digest: string;
  /** Where the numbers `n` of the copies come from. */
  readonly numbers: string;
}

/** Copies one key as often as there are numbers, each time with an id and a digest of its own. */
function copyStatement({ table, columns, digest, numbers }: Copy): string {
  const own: Readonly<Record<string, string>> = { id: "'filler_' || n", digest };
  const names = columns.map((name) => `"${name}"`).join(', ');
  const values = columns.map((name) => own[name] ?? `template."${name}"`).join(', ');
  return `INSERT INTO ${table} (${names})
    SELECT ${values} FROM (SELECT * FROM ${table} LIMIT 1) AS template, ${numbers}`;
}

/** What is in use on the heap, everything collected before. */
export function heapBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
