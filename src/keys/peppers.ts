import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { Fault } from '../fault/fault.ts';
import type { RandomBytes } from './base62.ts';
import type { KeyStore } from './ports.ts';

/** A pepper that people choose must not be guessable: the key of the shared cache derives from it. */
const PEPPER_MIN_LENGTH = 32;

const STORED_PEPPER_NAME = 'pepper';
const STORED_PEPPER_BYTES = 32;
const CACHE_KEY_LABEL = 'presignd shared key cache 1';
const CACHE_KEY_BYTES = 32;

/** The peppers that tokens may be tagged with. The first one tags new tokens. */
export type Peppers = readonly [KeyObject, ...KeyObject[]];

export interface LoadPeppersOptions {
  readonly store: Pick<KeyStore, 'secretOnce'>;
  /** The operator's own peppers, newest first. May be empty. */
  readonly configured: readonly { reveal(): string }[];
  readonly randomBytes: RandomBytes;
}

/**
 * The configured peppers and, after them, the one that the store keeps, which is made on first use: keys from
 * before a pepper was configured go on working. Throws a Fault INVALID_REQUEST for a pepper that is too short,
 * and STORE_UNAVAILABLE.
 */
export async function loadPeppers({ store, configured, randomBytes }: LoadPeppersOptions): Promise<Peppers> {
  const chosen = configured.map((secret) => pepperFromText(secret.reveal()));
  const candidate = Buffer.from(randomBytes(STORED_PEPPER_BYTES));
  const stored = createSecretKey(await store.secretOnce(STORED_PEPPER_NAME, candidate));
  const [first, ...others] = chosen;
  return first === undefined ? [stored] : [first, ...others, stored];
}

/** The key that authenticates what instances share in the cache. Derived, so that a fleet agrees by itself. */
export function cacheKeyFromPepper(pepper: KeyObject): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', pepper, '', CACHE_KEY_LABEL, CACHE_KEY_BYTES)));
}

function pepperFromText(text: string): KeyObject {
  if (text.length < PEPPER_MIN_LENGTH) {
    const message = `A pepper has at least ${PEPPER_MIN_LENGTH} characters`;
    throw new Fault('INVALID_REQUEST', { fields: [{ field: 'pepper', message }] });
  }
  return createSecretKey(Buffer.from(text, 'utf8'));
}
