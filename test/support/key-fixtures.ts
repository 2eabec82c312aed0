import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import { type ApiKey, type KeyEnvironment, type Principal, SCOPES } from '../../src/keys/api-key.ts';
import type { Caller } from '../../src/keys/keys.ts';
import { digestFromToken, mintToken } from '../../src/keys/token.ts';
import { storedKey } from './stored-key.ts';

export const PEPPER = createSecretKey(Buffer.alloc(32, 'p'));
export const OTHER_PEPPER = createSecretKey(Buffer.alloc(32, 'q'));

/** The names of the rate plans. */
export const PLANS: ReadonlySet<string> = new Set(['free', 'pro', 'unlimited']);

/** Who looks after the store, with a terminal. */
export const OPERATOR: Caller = { principal: undefined, actor: 'cli', address: '', requestId: '' };

/** Who calls with a key of the owner `acme`, which may do everything unless it says otherwise. */
export function callerWith(principal: Partial<Principal> = {}): Caller & { readonly principal: Principal } {
  const keyId = 'key_caller';
  return {
    principal: { keyId, owner: 'acme', scopes: SCOPES, policy: null, rateLimit: null, ...principal },
    actor: keyId,
    address: '192.0.2.7',
    requestId: 'req_1',
  };
}

export interface TokenAndKey {
  readonly token: string;
  readonly authorization: string;
  readonly key: ApiKey;
}

/** A genuine token and the key that belongs to it. */
export function tokenAndKey(
  overrides: Partial<ApiKey> = {},
  { pepper = PEPPER, environment = 'live' }: { pepper?: KeyObject; environment?: KeyEnvironment } = {},
): TokenAndKey {
  const token = mintToken(environment, pepper, randomBytes);
  const key = storedKey(token.slice(10, 20), {
    environment,
    digest: digestFromToken(token),
    ...overrides,
  });
  return { token, authorization: `Bearer ${token}`, key };
}
