import { createSecretKey, type KeyObject, randomBytes } from 'node:crypto';
import type { ApiKey, KeyEnvironment } from '../../src/keys/api-key.ts';
import { digestFromToken, mintToken } from '../../src/keys/token.ts';
import { storedKey } from './stored-key.ts';

export const PEPPER = createSecretKey(Buffer.alloc(32, 'p'));
export const OTHER_PEPPER = createSecretKey(Buffer.alloc(32, 'q'));

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
