// Finds uploads in parts that were begun here and never ended: S3 keeps and bills their parts until somebody aborts
// them. Pure.
import { datePath } from './object-key.ts';
import type { ObjectKeyTemplate, Placeholder } from './object-key-template.ts';
import type { ObjectStorage, OpenMultipartUpload } from './ports.ts';
import { NAME_MAX_BYTES, OWNER_MAX_BYTES } from './safe-segment.ts';
import { KEY_PREFIX_MAX_BYTES } from './upload.ts';

export interface OrphanSearch {
  readonly template: ObjectKeyTemplate;
  /** An upload that was begun less long ago may still be going on. */
  readonly olderThanMs: number;
  /** Wall-clock milliseconds. */
  readonly nowMs: number;
}

/** What the rules for segments leave of any text. */
const SEGMENT = String.raw`\w+(?:[.-]\w+)*`;

/** What each placeholder can stand for. */
const PATTERNS: Readonly<Record<Placeholder, string>> = {
  owner: SEGMENT,
  name: SEGMENT,
  date: String.raw`\d{4}\/\d{2}\/\d{2}`,
  uuid: '[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}',
};
const PREFIX = String.raw`(?<prefix>(?:[A-Za-z0-9._-]+\/)*)`;

/** The uploads in parts that are old enough, and to keys that the template makes: whatever else is there stays. */
export async function* findOrphans(
  storage: Pick<ObjectStorage, 'listMultipartUploads'>,
  { template, olderThanMs, nowMs }: OrphanSearch,
): AsyncGenerator<OpenMultipartUpload, void, undefined> {
  const isOurs = createKeyJudge(template);
  for await (const upload of storage.listMultipartUploads(literalHead(template))) {
    if (nowMs - upload.initiatedAtMs >= olderThanMs && isOurs(upload.objectKey)) yield upload;
  }
}

/**
 * Judges whether a key can be one of the template's, with any owner, name and policy. The day has to be that of the
 * UUID, so that keys of the same shape which others make are told apart.
 */
export function createKeyJudge(template: ObjectKeyTemplate): (objectKey: string) => boolean {
  const pattern = patternOf(template);
  return (objectKey) => {
    const groups = pattern.exec(objectKey)?.groups;
    if (groups === undefined) return false;
    const { owner = '', name = '', prefix = '', date, uuid = '' } = groups;
    return (
      owner.length <= OWNER_MAX_BYTES &&
      name.length <= NAME_MAX_BYTES &&
      prefix.length <= KEY_PREFIX_MAX_BYTES &&
      (date === undefined || date === datePath(madeAtMs(uuid)))
    );
  };
}

/** What every key of the template begins with, whoever's it is. */
export function literalHead({ parts, prefixAt }: ObjectKeyTemplate): string {
  let head = '';
  for (const part of parts.slice(0, prefixAt)) {
    if (!('literal' in part)) break;
    head += part.literal;
  }
  return head;
}

function patternOf({ parts, prefixAt }: ObjectKeyTemplate): RegExp {
  const seen = new Set<Placeholder>();
  const pieces = parts.map((part) => {
    // Of what a template may hold beside placeholders, only the dot has a meaning here.
    if ('literal' in part) return part.literal.replaceAll('.', String.raw`\.`);
    const { placeholder } = part;
    // A placeholder that comes again has the same value again.
    if (seen.has(placeholder)) return String.raw`\k<${placeholder}>`;
    seen.add(placeholder);
    return `(?<${placeholder}>${PATTERNS[placeholder]})`;
  });
  return new RegExp(`^${pieces.slice(0, prefixAt).join('')}${PREFIX}${pieces.slice(prefixAt).join('')}$`);
}

/** Wall-clock milliseconds: when the UUIDv7 was made. */
function madeAtMs(uuid: string): number {
  return Number.parseInt(uuid.slice(0, 8) + uuid.slice(9, 13), 16);
}
