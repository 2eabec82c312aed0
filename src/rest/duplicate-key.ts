import type { JsonValue } from '@bufbuild/protobuf';
import { isContainer } from './json-fields.ts';

/** JSON's white space is this and control characters, which stand outside of strings for nothing else. */
const SPACE = 0x20;

/**
 * A key that an object in a JSON text has twice, whatever its depth; undefined where there is none. JSON.parse, which
 * the value came from, keeps the last one silently: whoever reads the first one, such as a proxy that checks requests,
 * would see another request than we do.
 */
export function duplicateKey(text: string, value: JsonValue): string | undefined {
  // Nearly every call ends here: counting costs far less than looking at the names.
  return countKeys(text) === countMembers(value) ? undefined : findDuplicate(text);
}

function countKeys(text: string): number {
  let keys = 0;
  for (let start = text.indexOf('"'); start !== -1; ) {
    const end = endOfString(text, start);
    if (isKey(text, end)) keys += 1;
    start = text.indexOf('"', end + 1);
  }
  return keys;
}

/** Without recursion: nothing has bounded the depth yet. */
function countMembers(value: JsonValue): number {
  let members = 0;
  const pending: unknown[] = [value];
  while (pending.length > 0) {
    const next = pending.pop();
    if (!isContainer(next)) continue;
    const inner = Object.values(next);
    if (!Array.isArray(next)) members += inner.length;
    for (const item of inner) if (isContainer(item)) pending.push(item);
  }
  return members;
}

function findDuplicate(text: string): string | undefined {
  /** The keys of each object that is open; an array has none. */
  const open: Set<string>[] = [];
  for (let at = 0; at < text.length; at += 1) {
    const char = text[at];
    if (char === '{' || char === '[') open.push(new Set());
    else if (char === '}' || char === ']') open.pop();
    else if (char === '"') {
      const end = endOfString(text, at);
      if (isKey(text, end)) {
        const key: string = JSON.parse(text.slice(at, end + 1));
        const seen = open.at(-1);
        if (seen?.has(key)) return key;
        seen?.add(key);
      }
      at = end;
    }
  }
  return undefined;
}

/** Where the string that begins at `start` has its closing quote. */
function endOfString(text: string, start: number): number {
  let end = text.indexOf('"', start + 1);
  while (isEscaped(text, end)) end = text.indexOf('"', end + 1);
  return end;
}

function isEscaped(text: string, at: number): boolean {
  let before = at - 1;
  while (text[before] === '\\') before -= 1;
  return (at - before) % 2 === 0;
}

/** Whether a colon follows the string that ends at `end`: then it is no value. */
function isKey(text: string, end: number): boolean {
  let at = end + 1;
  while (text.charCodeAt(at) <= SPACE) at += 1;
  return text[at] === ':';
}
