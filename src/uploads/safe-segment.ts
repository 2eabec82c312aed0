// Makes one segment of an object key out of any text: the last segment out of a file name, the first out of an
// owner. Pure.
import { hash } from 'node:crypto';

/** The longest file name in a key, in bytes: enough to recognise a file by. */
export const NAME_MAX_BYTES = 128;

/** The longest owner in a key, in bytes. */
export const OWNER_MAX_BYTES = 64;

const NAME_FALLBACK = 'file';
const OWNER_FALLBACK = 'owner';

/** Hexadecimal digits of the digest that keeps apart owners which look the same once they are safe. */
const OWNER_DIGEST_LENGTH = 16;

/** Latin letters that Unicode does not decompose into a base letter and an accent. */
const LATIN_LETTERS: Readonly<Record<string, string>> = {
  ß: 'ss',
  ẞ: 'SS',
  æ: 'ae',
  Æ: 'AE',
  œ: 'oe',
  Œ: 'OE',
  ø: 'o',
  Ø: 'O',
  ł: 'l',
  Ł: 'L',
  đ: 'd',
  Đ: 'D',
  ð: 'd',
  Ð: 'D',
  þ: 'th',
  Þ: 'Th',
  ħ: 'h',
  Ħ: 'H',
  ı: 'i',
  ŋ: 'n',
  Ŋ: 'N',
  ŧ: 't',
  Ŧ: 'T',
};

/** The names of devices on Windows, where a file cannot have them with any extension. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|com\d|lpt\d)(?=\.|$)/i;

const EXTENSION = /\.[A-Za-z0-9_-]{1,16}$/;

interface SegmentLimits {
  /** What stands where nothing usable is left. */
  readonly fallback: string;
  readonly maxBytes: number;
}

interface SegmentRule {
  readonly rule: string;
  readonly why: string;
  /** `name`: only for file names, which may come as paths. */
  readonly for: 'name' | 'any';
  readonly apply: (text: string, limits: SegmentLimits) => string;
}

/** Every step from a text to a safe segment, in the order of their application. */
export const SEGMENT_RULES = [
  {
    rule: 'only the last segment of a path, after / or \\',
    why: 'clients send whole paths (C:\\fakepath\\a.jpg), and a path would let the caller choose the place in the bucket',
    for: 'name',
    apply: (text) => text.split(/[/\\]/).findLast((segment) => segment !== '') ?? '',
  },
  {
    rule: 'letters with accents and compatibility forms become ASCII (NFKD)',
    why: 'a name stays readable, while the many encodings of one letter break signatures and comparisons of keys',
    for: 'any',
    apply: (text) =>
      text
        .normalize('NFKD')
        .replace(/\p{M}+/gu, '')
        .replace(/[À-ſẞ]/g, (letter) => LATIN_LETTERS[letter] ?? letter),
  },
  {
    rule: 'no dots or dashes in front',
    why: 'a leading dot hides a file, and a leading dash is read as an option by command lines',
    for: 'any',
    apply: (text) => text.replace(/^[.-]+/, ''),
  },
  {
    rule: 'everything but A-Z a-z 0-9 . _ - becomes a dash',
    why: 'of the characters that S3 calls safe, these need no escape in URLs, shells, file systems or HTML',
    for: 'any',
    apply: (text) => text.replace(/[^A-Za-z0-9._-]+/g, '-'),
  },
  {
    rule: 'a run of dots and dashes becomes one dot, or one dash if it has no dot',
    why: 'no .. can appear, and replaced characters leave no trail of dashes',
    for: 'any',
    apply: (text) => text.replace(/[.-]{2,}/g, (run) => (run.includes('.') ? '.' : '-')),
  },
  {
    rule: 'no dash in front, no dot or dash at the end',
    why: 'Windows drops trailing dots, and URL detection in chats and mails ends before them',
    for: 'any',
    apply: (text) => text.replace(/^-/, '').replace(/[.-]$/, ''),
  },
  {
    rule: 'a text with nothing left, or nothing but an extension, gets a stem',
    why: 'an empty segment makes // in the key, and a name in another script should still show its type',
    for: 'any',
    apply: (text, { fallback }) => (text === '' || text.startsWith('.') ? fallback + text : text),
  },
  {
    rule: 'names of devices get a prefix',
    why: 'Windows cannot save con.txt or nul, so the downloaded object would be lost',
    for: 'any',
    apply: (text, { fallback }) => (DEVICE_NAME.test(text) ? `${fallback}-${text}` : text),
  },
  {
    rule: 'cut to the limit, keeping the extension',
    why: 'S3 takes 1024 bytes a key and file systems 255 a segment, and the extension says how to open the file',
    for: 'any',
    apply: (text, { maxBytes }) => cutKeepingExtension(text, maxBytes),
  },
] as const satisfies readonly SegmentRule[];

const NAME_RULES: readonly SegmentRule[] = SEGMENT_RULES;
const OWNER_RULES: readonly SegmentRule[] = SEGMENT_RULES.filter((rule) => rule.for === 'any');

/** What every rule leaves as it is. Most names are plain already, and one test is cheaper than nine rules. */
const PLAIN = /^\w+(?:[.-]\w+)*$/;

/** Plain but for single spaces between words, which the rules turn into hyphens. The next most common kind of name. */
const PLAIN_WORDS = /^\w+(?:[. -]\w+)*$/;

/** A file name as the segment of an object key: ASCII, 1 to 128 bytes, never `.` or `..`. Idempotent. */
export function safeName(filename: string): string {
  return safeSegment(filename, NAME_RULES, { fallback: NAME_FALLBACK, maxBytes: NAME_MAX_BYTES });
}

/**
 * An owner as the segment of an object key: ASCII, 1 to 64 bytes, never `.` or `..`. Idempotent. An owner that has
 * to be changed gets a digest of what it was, so that two owners never share a prefix of the bucket.
 */
export function safeOwner(owner: string): string {
  const safe = safeSegment(owner, OWNER_RULES, { fallback: OWNER_FALLBACK, maxBytes: OWNER_MAX_BYTES });
  if (safe === owner) return owner;
  const digest = hash('sha256', owner, 'hex').slice(0, OWNER_DIGEST_LENGTH);
  return `${cut(safe, OWNER_MAX_BYTES - OWNER_DIGEST_LENGTH - 1)}-${digest}`;
}

function safeSegment(text: string, rules: readonly SegmentRule[], limits: SegmentLimits): string {
  if (text.length <= limits.maxBytes && PLAIN_WORDS.test(text)) {
    const plain = PLAIN.test(text) ? text : text.replaceAll(' ', '-');
    if (!DEVICE_NAME.test(plain)) return plain;
  }
  return rules.reduce((result, rule) => rule.apply(result, limits), text);
}

function cutKeepingExtension(text: string, maxBytes: number): string {
  if (text.length <= maxBytes) return text;
  const extension = EXTENSION.exec(text)?.[0] ?? '';
  return cut(text.slice(0, text.length - extension.length), maxBytes - extension.length) + extension;
}

function cut(text: string, maxBytes: number): string {
  return text.slice(0, maxBytes).replace(/[.-]$/, '');
}
