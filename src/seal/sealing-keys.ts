import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';

/** A sealing key that people choose must not be guessable: who knows it makes upload ids and upload tokens. */
const SEALING_KEY_MIN_LENGTH = 32;

const FROM_PEPPER_LABEL = 'presignd sealing key 1';
const SEALING_KEY_BYTES = 32;

/** The first one seals, all of them open. */
export type SealingKeys = readonly [KeyObject, ...KeyObject[]];

export interface SealingKeysOptions {
  /** The operator's own keys, newest first. May be empty. */
  readonly configured: readonly { reveal(): string }[];
  /** The peppers of the API keys, the one that the store keeps last. */
  readonly peppers: readonly [KeyObject, ...KeyObject[]];
}

/**
 * The configured keys; without any, keys that derive from the peppers. Of those the store's own pepper comes first,
 * so that a fleet agrees while its instances are given peppers one after the other.
 *
 * To rotate, the new key first goes behind the old one on every instance, then in front of it, and the old one is
 * dropped when the longest life of an upload id is over. Keys that derive from peppers do not open what configured
 * keys sealed, nor the other way round.
 *
 * @throws RangeError for a configured key that is too short
 */
export function sealingKeysFrom({ configured, peppers }: SealingKeysOptions): SealingKeys {
  const [first, ...others] = configured.map((secret) => keyFromText(secret.reveal()));
  if (first !== undefined) return [first, ...others];
  const derived = peppers.map(keyFromPepper);
  const stored = derived.at(-1) ?? keyFromPepper(peppers[0]);
  return [stored, ...derived.slice(0, -1)];
}

function keyFromText(text: string): KeyObject {
  if (text.length < SEALING_KEY_MIN_LENGTH)
    throw new RangeError(
      `each key in PRESIGND_SEALING_KEYS must have at least ${SEALING_KEY_MIN_LENGTH} characters`,
    );
  return createSecretKey(Buffer.from(text, 'utf8'));
}

function keyFromPepper(pepper: KeyObject): KeyObject {
  return createSecretKey(Buffer.from(hkdfSync('sha256', pepper, '', FROM_PEPPER_LABEL, SEALING_KEY_BYTES)));
}
