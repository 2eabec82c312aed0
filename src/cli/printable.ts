/** Control characters, line separators and what turns the direction of writing: they would rule the terminal. */
const UNPRINTABLE = /[\p{Cc}\u061c\u200e\u200f\u2028-\u202e\u2066-\u2069]/gu;

/** A text from elsewhere as one harmless line. */
export function printable(text: string): string {
  return text.replace(UNPRINTABLE, '\ufffd');
}
