import {
  type DescField,
  type DescMessage,
  type JsonObject,
  type JsonValue,
  ScalarType,
} from '@bufbuild/protobuf';
import { fieldByKey, isJsonObject, isNameIn, objectTypeOf, pathTo, valueTypeOf } from './json-fields.ts';

/** A field of the request or of a message within it. */
export interface FieldPath {
  /** The message fields that lead to it, from the request downwards. */
  readonly parents: readonly DescField[];
  readonly field: DescField;
  /** As in JSON: `owner.name`. */
  readonly jsonPath: string;
}

/** The field that names lead to, or the rest of the sentence "the path …" that says why they do not. */
export function resolveFieldPath(schema: DescMessage, names: readonly string[]): FieldPath | string {
  const fields: DescField[] = [];
  let parent: DescMessage | undefined = schema;
  for (const name of names) {
    if (parent === undefined)
      return `leads into ${fields.at(-1)?.name}, which is no message with fields in its JSON`;
    const field: DescField | undefined = fieldByKey(parent, name);
    if (field === undefined) return `names ${name}, which ${parent.typeName} does not have`;
    fields.push(field);
    parent = field.fieldKind === 'message' ? objectTypeOf(field) : undefined;
  }
  const field = fields.at(-1);
  if (field === undefined) return 'names nothing';
  return {
    parents: fields.slice(0, -1),
    field,
    jsonPath: fields.reduce((path, each) => pathTo(each, path), ''),
  };
}

/** The outermost field of a path: the one that is a field of the request itself. */
export function topFieldOf({ parents, field }: FieldPath): DescField {
  return parents[0] ?? field;
}

/**
 * Puts a field's value into the JSON of a request, in the place of any other. Answers whether there was another.
 * Where the JSON holds no object for the field to lie in, nothing is put: the decoder complains of that.
 */
export function placeValue(json: JsonObject, { parents, field }: FieldPath, value: JsonValue): boolean {
  let holder = json;
  for (const parent of parents) {
    const key = Object.hasOwn(holder, parent.name) ? parent.name : parent.jsonName;
    const next = (Object.hasOwn(holder, key) ? holder[key] : null) ?? {};
    if (!isJsonObject(next)) return false;
    holder[key] = next;
    holder = next;
  }
  const replaces = Object.hasOwn(holder, field.name) || Object.hasOwn(holder, field.jsonName);
  delete holder[field.name];
  holder[field.jsonName] = value;
  return replaces;
}

/**
 * The ProtoJSON of a value that came as text, such as in a path; undefined for a name that its enum does not have. What
 * else is wrong with it the decoder finds.
 */
export function jsonFromText(field: DescField, text: string): JsonValue | undefined {
  const { scalar, enum: enumeration } = valueTypeOf(field);
  if (enumeration !== undefined) {
    if (/^-?\d{1,10}$/.test(text)) return Number(text);
    // Lenient decoders drop names that they do not know.
    return isNameIn(enumeration, text) ? text : undefined;
  }
  if (scalar !== ScalarType.BOOL || (text !== 'true' && text !== 'false')) return text;
  return text === 'true';
}
