import {
  type DescField,
  type DescMessage,
  isMessage,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import {
  FeatureSet_FieldPresence as FieldPresence,
  hasCustomJsonRepresentation,
  isWrapperDesc,
  TimestampSchema,
} from '@bufbuild/protobuf/wkt';
import { isContainer, isJsonObject } from './json-fields.ts';
import { encodeTimestamp, enumEncoder, scalarEncoder, type ValueEncoder } from './json-value.ts';

/**
 * The JSON of a message: every field in the contract's order, `null` where it may be absent and is. Of a oneof only the
 * chosen member is there: readers of ProtoJSON refuse a second one, be it null.
 */
export type JsonEncoder = (message: Message) => JsonValue;

/**
 * An encoder for one kind of message. What it writes is what protobuf-es' `toJson` writes with `alwaysEmitImplicit`,
 * which stays its oracle, but for two things: an absent field outside of oneofs is `null` instead of missing, and an integer of 64 bits
 * is a JSON number wherever a double holds it exactly. Knowing the fields in advance spares each call from looking at
 * their descriptions.
 *
 * The encoder throws for a message that ProtoJSON cannot write, such as a time beyond the year 9999.
 */
export function createJsonEncoder(schema: DescMessage): JsonEncoder {
  return messageEncoder(schema, new Map());
}

/** A message as protobuf-es holds it. */
type Fields = Readonly<Record<string, unknown>>;

interface FieldEncoder {
  readonly jsonName: string;
  /** The field's value, or undefined. */
  readonly read: (message: Fields) => unknown;
  /** What becomes of an absent value instead of being encoded. */
  readonly absent: 'null' | 'left out' | undefined;
  readonly encode: ValueEncoder;
}

/** The encoders made so far, by type: a message may lie within another of its own kind. */
type Known = Map<DescMessage, ValueEncoder>;

function messageEncoder(schema: DescMessage, known: Known): ValueEncoder {
  if (hasCustomJsonRepresentation(schema)) return ownJsonEncoder(schema);
  const done = known.get(schema);
  if (done !== undefined) return done;
  const fields: FieldEncoder[] = [];
  const encodeMessage: ValueEncoder = (message) => {
    if (!isContainer(message)) throw new TypeError(`not a ${schema.typeName}`);
    const json: Record<string, JsonValue> = {};
    for (const { jsonName, read, absent, encode } of fields) {
      const value = read(message);
      if (value !== undefined || absent === undefined) json[jsonName] = encode(value);
      else if (absent === 'null') json[jsonName] = null;
    }
    return json;
  };
  known.set(schema, encodeMessage);
  for (const field of schema.fields) {
    fields.push({
      jsonName: field.jsonName,
      read: readerOf(field),
      absent: absenceOf(field),
      encode: fieldEncoder(field, known),
    });
  }
  return encodeMessage;
}

function absenceOf({ fieldKind, presence, oneof }: DescField): FieldEncoder['absent'] {
  if (fieldKind === 'list' || fieldKind === 'map' || presence === FieldPresence.IMPLICIT) return undefined;
  return oneof === undefined ? 'null' : 'left out';
}

function readerOf(field: DescField): FieldEncoder['read'] {
  const { localName, oneof } = field;
  if (oneof !== undefined) {
    return (message) => {
      const chosen = message[oneof.localName];
      return isContainer(chosen) && chosen['case'] === localName ? chosen['value'] : undefined;
    };
  }
  if (field.presence === FieldPresence.IMPLICIT || field.fieldKind === 'message')
    return (message) => message[localName];
  // The prototype may hold the field's default, which is no value.
  return (message) => (Object.hasOwn(message, localName) ? message[localName] : undefined);
}

function fieldEncoder(field: DescField, known: Known): ValueEncoder {
  const encode = singleEncoder(field, known);
  if (field.fieldKind === 'list') return listEncoder(encode);
  if (field.fieldKind !== 'map') return encode;
  // An object of strings is its own JSON.
  return field.scalar === ScalarType.STRING ? asItIs : mapEncoder(encode);
}

/** For one value of a field. */
function singleEncoder(field: DescField, known: Known): ValueEncoder {
  if (field.scalar !== undefined) return scalarEncoder(field.scalar);
  if (field.enum !== undefined) return enumEncoder(field.enum);
  if (field.message.typeName === 'google.protobuf.Struct') return asItIs;
  // protobuf-es holds what a wrapper wraps, except in a oneof, a list or a map.
  if (field.fieldKind === 'message' && field.oneof === undefined && isWrapperDesc(field.message))
    return scalarEncoder(field.message.fields[0].scalar);
  return messageEncoder(field.message, known);
}

/** For the well-known types whose JSON is not an object of their fields. */
function ownJsonEncoder(schema: DescMessage): ValueEncoder {
  if (schema.typeName === TimestampSchema.typeName) {
    return (value) => {
      if (!isMessage(value, TimestampSchema)) throw new TypeError('not a Timestamp');
      return encodeTimestamp(value);
    };
  }
  if (isWrapperDesc(schema)) {
    const [{ localName, scalar }] = schema.fields;
    const encode = scalarEncoder(scalar);
    return (value) => encode(isContainer(value) ? value[localName] : undefined);
  }
  return (value) => {
    if (!isMessage(value)) throw new TypeError(`not a ${schema.typeName}`);
    return toJson(schema, value);
  };
}

function listEncoder(encode: ValueEncoder): ValueEncoder {
  return (value) => {
    if (!Array.isArray(value)) throw new TypeError('not a list');
    return value.map((item) => encode(item));
  };
}

function mapEncoder(encode: ValueEncoder): ValueEncoder {
  return (value) => {
    if (!isContainer(value)) throw new TypeError('not a map');
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, encode(item)]));
  };
}

/** Strings by string, and google.protobuf.Struct, which protobuf-es holds as JSON. */
function asItIs(value: unknown): JsonValue {
  if (!isJsonObject(value)) throw new TypeError('not an object');
  return value;
}
