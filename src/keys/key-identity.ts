import type { KeyObject } from 'node:crypto';
import type { ApiKey, KeyEnvironment } from './api-key.ts';
import { type RandomBytes, randomBase62 } from './base62.ts';
import { digestFromToken, displayPartsOf, mintToken } from './token.ts';

/** 131 random bits: ids need to be unique, not secret. */
const ID_RANDOM_LENGTH = 22;
/** No id of ours looks otherwise, whatever a caller sends: a store need not be asked, nor have to cope with it. */
const ID = /^[A-Za-z0-9_-]{1,100}$/;

/** What tells a key from every other: its id, and what may be kept of its secret. */
export type KeyIdentity = Pick<ApiKey, 'id' | 'digest' | 'start' | 'end'>;

export interface MintedKey {
  readonly token: string;
  readonly identity: KeyIdentity;
}

/** A new secret, tagged with `pepper`, and the identity of its key. */
export function mintKey(environment: KeyEnvironment, pepper: KeyObject, randomBytes: RandomBytes): MintedKey {
  return keyFromToken(mintToken(environment, pepper, randomBytes), randomBytes);
}

/** The identity of a new key whose secret was minted before. */
export function keyFromToken(token: string, randomBytes: RandomBytes): MintedKey {
  const id = `key_${randomBase62(ID_RANDOM_LENGTH, randomBytes)}`;
  return { token, identity: { id, digest: digestFromToken(token), ...displayPartsOf(token) } };
}

export function isKeyId(id: string): boolean {
  return ID.test(id);
}
