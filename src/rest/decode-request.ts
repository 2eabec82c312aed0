import { isAscii } from 'node:buffer';
import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonValue,
  type Message,
  mergeFromJson,
  ScalarType,
} from '@bufbuild/protobuf';
import { Fault } from '../fault/fault.ts';
import type { UndecodedField } from '../rpc/call.ts';
import { checkIntegers } from './check-integers.ts';
import { parseJson } from './json-number.ts';

export interface DecodedRequest {
  readonly message: Message;
  /** Fields whose value could not be decoded; the message lacks them. */
  readonly undecoded: readonly UndecodedField[];
}

/** Unknown fields are left alone: a client that is newer than the server still works. */
const OPTIONS = { ignoreUnknownFields: true };

const utf8 = new TextDecoder('utf-8', { fatal: true });

/**
 * Decodes a JSON body. A value of the wrong type does not end it: the field is reported, the others are decoded.
 *
 * @throws Fault `INVALID_REQUEST` blaming the field `body` if it is not a JSON object in UTF-8.
 */
export function decodeRequest(schema: DescMessage, body: Uint8Array): DecodedRequest {
  const { value: json, sources } = parseBody(body);
  if (!isJsonObject(json)) throw wrongBody('must be a JSON object');
  const undecoded = checkIntegers(schema, json, sources);
  try {
    return { message: fromJson(schema, json, OPTIONS), undecoded };
  } catch {
    return decodeFieldByField(schema, json, undecoded);
  }
}

function parseBody(body: Uint8Array): ReturnType<typeof parseJson> {
  let text: string;
  try {
    // ASCII is the same in Latin-1, which takes a copy where UTF-8 takes a decoder.
    text = isAscii(body) ? latin1(body) : utf8.decode(body);
  } catch {
    throw wrongBody('must be UTF-8');
  }
  if (text === '') throw wrongBody('must not be empty');
  try {
    return parseJson(text);
  } catch {
    throw wrongBody('must be valid JSON');
  }
}

function latin1({ buffer, byteOffset, byteLength }: Uint8Array): string {
  return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
}

function wrongBody(message: string): Fault {
  return new Fault('INVALID_REQUEST', { fields: [{ field: 'body', message }] });
}

function decodeFieldByField(
  schema: DescMessage,
  json: { [key: string]: JsonValue },
  wrongIntegers: readonly UndecodedField[],
): DecodedRequest {
  const message = create(schema);
  const undecoded = [...wrongIntegers];
  const seen = new Set<DescField>();
  for (const [key, value] of Object.entries(json)) {
    const field = schema.fields.find(({ name, jsonName }) => key === jsonName || key === name);
    if (field === undefined) continue;
    const refuse = (message: string) => undecoded.push({ field: field.jsonName, message, standIn: false });
    try {
      if (seen.has(field)) refuse('must be given under one name only');
      else mergeFromJson(schema, message, { [key]: value }, OPTIONS);
    } catch {
      refuse(describeMismatch(field, value));
    }
    seen.add(field);
  }
  return { message, undecoded };
}

/** What a field's JSON must be, without the names and types of the contract's insides. */
function describeMismatch(field: DescField, value: JsonValue): string {
  if (field.fieldKind === 'list') return 'must be an array of values of the right type';
  if (field.fieldKind === 'map') return 'must be an object of values of the right type';
  if (field.fieldKind === 'enum')
    return `must be one of ${field.enum.values.map(({ name }) => name).join(', ')}`;
  if (field.message?.typeName === 'google.protobuf.Timestamp')
    return 'must be a time such as 2030-01-31T23:59:59Z';
  if (field.fieldKind === 'message') return 'must be an object with fields of the right type';
  switch (field.scalar) {
    case ScalarType.STRING:
      // A lone surrogate is a string to JSON and to JavaScript, but no Unicode text.
      return typeof value === 'string' ? 'must be valid Unicode' : 'must be a string';
    case ScalarType.BOOL:
      return 'must be true or false';
    case ScalarType.BYTES:
      return 'must be a base64 string';
    default:
      return 'must be a number';
  }
}

function isJsonObject(value: unknown): value is { [key: string]: JsonValue } {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
