import { randomUUID } from 'node:crypto';
import type { KeyStore } from '../../src/keys/ports.ts';
import type { ByteLedger } from '../../src/quota/ports.ts';
import { openKeyStore } from '../../src/store/open-store.ts';
import { withPostgres } from './postgres-server.ts';

/** A database of its own on a Postgres server, empty at first. */
export interface PostgresPlace {
  /** The administrator's URL of the database. */
  readonly url: string;
  open(): Promise<KeyStore & ByteLedger>;
  /** Runs statements on a connection of its own, as the administrator; answers the rows of the last one. */
  query(sql: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
  /** Has the server end every connection to the database. */
  cutConnections(): Promise<void>;
  remove(): Promise<void>;
}

const CUT_OTHERS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity
  WHERE datname = current_database() AND pid <> pg_backend_pid()`;

export async function makePostgresPlace(serverUrl: string): Promise<PostgresPlace> {
  const name = ownName();
  await withPostgres(serverUrl, (client) => client.query(`CREATE DATABASE ${name}`));
  const url = urlWith(serverUrl, { database: name });
  return {
    url,
    open: () => openStore(url),
    async query(sql, values) {
      const answer = await withPostgres(url, (client) => client.query(sql, values && [...values]));
      return [answer].flat().at(-1)?.rows ?? [];
    },
    cutConnections: () => withPostgres(url, async (client) => void (await client.query(CUT_OTHERS))),
    remove: () =>
      withPostgres(
        serverUrl,
        async (client) => void (await client.query(`DROP DATABASE ${name} WITH (FORCE)`)),
      ),
  };
}

export function openStore(url: string): Promise<KeyStore & ByteLedger> {
  return openKeyStore(() => url, { autoMigrate: true, poolSize: 10 });
}

/** A name for a database or a role that nobody else uses. */
export function ownName(): string {
  return `test_${randomUUID().replaceAll('-', '')}`;
}

/** The URL with another database, user or address. */
export function urlWith(
  url: string,
  parts: {
    readonly database?: string;
    readonly user?: string;
    readonly password?: string;
    readonly address?: { readonly host: string; readonly port: number };
  },
): string {
  const changed = new URL(url);
  if (parts.database !== undefined) changed.pathname = parts.database;
  if (parts.user !== undefined) changed.username = parts.user;
  if (parts.password !== undefined) changed.password = parts.password;
  if (parts.address !== undefined) changed.host = `${parts.address.host}:${parts.address.port}`;
  return changed.href;
}
