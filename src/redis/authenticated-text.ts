// Texts that are kept in or sent through Redis, where strangers may write:
//
//     <text>|<MAC>
//
// The MAC covers the place and the text, so nobody without the key can make a text up, change one, or move one to
// another place.
import { createHmac, type KeyObject, timingSafeEqual } from 'node:crypto';

/**
 * How far the clocks of two hosts may differ before they stop believing what the other has stored until a time. It
 * also bounds how long a text that someone puts back lives, and has to stay below the memory of known versions in
 * keys/limits.ts.
 */
export const CLOCK_SKEW_MS = 30_000;

const MAC_BYTES = 16;
const MAC_LENGTH = 22;

/** Authenticates texts, each for its context within one prefix. A context holds no `|`. */
export interface TextAuthenticator {
  seal(context: string, text: string): string;
  /** The text; undefined for anything that was not sealed with this key for this place. */
  open(context: string, sealed: string): string | undefined;
}

/** @param prefix what all names in Redis begin with that the texts are kept under */
export function createTextAuthenticator(key: KeyObject, prefix: string): TextAuthenticator {
  function seal(context: string, text: string): string {
    const mac = createHmac('sha256', key).update(`${prefix}${context}|${text}`).digest();
    return `${text}|${mac.subarray(0, MAC_BYTES).toString('base64url')}`;
  }

  return {
    seal,
    open(context, sealed) {
      const text = sealed.slice(0, -MAC_LENGTH - 1);
      const expected = Buffer.from(seal(context, text));
      const actual = Buffer.from(sealed);
      return expected.length === actual.length && timingSafeEqual(expected, actual) ? text : undefined;
    },
  };
}
