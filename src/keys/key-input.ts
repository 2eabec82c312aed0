import { Fault, type FieldViolation } from '../fault/fault.ts';
import { type KeyEnvironment, SCOPES, type Scope } from './api-key.ts';

const KEY_NAME_MAX_LENGTH = 100;
const OWNER_MAX_LENGTH = 100;
const DEFAULT_OWNER = 'default';

/** The last moment that JavaScript, and so every client of the API, can express. */
const LAST_MOMENT_MS = 8.64e15;

const CONTROL_CHARACTER = /\p{Cc}/u;
/** No slash: an owner is a prefix of object keys, and `a` must not be able to reach into `a/b`. */
const OWNER = /^[A-Za-z0-9][A-Za-z0-9._@:+-]*$/;

export interface CreateKeyInput {
  /** 1–100 characters, for people. */
  readonly name: string;
  /** Whom the key acts for. `default` when left out. */
  readonly owner?: string | undefined;
  readonly environment: KeyEnvironment;
  readonly scopes: readonly Scope[];
  /** Wall-clock milliseconds in the future, or null for a key that does not expire. */
  readonly expiresAtMs: number | null;
}

export type CheckedKeyInput = CreateKeyInput & { readonly owner: string };

/** The input with its defaults. Throws a Fault INVALID_REQUEST that names every field that breaks its rule. */
export function checkCreateKeyInput(input: CreateKeyInput, nowMs: number): CheckedKeyInput {
  const { name, owner = DEFAULT_OWNER, environment, scopes, expiresAtMs } = input;
  const rules: readonly (readonly [field: string, holds: boolean, message: string])[] = [
    ['name', isName(name), `must be 1 to ${KEY_NAME_MAX_LENGTH} characters, without control characters`],
    ['expiration_date', expiresAtMs === null || isFuture(expiresAtMs, nowMs), 'must be in the future'],
    [
      'owner',
      owner.length <= OWNER_MAX_LENGTH && OWNER.test(owner),
      `must be 1 to ${OWNER_MAX_LENGTH} letters, digits or . _ @ : + - and begin with a letter or digit`,
    ],
    ['environment', environment === 'live' || environment === 'test', 'must be live or test'],
    [
      'scopes',
      scopes.length > 0 && scopes.every((scope) => SCOPES.includes(scope)),
      `must be one or more of ${SCOPES.join(', ')}`,
    ],
  ];
  const fields = rules
    .filter(([, holds]) => !holds)
    .map(([field, , message]): FieldViolation => ({ field, message }));
  if (fields.length > 0) throw new Fault('INVALID_REQUEST', { fields });
  return { name, owner, environment, scopes: [...new Set(scopes)], expiresAtMs };
}

function isName(name: string): boolean {
  const length = [...name].length;
  return length > 0 && length <= KEY_NAME_MAX_LENGTH && name.isWellFormed() && !CONTROL_CHARACTER.test(name);
}

function isFuture(expiresAtMs: number, nowMs: number): boolean {
  return Number.isInteger(expiresAtMs) && expiresAtMs > nowMs && expiresAtMs <= LAST_MOMENT_MS;
}
