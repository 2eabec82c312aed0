import type { ObjectSummary } from './object-catalog.ts';

export interface ListRequest {
  readonly prefix: string;
  /** Empty for a flat list. */
  readonly delimiter: string;
  /** Only keys after this one. */
  readonly after: string;
  readonly maxKeys: number;
}

export interface ListPage {
  readonly objects: readonly ObjectSummary[];
  readonly commonPrefixes: readonly string[];
  /** Where the next page starts; undefined when this is the last. */
  readonly nextAfter?: string;
}

/** Sorts behind every key that starts with the common prefix in front of it. */
const LAST_CHARACTER = '\u{10FFFF}';

/**
 * One page of a listing: keys that share a prefix up to the delimiter count, and are shown, as one common prefix.
 * @param scan Objects after a key, in order; it is asked again behind each common prefix, so that keys rolled up are not read.
 */
export function listPage(scan: (after: string) => Iterable<ObjectSummary>, request: ListRequest): ListPage {
  const objects: ObjectSummary[] = [];
  const commonPrefixes: string[] = [];
  let { after } = request;
  if (request.maxKeys === 0) return { objects, commonPrefixes };
  for (;;) {
    let rolledUp: string | undefined;
    for (const object of scan(after)) {
      const commonPrefix = commonPrefixOf(object.key, request);
      // Only a key with U+10FFFF right behind the common prefix is met again.
      if (commonPrefix !== undefined && commonPrefix === commonPrefixes.at(-1)) continue;
      if (objects.length + commonPrefixes.length >= request.maxKeys) {
        return { objects, commonPrefixes, nextAfter: after };
      }
      rolledUp = commonPrefix;
      if (rolledUp !== undefined) break;
      objects.push(object);
      after = object.key;
    }
    if (rolledUp === undefined) return { objects, commonPrefixes };
    commonPrefixes.push(rolledUp);
    after = rolledUp + LAST_CHARACTER;
  }
}

function commonPrefixOf(key: string, { prefix, delimiter }: ListRequest): string | undefined {
  const at = delimiter === '' ? -1 : key.indexOf(delimiter, prefix.length);
  return at < 0 ? undefined : key.slice(0, at + delimiter.length);
}
