// What an API key looks like:
//
//     pse_live_1 <36 base62 random> <7 base62 keyed tag> <6 base62 CRC-32>      59 characters
//
// The CRC covers everything before it and lets anyone reject a typing mistake or a false alarm of a secret
// scanner offline. The tag covers everything before it under a secret (the pepper) and lets us reject a forged
// key without asking anybody. Neither is what makes a key secret: that is the random part, 214 bits.
import { createHmac, hash, type KeyObject, timingSafeEqual } from 'node:crypto';
import type { KeyDigest, KeyEnvironment } from './api-key.ts';
import { base62FromNumber, type RandomBytes, randomBase62 } from './base62.ts';
import { crc32 } from './crc32.ts';

const RANDOM_LENGTH = 36;
const TAG_LENGTH = 7;
const TAG_BITS = 40;
const CRC_LENGTH = 6;
const DISPLAYED_RANDOM_LENGTH = 4;

const PREFIXES = { live: 'pse_live_1', test: 'pse_test_1' } as const satisfies Record<KeyEnvironment, string>;
const PREFIX_LENGTH = PREFIXES.live.length;

/** Length of every token. */
export const TOKEN_LENGTH = PREFIX_LENGTH + RANDOM_LENGTH + TAG_LENGTH + CRC_LENGTH;

/** Source of a regular expression that finds tokens in text, for redaction and secret scanners. */
export const TOKEN_PATTERN = `pse_(?:live|test)_1[0-9A-Za-z]{${TOKEN_LENGTH - PREFIX_LENGTH}}`;

const WHOLE_TOKEN = new RegExp(`^${TOKEN_PATTERN}$`);

/** What a token says of itself without asking anybody. */
export type TokenVerdict = 'genuine' | 'mistyped' | 'forged';

/** Makes a new token, tagged with `pepper`. */
export function mintToken(environment: KeyEnvironment, pepper: KeyObject, randomBytes: RandomBytes): string {
  const body = PREFIXES[environment] + randomBase62(RANDOM_LENGTH, randomBytes);
  const tagged = body + tagOf(body, pepper);
  return tagged + crcOf(tagged);
}

/**
 * `mistyped` when the length, the alphabet or the CRC is wrong; `forged` when none of the peppers made its tag;
 * else `genuine`: the token came from here, though its key may be revoked by now. No I/O.
 */
export function checkToken(token: string, peppers: readonly KeyObject[]): TokenVerdict {
  if (token.length !== TOKEN_LENGTH || !WHOLE_TOKEN.test(token)) return 'mistyped';
  const crcAt = TOKEN_LENGTH - CRC_LENGTH;
  if (crcOf(token.slice(0, crcAt)) !== token.slice(crcAt)) return 'mistyped';
  const body = token.slice(0, crcAt - TAG_LENGTH);
  const tag = Buffer.from(token.slice(crcAt - TAG_LENGTH, crcAt), 'latin1');
  for (const pepper of peppers) {
    if (timingSafeEqual(Buffer.from(tagOf(body, pepper), 'latin1'), tag)) return 'genuine';
  }
  return 'forged';
}

/**
 * What is stored and looked up instead of the token. Not salted and not slow on purpose: the token has 214
 * random bits, which no hash rate can search, and a salted hash could not be looked up.
 */
export function digestFromToken(token: string): KeyDigest {
  return hash('sha256', token, 'base64url') as KeyDigest;
}

/** What kind of key a genuine token is for. */
export function environmentOf(token: string): KeyEnvironment {
  return token.startsWith(PREFIXES.test) ? 'test' : 'live';
}

/** The parts of a token that may be shown, so that people can tell their keys apart. */
export function displayPartsOf(token: string): { readonly start: string; readonly end: string } {
  return { start: token.slice(0, PREFIX_LENGTH + DISPLAYED_RANDOM_LENGTH), end: token.slice(-4) };
}

function tagOf(body: string, pepper: KeyObject): string {
  const mac = createHmac('sha256', pepper).update(body).digest('hex');
  return base62FromNumber(Number.parseInt(mac.slice(0, TAG_BITS / 4), 16), TAG_LENGTH);
}

function crcOf(text: string): string {
  return base62FromNumber(crc32(text), CRC_LENGTH);
}
