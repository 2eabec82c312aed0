import { isAscii } from 'node:buffer';
import { Fault } from '../fault/fault.ts';
import { duplicateKey } from './duplicate-key.ts';
import { type ParsedJson, parseJson } from './json-number.ts';

const utf8 = new TextDecoder('utf-8', { fatal: true });

/** @throws Fault `INVALID_REQUEST` blaming the field `body` if it is not JSON in UTF-8, or has a key twice. */
export function parseBody(body: Uint8Array): ParsedJson {
  let text: string;
  try {
    // ASCII is the same in Latin-1, which takes a copy where UTF-8 takes a decoder.
    text = isAscii(body) ? latin1(body) : utf8.decode(body);
  } catch {
    throw wrongBody('must be UTF-8');
  }
  if (text === '') throw wrongBody('must not be empty');
  const parsed = parsedFrom(text);
  const twice = duplicateKey(text, parsed.value);
  if (twice !== undefined) throw wrongBody(`must not have the key ${JSON.stringify(twice)} twice`);
  return parsed;
}

function parsedFrom(text: string): ParsedJson {
  try {
    return parseJson(text);
  } catch {
    throw wrongBody('must be valid JSON');
  }
}

export function wrongBody(message: string): Fault {
  return new Fault('INVALID_REQUEST', { fields: [{ field: 'body', message }] });
}

function latin1(bytes: Uint8Array): string {
  const { buffer, byteOffset, byteLength } = bytes;
  return (Buffer.isBuffer(bytes) ? bytes : Buffer.from(buffer, byteOffset, byteLength)).toString('latin1');
}
