/** What is said of text that cannot be decoded. */
export const NO_UTF8 = 'must be percent-encoded UTF-8';

/** RFC 6570's reserved characters (RFC 3986 §2.2), percent-encoded; the slash is one of them. */
const ENCODED_RESERVED = /(%(?:2[1346789BCF]|3[ABDF]|40|5[BD]))/i;

/** The text that stands percent-encoded in one segment of a path; undefined if it is malformed or no UTF-8. */
export function decodeSegment(segment: string): string | undefined {
  if (!segment.includes('%')) return segment;
  try {
    return decodeURIComponent(segment);
  } catch {
    return undefined;
  }
}

/**
 * The text that stands in several segments of a path. Percent-encoded reserved characters stay as they are: `%2F`
 * could not be told from the slash between two segments, and the specification's default
 * (`fully_decode_reserved_expansion` unset) treats the others alike.
 */
export function decodeSegments(segments: readonly string[]): string | undefined {
  const text = segments.join('/');
  if (!text.includes('%')) return text;
  const parts = text.split(ENCODED_RESERVED).map((part, i) => (i % 2 === 1 ? part : decodeSegment(part)));
  return parts.includes(undefined) ? undefined : parts.join('');
}

/** The text of a name or a value in a query, where a space may also be a plus. */
export function decodeQueryText(text: string): string | undefined {
  return decodeSegment(text.replaceAll('+', ' '));
}
