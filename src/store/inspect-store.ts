// Looks at the store without changing anything, for who wants to know before the service starts.
import { existsSync } from 'node:fs';
import { statfs } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { schemaStandingOf as sqliteStanding } from './migrations.ts';
import { placeOf } from './open-store.ts';
import { clientClass } from './postgres-client.ts';
import { causeOf } from './postgres-fault.ts';
import { schemaStandingOf as postgresStanding } from './postgres-migrations.ts';
import type { SchemaStanding } from './schema-steps.ts';

export type StoreInspection =
  | {
      readonly kind: 'sqlite';
      readonly path: string;
      readonly schema: SchemaStanding;
      /** The type of the file system, as `statfs` has it. */
      readonly fileSystem: number;
    }
  | {
      readonly kind: 'postgres';
      readonly version: string;
      readonly schema: SchemaStanding;
      readonly maxConnections: number;
      /** Those of everybody, without ours. */
      readonly usedConnections: number;
    };

const USAGE = `SELECT current_setting('server_version') AS version,
  current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int AS most,
  (SELECT count(*)::int FROM pg_stat_activity WHERE backend_type = 'client backend' AND pid <> pg_backend_pid()) AS used`;

/** Rejects with an Error that never holds the URL when the store does not answer within the time. */
export async function inspectStore(databaseUrl: string, timeoutMs: number): Promise<StoreInspection> {
  const place = placeOf(databaseUrl);
  return place.kind === 'sqlite' ? inspectSqlite(place.path) : inspectPostgres(databaseUrl, timeoutMs);
}

async function inspectSqlite(path: string): Promise<StoreInspection> {
  const file = resolve(path);
  if (!existsSync(file)) {
    const schema = sqliteStanding(undefined);
    return { kind: 'sqlite', path, schema, fileSystem: (await statfs(nearestFolder(file))).type };
  }
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    return { kind: 'sqlite', path, schema: sqliteStanding(db), fileSystem: (await statfs(file)).type };
  } finally {
    db.close();
  }
}

/** The folder that would hold the file, or the one in which that would be made. */
function nearestFolder(file: string): string {
  const folder = dirname(file);
  return existsSync(folder) || folder === file ? folder : nearestFolder(folder);
}

async function inspectPostgres(databaseUrl: string, timeoutMs: number): Promise<StoreInspection> {
  const { default: pg } = await import('pg');
  const limits = { connectionTimeoutMillis: timeoutMs, query_timeout: timeoutMs };
  try {
    const client = new (clientClass(pg, () => databaseUrl, limits))();
    try {
      await client.connect();
      const { rows } = await client.query<{ version: string; most: number; used: number }>(USAGE);
      const { version = '', most = 0, used = 0 } = rows[0] ?? {};
      const schema = await postgresStanding(client);
      return { kind: 'postgres', version, schema, maxConnections: most, usedConnections: used };
    } finally {
      await client.end();
    }
  } catch (error) {
    throw causeOf(error);
  }
}
