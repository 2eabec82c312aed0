import type { KeyStore } from '../keys/ports.ts';
import type { ByteLedger } from '../quota/ports.ts';
import type { Migrated } from './migrations.ts';
import {
  migratePostgres,
  openPostgresKeyStore,
  type PostgresOptions,
  planPostgres,
} from './postgres-key-store.ts';
import type { MigrationPlan } from './schema-steps.ts';
import { backupSqlite } from './sqlite-backup.ts';
import { migrateSqlite, openSqliteKeyStore, planSqlite } from './sqlite-key-store.ts';

type Place = { readonly kind: 'sqlite'; readonly path: string } | { readonly kind: 'postgres' };

/**
 * Opens the key store that a DATABASE_URL names: `sqlite:PATH`, with the path relative to the working folder or
 * absolute, or `postgres://USER:PASSWORD@HOST:PORT/DATABASE`, where `sslmode` is as in clientConfigFromUrl.
 * The URL is asked for anew for every connection to Postgres. Without `autoMigrate` a store whose schema is not up
 * to date is refused and left as it is.
 * Throws an Error whose message can be shown to the operator; it never holds the URL, which may contain a password.
 */
export async function openKeyStore(
  databaseUrl: () => string,
  options: PostgresOptions,
): Promise<KeyStore & ByteLedger> {
  const place = placeOf(databaseUrl());
  if (place.kind === 'postgres') return openPostgresKeyStore(databaseUrl, options);
  return openSqliteKeyStore(place.path, options);
}

/** Brings the schema of the store up to date, and answers its versions before and after. Throws as openKeyStore does. */
export async function migrateStore(databaseUrl: () => string): Promise<Migrated> {
  const place = placeOf(databaseUrl());
  return place.kind === 'postgres' ? migratePostgres(databaseUrl) : migrateSqlite(place.path);
}

/** What `migrateStore` would do. Changes nothing. Throws as openKeyStore does. */
export async function planStoreMigration(databaseUrl: () => string): Promise<MigrationPlan> {
  const place = placeOf(databaseUrl());
  return place.kind === 'postgres' ? planPostgres(databaseUrl) : planSqlite(place.path);
}

/**
 * Copies a store in an SQLite file into the new file at `target`, while others use it. Throws an Error that can be shown
 * to the operator, and so it does for Postgres, which has tools of its own.
 */
export async function backupStore(databaseUrl: () => string, target: string): Promise<void> {
  const place = placeOf(databaseUrl());
  if (place.kind === 'sqlite') return backupSqlite(place.path, target);
  throw new Error(
    'The key store is on Postgres. Use: pg_dump --format=custom --schema=presignd --file=FILE DATABASE_URL',
  );
}

/** Throws an Error that never holds the URL for one that names no store. */
export function placeOf(databaseUrl: string): Place {
  const { scheme, rest } = /^(?<scheme>[a-z][a-z0-9+.-]*):(?<rest>.*)$/is.exec(databaseUrl)?.groups ?? {};
  switch (scheme?.toLowerCase()) {
    case 'sqlite':
      return { kind: 'sqlite', path: sqlitePath(rest ?? '') };
    case 'postgres':
    case 'postgresql':
      return { kind: 'postgres' };
    case undefined:
      throw new Error(
        'DATABASE_URL has no scheme. It must be sqlite:PATH, such as sqlite:.presignd/presignd.db, or postgres://USER:PASSWORD@HOST/DATABASE.',
      );
    default:
      throw new Error(
        `DATABASE_URL has the scheme "${scheme}", which is not supported. Use sqlite:PATH or postgres://USER:PASSWORD@HOST/DATABASE.`,
      );
  }
}

function sqlitePath(path: string): string {
  if (path === '') throw new Error('DATABASE_URL has no path after "sqlite:".');
  if (path === ':memory:') {
    throw new Error(
      'DATABASE_URL names a database in memory, but keys must outlive the process. Use sqlite:PATH.',
    );
  }
  return path;
}
