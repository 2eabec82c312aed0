import type { DescEnum, DescField, DescMessage, JsonObject } from '@bufbuild/protobuf';
import { hasCustomJsonRepresentation, isWrapperDesc } from '@bufbuild/protobuf/wkt';

/** JSON objects and arrays alike: whatever holds values under keys. */
export type JsonContainer = Record<string | number, unknown>;

/** A place in the JSON where a value of a field stands. */
export interface JsonSlot {
  readonly holder: JsonContainer;
  readonly key: string | number;
  /** From the request downwards, as `owner.tags[2].name` or `labels["a b"]`. */
  readonly path: string;
}

/**
 * How deep messages may lie within each other in a request, protobuf-es' own default. Whoever descends by recursion
 * stops there: the decoder refuses what lies deeper.
 */
export const NESTING_LIMIT = 100;

const fieldsByKey = new WeakMap<DescMessage, ReadonlyMap<string, DescField>>();

/** The field that a key of ProtoJSON means: by its JSON name, or by its name in the contract. */
export function fieldByKey(schema: DescMessage, key: string): DescField | undefined {
  let fields = fieldsByKey.get(schema);
  if (fields === undefined) {
    fields = new Map([
      ...schema.fields.map((field) => [field.name, field] as const),
      ...schema.fields.map((field) => [field.jsonName, field] as const),
    ]);
    fieldsByKey.set(schema, fields);
  }
  return fields.get(key);
}

export function pathTo(field: DescField, parent: string): string {
  return parent === '' ? field.jsonName : `${parent}.${field.jsonName}`;
}

/** Where a field's value stands, or its values where it is repeated. The values themselves may be absent. */
export function slotsOf(field: DescField, json: JsonContainer, parent: string): JsonSlot[] {
  const key = json[field.jsonName] === undefined ? field.name : field.jsonName;
  const path = pathTo(field, parent);
  if (field.fieldKind !== 'list' && field.fieldKind !== 'map') return [{ holder: json, key, path }];
  const holder = json[key];
  if (!isContainer(holder)) return [];
  return Object.keys(holder).map((inner) => ({
    holder,
    key: inner,
    path: `${path}[${field.fieldKind === 'map' ? JSON.stringify(inner) : inner}]`,
  }));
}

/** The message that a field's values are JSON objects of; undefined for scalars and for types with a JSON of their own. */
export function objectTypeOf({ message }: DescField): DescMessage | undefined {
  return message === undefined || hasCustomJsonRepresentation(message) ? undefined : message;
}

/** The scalar or enum that a field's JSON is: wrappers (google.protobuf.Int64Value) look like what they wrap. */
export function valueTypeOf(field: DescField): Pick<DescField, 'scalar' | 'enum'> {
  const { message } = field;
  return (message !== undefined && isWrapperDesc(message) ? message.fields[0] : undefined) ?? field;
}

/** Whether an enum has a value of this name, which ProtoJSON writes or else takes. */
export function isNameIn({ values }: DescEnum, name: string): boolean {
  return values.some((value) => value.jsonName === name || value.name === name);
}

export function isContainer(value: unknown): value is JsonContainer {
  return typeof value === 'object' && value !== null;
}

export function isJsonObject(value: unknown): value is JsonObject {
  return isContainer(value) && !Array.isArray(value);
}
