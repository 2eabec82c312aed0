import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { UndecodedField } from '../rpc/call.ts';
import { describeValue } from './describe-mismatch.ts';
import {
  fieldByKey,
  isJsonObject,
  isNameIn,
  type JsonContainer,
  NESTING_LIMIT,
  objectTypeOf,
  slotsOf,
} from './json-fields.ts';

/** What is said of a field, or of a parameter, that a request does not have. */
export const UNKNOWN_FIELD = 'is not a field of this request';

/**
 * Everything in the JSON of a request that ProtoJSON's lenient reading would drop without a word: fields that the
 * contract does not have, and names that an enum does not have, at every depth.
 */
export function findUnknown(
  schema: DescMessage,
  json: JsonContainer,
  path = '',
  depth = 1,
): UndecodedField[] {
  if (depth > NESTING_LIMIT) return [];
  const unknown: UndecodedField[] = [];
  const seen = new Set<DescField>();
  for (const key of Object.keys(json)) {
    const field = fieldByKey(schema, key);
    if (field === undefined)
      unknown.push({ field: path === '' ? key : `${path}.${key}`, message: UNKNOWN_FIELD, standIn: false });
    else if (!seen.has(field)) unknown.push(...findInField(field, json, path, depth));
    if (field !== undefined) seen.add(field);
  }
  return unknown;
}

function findInField(field: DescField, json: JsonContainer, parent: string, depth: number): UndecodedField[] {
  const nested = objectTypeOf(field);
  const enumeration = field.enum;
  if (nested === undefined && enumeration === undefined) return [];
  return slotsOf(field, json, parent).flatMap(({ holder, key, path }) => {
    const value = holder[key];
    if (nested !== undefined) return isJsonObject(value) ? findUnknown(nested, value, path, depth + 1) : [];
    if (enumeration === undefined || typeof value !== 'string' || isNameIn(enumeration, value)) return [];
    return [{ field: path, message: describeValue(field, value), standIn: false }];
  });
}
