// Base62 in the order 0-9, A-Z, a-z: every character survives a double-click, a URL and a shell.

const ALPHABET = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

/** Bytes from here on would make the first characters of the alphabet likelier than the others. */
const UNBIASED_BYTE_LIMIT = 256 - (256 % ALPHABET.length);

/** Fills a buffer of `size` bytes from a cryptographic source, as `crypto.randomBytes` does. */
export type RandomBytes = (size: number) => Uint8Array;

/** The number in base62, padded with zeros to `width`. The number must be a safe integer below 62^width. */
export function base62FromNumber(value: number, width: number): string {
  let text = '';
  let rest = value;
  for (let place = 0; place < width; place++) {
    text = ALPHABET.charAt(rest % ALPHABET.length) + text;
    rest = Math.floor(rest / ALPHABET.length);
  }
  return text;
}

/** `length` independent, evenly distributed characters: 5.95 bits each. */
export function randomBase62(length: number, randomBytes: RandomBytes): string {
  let text = '';
  while (text.length < length) {
    for (const byte of randomBytes(length - text.length)) {
      if (byte < UNBIASED_BYTE_LIMIT) text += ALPHABET.charAt(byte % ALPHABET.length);
    }
  }
  return text;
}
