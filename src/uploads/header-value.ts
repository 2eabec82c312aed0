// Text as the value of an HTTP header. Pure.

/** Visible ASCII with inner spaces (RFC 9110 §5.5 without obs-text): nothing that could split or fold a header. */
const HEADER_VALUE = /^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/;

/** RFC 9110 §5.6.2. */
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;

/** RFC 2047 §2 gives an encoded word 75 characters: 12 for its frame, and base64 makes 4 of every 3 bytes. */
const ENCODED_WORD_BYTES = 45;

export function isHeaderValue(text: string): boolean {
  return HEADER_VALUE.test(text);
}

export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** The text as it is where a header can hold it, else as encoded words of RFC 2047, which S3 uses for the same purpose. */
export function headerTextFrom(text: string): string {
  if (isHeaderValue(text)) return text;
  const words: string[] = [];
  let word = '';
  for (const character of text) {
    if (Buffer.byteLength(word + character) > ENCODED_WORD_BYTES) {
      words.push(word);
      word = '';
    }
    word += character;
  }
  // Whoever decodes them joins neighbours without the space between (RFC 2047 §6.2).
  return [...words, word].map((part) => `=?UTF-8?B?${Buffer.from(part).toString('base64')}?=`).join(' ');
}

/** Percent-encodes all but letters, digits and `! - . _ ~`, which no syntax of header values gives a meaning. */
export function percentEncode(text: string): string {
  return encodeURIComponent(text).replace(
    /['()*]/g,
    (character) => `%${character.charCodeAt(0).toString(16).toUpperCase()}`,
  );
}
