import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { UndecodedField } from '../rpc/call.ts';
import { INTEGER_RANGES, integerProblem } from './integer-value.ts';
import {
  isContainer,
  type JsonContainer,
  type JsonSlot,
  NESTING_LIMIT,
  objectTypeOf,
  slotsOf,
  valueTypeOf,
} from './json-fields.ts';
import type { NumberSources } from './json-number.ts';

/**
 * Looks at every integer of a request before the JSON decoder does, which would take `" 42"`, `"0x2A"` and rounded
 * numbers. Wrong values are replaced in the JSON and reported, so that decoding goes on and finds what else is wrong.
 */
export function checkIntegers(
  schema: DescMessage,
  json: JsonContainer,
  sources: NumberSources | undefined,
  path = '',
  depth = 1,
): UndecodedField[] {
  const undecoded: UndecodedField[] = [];
  if (depth > NESTING_LIMIT) return undecoded;
  for (const field of relevantFields(schema)) {
    // Nearly every call ends here; finding a field's slots costs more than all the rest.
    if (needsNoLook(field, json, sources)) continue;
    const nested = objectTypeOf(field);
    for (const slot of slotsOf(field, json, path)) {
      const value = slot.holder[slot.key];
      if (value === null || value === undefined) continue;
      if (nested === undefined) undecoded.push(...checkInteger(field, slot, value, sources));
      else if (isContainer(value))
        undecoded.push(...checkIntegers(nested, value, sources, slot.path, depth + 1));
    }
  }
  return undecoded;
}

function needsNoLook(field: DescField, json: JsonContainer, sources: NumberSources | undefined): boolean {
  const value = json[field.jsonName] ?? json[field.name] ?? null;
  return value === null || (field.fieldKind === 'scalar' && isUnremarkable(value, sources));
}

/** The one problem of a value, for which a stand-in then stands in the slot, or none. */
function checkInteger(
  field: DescField,
  { holder, key, path }: JsonSlot,
  value: unknown,
  sources: NumberSources | undefined,
): UndecodedField[] {
  const { scalar } = valueTypeOf(field);
  const range = scalar === undefined ? undefined : INTEGER_RANGES.get(scalar);
  if (range === undefined || isUnremarkable(value, sources)) return [];
  const problem = integerProblem(value, range, sources?.get(holder)?.get(String(key)));
  if (problem === undefined) return [];
  holder[key] = problem.replacement;
  return [{ field: path, message: problem.message, standIn: problem.standIn }];
}

/** An integer small enough for every integer type, in a text where nothing can have been rounded. */
function isUnremarkable(value: unknown, sources: NumberSources | undefined): boolean {
  return (
    sources === undefined &&
    typeof value === 'number' &&
    Number.isInteger(value) &&
    value >= 0 &&
    value < 2 ** 31
  );
}

const relevant = new WeakMap<DescMessage, DescField[]>();

function relevantFields(schema: DescMessage): DescField[] {
  let fields = relevant.get(schema);
  if (fields === undefined) {
    fields = schema.fields.filter((field) => {
      const { scalar } = valueTypeOf(field);
      return objectTypeOf(field) !== undefined || (scalar !== undefined && INTEGER_RANGES.has(scalar));
    });
    relevant.set(schema, fields);
  }
  return fields;
}
