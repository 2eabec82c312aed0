// Makes the keys of objects. Pure: time and randomness come in as arguments.
import { type ObjectKeyTemplate, renderTemplate } from './object-key-template.ts';
import { safeName, safeOwner } from './safe-segment.ts';
import type { ObjectKey } from './upload.ts';

export interface ObjectKeySource {
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
 * and by the rules for segments.
 */
export function objectKeyFrom(template: ObjectKeyTemplate, source: ObjectKeySource): ObjectKey {
  return renderTemplate(template, {
    owner: safeOwner(source.owner),
    uuid: source.uuid,
    date: datePath(source.nowMs),
    name: safeName(source.filename),
  }) as ObjectKey;
}

function datePath(nowMs: number): string {
  const date = new Date(nowMs);
  return `${date.getUTCFullYear()}/${twoDigits(date.getUTCMonth() + 1)}/${twoDigits(date.getUTCDate())}`;
}

function twoDigits(value: number): string {
  return value < 10 ? `0${value}` : `${value}`;
}
