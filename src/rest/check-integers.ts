import type { DescField, DescMessage } from '@bufbuild/protobuf';
import type { UndecodedField } from '../rpc/call.ts';
import { INTEGER_RANGES, integerProblem } from './integer-value.ts';
import type { NumberSources } from './json-number.ts';

type JsonContainer = Record<string | number, unknown>;

/** A place in the JSON where a value of a field stands. */
interface Slot {
  readonly holder: JsonContainer;
  readonly key: string | number;
  readonly path: string;
}

/**
 * Looks at every integer of a request before the JSON decoder does, which would take `" 42"`, `"0x2A"` and rounded
 * numbers. Wrong values are replaced in the JSON and reported, so that decoding goes on and finds what else is wrong.
 */
export function checkIntegers(
  schema: DescMessage,
  json: JsonContainer,
  sources: NumberSources | undefined,
  path = '',
): UndecodedField[] {
  const undecoded: UndecodedField[] = [];
  for (const field of relevantFields(schema)) {
    // Nearly every call ends here; finding a field's slots costs more than all the rest.
    if (field.fieldKind === 'scalar' && isUnremarkable(json[field.jsonName], sources)) continue;
    for (const slot of slotsOf(field, json, path)) {
      const value = slot.holder[slot.key];
      if (value === null || value === undefined) continue;
      if (field.message === undefined) undecoded.push(...checkInteger(field, slot, value, sources));
      else if (isContainer(value)) undecoded.push(...checkIntegers(field.message, value, sources, slot.path));
    }
  }
  return undecoded;
}

/** The one problem of a value, for which a stand-in then stands in the slot, or none. */
function checkInteger(
  { scalar }: DescField,
  { holder, key, path }: Slot,
  value: unknown,
  sources: NumberSources | undefined,
): UndecodedField[] {
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
    fields = schema.fields.filter(
      ({ message, scalar }) => message !== undefined || (scalar !== undefined && INTEGER_RANGES.has(scalar)),
    );
    relevant.set(schema, fields);
  }
  return fields;
}

function slotsOf(field: DescField, json: JsonContainer, parent: string): Slot[] {
  // ProtoJSON takes a field under its JSON name and under its name in the contract.
  const key = json[field.jsonName] === undefined ? field.name : field.jsonName;
  const path = parent === '' ? field.jsonName : `${parent}.${field.jsonName}`;
  if (field.fieldKind !== 'list' && field.fieldKind !== 'map') return [{ holder: json, key, path }];
  const holder = json[key];
  if (!isContainer(holder)) return [];
  return Object.keys(holder).map((inner) => ({
    holder,
    key: inner,
    path: `${path}[${field.fieldKind === 'map' ? JSON.stringify(inner) : inner}]`,
  }));
}

function isContainer(value: unknown): value is JsonContainer {
  return typeof value === 'object' && value !== null;
}
