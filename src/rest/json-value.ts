import { type DescEnum, type JsonValue, ScalarType, toJson } from '@bufbuild/protobuf';
import { base64Encode } from '@bufbuild/protobuf/wire';
import { type Timestamp, TimestampSchema } from '@bufbuild/protobuf/wkt';

/** The ProtoJSON of one value as protobuf-es holds it. Throws for a value that is not of its type. */
export type ValueEncoder = (value: unknown) => JsonValue;

/** The encoder for a scalar type. Integers of 64 bits become numbers where a double holds them exactly. */
export function scalarEncoder(scalar: ScalarType): ValueEncoder {
  switch (scalar) {
    case ScalarType.STRING:
      return encodeString;
    case ScalarType.BOOL:
      return encodeBool;
    case ScalarType.BYTES:
      return encodeBytes;
    case ScalarType.DOUBLE:
    case ScalarType.FLOAT:
      return encodeFloat;
    case ScalarType.INT64:
    case ScalarType.UINT64:
    case ScalarType.SINT64:
    case ScalarType.FIXED64:
    case ScalarType.SFIXED64:
      return encodeLong;
    default:
      return encodeNumber;
  }
}

/** Names; numbers where the enum has no name for them. */
export function enumEncoder({ typeName, value: values }: DescEnum): ValueEncoder {
  return (value) => {
    if (typeof value !== 'number') throw wrong(value);
    return typeName === 'google.protobuf.NullValue' ? null : (values[value]?.jsonName ?? value);
  };
}

/** The first second that ProtoJSON writes, as seconds since 1970, and the last. */
const TIMESTAMP_SECONDS = { min: -62_135_596_800n, max: 253_402_300_799n } as const;

/** The last whole second that was written: answers of one second mostly name the same one, and dates are slow to write. */
let lastSecond = { seconds: 0n, text: '1970-01-01T00:00:00Z' };

/** RFC 3339 in UTC, with as many fractional digits as it takes of 0, 3, 6 and 9. */
export function encodeTimestamp(timestamp: Timestamp): JsonValue {
  const { seconds, nanos } = timestamp;
  const isPlain = nanos === 0 && seconds >= TIMESTAMP_SECONDS.min && seconds <= TIMESTAMP_SECONDS.max;
  // Fractions are rare here, and what is out of range the library refuses.
  if (!isPlain) return toJson(TimestampSchema, timestamp);
  if (seconds !== lastSecond.seconds)
    lastSecond = { seconds, text: `${new Date(Number(seconds) * 1000).toISOString().slice(0, -5)}Z` };
  return lastSecond.text;
}

function encodeString(value: unknown): JsonValue {
  if (typeof value !== 'string') throw wrong(value);
  return value;
}

function encodeBool(value: unknown): JsonValue {
  if (typeof value !== 'boolean') throw wrong(value);
  return value;
}

function encodeBytes(value: unknown): JsonValue {
  if (!(value instanceof Uint8Array)) throw wrong(value);
  return base64Encode(value);
}

function encodeNumber(value: unknown): JsonValue {
  if (typeof value !== 'number') throw wrong(value);
  return value;
}

function encodeFloat(value: unknown): JsonValue {
  if (typeof value !== 'number') throw wrong(value);
  return Number.isFinite(value) ? value : String(value);
}

/** A bigint, or a decimal string where the contract says `jstype = JS_STRING`. */
function encodeLong(value: unknown): JsonValue {
  if (typeof value !== 'bigint' && typeof value !== 'string') throw wrong(value);
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : String(value);
}

function wrong(value: unknown): TypeError {
  return new TypeError(`a message holds a value of the wrong type: ${typeof value}`);
}
