// Makes the keys of objects. Pure: time and randomness come in as arguments.
import { type ObjectKeyTemplate, renderHead, renderTemplate } from './object-key-template.ts';
import { safeName, safeOwner } from './safe-segment.ts';
import { KEY_PREFIX_MAX_BYTES, type ObjectKey } from './upload.ts';

/** Path segments of safe characters, each with its slash; none that URL parsers would drop. */
const KEY_PREFIX = /^(?:(?!\.{1,2}\/)[A-Za-z0-9._-]+\/)+$/;

export interface ObjectKeySource {
  /** Stands behind the owner's folder, or before all the rest: path segments that end in a slash, or nothing. */
  readonly prefix: string;
  readonly owner: string;
  readonly uuid: string;
  /** Wall-clock milliseconds; the key shows the day in UTC. */
  readonly nowMs: number;
  /** The name as the caller gave it: any text. */
  readonly filename: string;
}

/**
 * The key of a new object: ASCII, at most 1024 bytes, without `.` and `..` segments, the same before and after a
 * URL parser has seen it, and as unique as its UUID. The checks that make this so are done by the template's parser
 * and by the rules for segments. Throws a RangeError for a prefix that would break this: keys are given theirs checked.
 */
export function objectKeyFrom(template: ObjectKeyTemplate, source: ObjectKeySource): ObjectKey {
  const { prefix } = source;
  if (prefix !== '' && (prefix.length > KEY_PREFIX_MAX_BYTES || !KEY_PREFIX.test(prefix))) {
    throw new RangeError('a prefix of object keys must be segments that end in a slash');
  }
  const values = {
    owner: safeOwner(source.owner),
    uuid: source.uuid,
    date: datePath(source.nowMs),
    name: safeName(source.filename),
  };
  return renderTemplate(template, values, prefix) as ObjectKey;
}

/** What every key begins with that the template makes for the owner under the prefix. */
export function objectKeyHead(template: ObjectKeyTemplate, owner: string, prefix: string): string {
  return renderHead(template, { owner: safeOwner(owner) }, prefix);
}

/** Whether the beginning of a key tells whose it is. */
export function tellsOwner({ parts, prefixAt }: ObjectKeyTemplate): boolean {
  return parts.slice(0, prefixAt).some((part) => 'placeholder' in part && part.placeholder === 'owner');
}

const DAY_MS = 24 * 60 * 60 * 1_000;

/** The last day that was asked for, counted from 1970. */
let lastDay = { day: Number.NaN, path: '' };

/** The day in UTC as keys show it. */
export function datePath(nowMs: number): string {
  const day = Math.floor(nowMs / DAY_MS);
  if (day !== lastDay.day) lastDay = { day, path: pathOfDay(new Date(nowMs)) };
  return lastDay.path;
}

function pathOfDay(date: Date): string {
  return `${date.getUTCFullYear()}/${twoDigits(date.getUTCMonth() + 1)}/${twoDigits(date.getUTCDate())}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
