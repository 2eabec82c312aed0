import {
  create,
  type DescField,
  type DescMessage,
  type DescOneof,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  mergeFromJson,
  ScalarType,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import { REPORTED_FIELDS_MAX, type UndecodedField } from '../rpc/call.ts';
import { checkIntegers } from './check-integers.ts';
import { describeMismatch, describeValue } from './describe-mismatch.ts';
import { fieldByKey, isJsonObject, NESTING_LIMIT, objectTypeOf, pathTo } from './json-fields.ts';
import type { NumberSources } from './json-number.ts';

export interface DecodedRequest {
  readonly message: Message;
  /** Fields whose value could not be decoded; the message lacks them. */
  readonly undecoded: readonly UndecodedField[];
}

/** Unknown fields are left alone: a client that is newer than the server still works. */
const OPTIONS = { ignoreUnknownFields: true };

/** Decodes ProtoJSON. A value of the wrong type does not end it: the field is reported, the others are decoded. */
export function decodeJson(
  schema: DescMessage,
  json: JsonObject,
  sources: NumberSources | undefined,
): DecodedRequest {
  const undecoded = checkIntegers(schema, json, sources);
  try {
    return { message: fromJson(schema, json, OPTIONS), undecoded };
  } catch {
    const message = create(schema);
    const found = undecoded.length;
    decodeFields({ schema, message, path: '', depth: 1, undecoded }, json);
    if (undecoded.length === found)
      undecoded.push({ field: 'body', message: 'must be JSON of the right form', standIn: false });
    return { message, undecoded };
  }
}

interface Target {
  readonly schema: DescMessage;
  readonly message: Message;
  readonly path: string;
  /** 1 for the request itself. */
  readonly depth: number;
  readonly undecoded: UndecodedField[];
}

/**
 * Decodes an object one field at a time, in order to find out which ones stand in the way. Stops where there are more
 * than anybody is told of: each costs an exception, and nobody has been authenticated yet.
 */
function decodeFields(target: Target, json: JsonObject): void {
  const seen = new Set<DescField>();
  const chosen = new Map<DescOneof, DescField>();
  for (const [key, value] of Object.entries(json)) {
    if (isFull(target)) return;
    const field = fieldByKey(target.schema, key);
    if (field === undefined) continue;
    const rival = field.oneof === undefined ? undefined : chosen.get(field.oneof);
    // As ProtoJSON readers do: null chooses no member of a oneof, unless the member is a message.
    const chooses = value !== null || field.fieldKind !== 'scalar';
    if (seen.has(field)) refuse(target, field, 'must be given under one name only');
    else if (chooses && rival !== undefined)
      refuse(target, field, `must not be given together with ${rival.jsonName}`);
    else decodeField(target, field, value);
    seen.add(field);
    if (field.oneof !== undefined && chooses) chosen.set(field.oneof, field);
  }
}

function decodeField(target: Target, field: DescField, value: JsonValue): void {
  const path = pathTo(field, target.path);
  if (field.fieldKind === 'list' && Array.isArray(value)) {
    // Not all at once: the library keeps what comes before the item that it refuses.
    for (const [i, item] of value.entries()) {
      if (isFull(target)) return;
      if (!merges(target, field, [item]))
        addWhatIsRight(target, field, blame(target, field, item, `${path}[${i}]`));
    }
    return;
  }
  if (merges(target, field, value)) return;
  if (isMapOfNames(field) && isJsonObject(value)) {
    for (const [key, item] of Object.entries(value))
      if (!merges(target, field, { [key]: item }))
        blame(target, field, item, `${path}[${JSON.stringify(key)}]`);
    return;
  }
  if (field.fieldKind !== 'message') {
    refuse(target, field, describeMismatch(field, value));
    return;
  }
  const nested = blame(target, field, value, path);
  if (nested !== undefined) reflect(target.schema, target.message).set(field, reflect(field.message, nested));
}

/** The items of a list of messages keep their places, whatever is wrong with some. */
function addWhatIsRight(
  target: Target,
  field: DescField & { fieldKind: 'list' },
  item: Message | undefined,
): void {
  const { message } = field;
  if (message === undefined) return;
  reflect(target.schema, target.message)
    .get(field)
    .add(reflect(message, item ?? create(message)));
}

/** A map whose keys are text, which cannot be wrong themselves. */
function isMapOfNames(field: DescField): boolean {
  return field.fieldKind === 'map' && field.mapKey === ScalarType.STRING;
}

/** Whether the message takes the field as it is. */
function merges({ schema, message, depth }: Target, field: DescField, value: JsonValue): boolean {
  try {
    const options = { ...OPTIONS, recursionLimit: NESTING_LIMIT - depth + 1 };
    mergeFromJson(schema, message, { [field.jsonName]: value }, options);
    return true;
  } catch {
    return false;
  }
}

/** Reports what is wrong with one value: within it, where it is a message, or as a whole. Answers what is right of it. */
function blame(target: Target, field: DescField, value: JsonValue, path: string): Message | undefined {
  const { depth, undecoded } = target;
  const schema = objectTypeOf(field);
  const found = undecoded.length;
  const message = schema === undefined || depth === NESTING_LIMIT ? undefined : create(schema);
  if (schema !== undefined && message !== undefined && isJsonObject(value))
    decodeFields({ schema, message, path, depth: depth + 1, undecoded }, value);
  if (undecoded.length > found) return message;
  undecoded.push({ field: path, message: describeValue(field, value), standIn: false });
  return undefined;
}

function isFull({ undecoded }: Target): boolean {
  return undecoded.length >= REPORTED_FIELDS_MAX;
}

function refuse({ path, undecoded }: Target, field: DescField, message: string): void {
  undecoded.push({ field: pathTo(field, path), message, standIn: false });
}
