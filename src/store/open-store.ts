import type { KeyStore } from '../keys/ports.ts';
import { openSqliteKeyStore } from './sqlite-key-store.ts';

/**
 * Opens the key store that a DATABASE_URL names: `sqlite:PATH`, with the path relative to the working folder
 * or absolute. Throws an Error whose message can be shown to the operator; it never holds the URL, which may
 * contain a password.
 */
export async function openKeyStore(databaseUrl: string): Promise<KeyStore> {
  const { scheme, rest } = /^(?<scheme>[a-z][a-z0-9+.-]*):(?<rest>.*)$/is.exec(databaseUrl)?.groups ?? {};
  switch (scheme?.toLowerCase()) {
    case 'sqlite':
      return openSqliteKeyStore(sqlitePath(rest ?? ''));
    case 'postgres':
    case 'postgresql':
      throw new Error(
        'DATABASE_URL names a Postgres database, which this build does not support. Use sqlite:PATH.',
      );
    case undefined:
      throw new Error(
        'DATABASE_URL has no scheme. It must be sqlite:PATH, such as sqlite:.presignd/presignd.db.',
      );
    default:
      throw new Error(`DATABASE_URL has the scheme "${scheme}", which is not supported. Use sqlite:PATH.`);
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
