import type { SQLInputValue, SQLOutputValue } from 'node:sqlite';
import {
  type ApiKey,
  type KeyDigest,
  type KeyEnvironment,
  type KeyStatus,
  SCOPES,
  type Scope,
} from '../keys/api-key.ts';
import type { KeyEvent } from '../keys/ports.ts';

type Row = Readonly<Record<string, SQLOutputValue>>;

const ENVIRONMENTS = ['live', 'test'] as const satisfies readonly KeyEnvironment[];
const STATUSES = ['active', 'revoked', 'disabled'] as const satisfies readonly KeyStatus[];
const EVENT_KINDS = ['created', 'revoked'] as const satisfies readonly KeyEvent['kind'][];

/** The columns of a key and what each holds, as the insert statement binds them. */
export function rowFromApiKey(key: ApiKey) {
  return {
    id: key.id,
    digest: key.digest,
    owner: key.owner,
    name: key.name,
    environment: key.environment,
    start: key.start,
    end: key.end,
    scopes: JSON.stringify(key.scopes),
    status: key.status,
    version: key.version,
    created_at_ms: key.createdAtMs,
    expires_at_ms: key.expiresAtMs,
    revoked_at_ms: key.revokedAtMs,
  } satisfies Record<string, SQLInputValue>;
}

/** Throws when the row is not what this program writes: a damaged file must not become a permission. */
export function apiKeyFromRow(row: Row): ApiKey {
  return {
    id: text(row, 'id'),
    digest: text(row, 'digest') as KeyDigest,
    owner: text(row, 'owner'),
    name: text(row, 'name'),
    environment: oneOf(ENVIRONMENTS, row, 'environment'),
    start: text(row, 'start'),
    end: text(row, 'end'),
    scopes: scopesFromJson(text(row, 'scopes')),
    status: oneOf(STATUSES, row, 'status'),
    version: integer(row, 'version'),
    createdAtMs: integer(row, 'created_at_ms'),
    expiresAtMs: integerOrNull(row, 'expires_at_ms'),
    revokedAtMs: integerOrNull(row, 'revoked_at_ms'),
  };
}

export function keyEventFromRow(row: Row): KeyEvent {
  return {
    seq: integer(row, 'seq'),
    digest: text(row, 'digest') as KeyDigest,
    version: integer(row, 'version'),
    kind: oneOf(EVENT_KINDS, row, 'kind'),
    atMs: integer(row, 'at_ms'),
  };
}

/** A scope that only a newer presignd knows grants nothing here, so it is left out. */
function scopesFromJson(json: string): readonly Scope[] {
  const names: unknown = JSON.parse(json);
  if (!Array.isArray(names)) throw unexpected('scopes');
  return names.filter((name): name is Scope => SCOPES.some((scope) => scope === name));
}

function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw unexpected(column);
  return value;
}

function integer(row: Row, column: string): number {
  const value = row[column];
  if (typeof value !== 'number') throw unexpected(column);
  return value;
}

function integerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

function oneOf<T extends string>(values: readonly T[], row: Row, column: string): T {
  const found = values.find((value) => value === row[column]);
  if (found === undefined) throw unexpected(column);
  return found;
}

function unexpected(column: string): Error {
  return new Error(`the column ${column} holds an unexpected value`);
}
