import {
  type DescField,
  type DescMessage,
  isMessage,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import { TimestampSchema } from '@bufbuild/protobuf/wkt';

/** The JSON of a message: every field in the contract's order, those with their default value included. */
export type JsonEncoder = (message: Message) => JsonValue;

/** The first year that ProtoJSON writes with four digits, as seconds since 1970, and the last. */
const TIMESTAMP_SECONDS = { min: -62_135_596_800n, max: 253_402_300_799n } as const;

/** The JSON of a field's value; undefined leaves the field out. Throws for a value that only the library can judge. */
type ValueEncoder = (value: unknown) => JsonValue | undefined;

class NotHere extends Error {}

/**
 * An encoder for one kind of message. What it writes is what protobuf-es' `toJson` writes with `alwaysEmitImplicit`,
 * which stays its oracle; a message with a field or a value of a kind that is not known here is left to it altogether.
 * Knowing the fields in advance spares each call from looking at their descriptions.
 */
export function createJsonEncoder(schema: DescMessage): JsonEncoder {
  const stock: JsonEncoder = (message) => toJson(schema, message, { alwaysEmitImplicit: true });
  const fields = schema.fields.map((field) => ({ ...namesOf(field), encode: valueEncoderFor(field) }));
  if (fields.some(({ encode }) => encode === undefined)) return stock;
  return (message) => {
    const values: Readonly<Record<string, unknown>> = { ...message };
    const json: Record<string, JsonValue> = {};
    try {
      for (const { localName, jsonName, encode } of fields) {
        const text = encode?.(values[localName]);
        if (text !== undefined) json[jsonName] = text;
      }
    } catch (error) {
      if (error instanceof NotHere) return stock(message);
      throw error;
    }
    return json;
  };
}

function namesOf({ localName, jsonName }: DescField) {
  return { localName, jsonName };
}

/** For strings, maps of strings and timestamps: what answers with URLs are made of. */
function valueEncoderFor(field: DescField): ValueEncoder | undefined {
  if (field.oneof !== undefined) return undefined;
  switch (field.fieldKind) {
    case 'scalar':
      return field.scalar === ScalarType.STRING ? encodeString : undefined;
    case 'map':
      return field.mapKind === 'scalar' && field.scalar === ScalarType.STRING ? encodeStringMap : undefined;
    case 'message':
      return field.message.typeName === TimestampSchema.typeName ? encodeTimestamp : undefined;
    default:
      return undefined;
  }
}

function encodeString(value: unknown): JsonValue {
  if (typeof value !== 'string') throw new NotHere();
  return value;
}

function encodeStringMap(value: unknown): JsonValue {
  if (!isStringMap(value)) throw new NotHere();
  return value;
}

function isStringMap(value: unknown): value is Record<string, string> {
  return typeof value === 'object' && value !== null;
}

/** RFC 3339 in UTC, for whole seconds. */
function encodeTimestamp(value: unknown): JsonValue | undefined {
  if (value === undefined) return undefined;
  if (!isMessage(value, TimestampSchema) || value.nanos !== 0) throw new NotHere();
  const { seconds } = value;
  if (seconds < TIMESTAMP_SECONDS.min || seconds > TIMESTAMP_SECONDS.max) throw new NotHere();
  return `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}Z`;
}
