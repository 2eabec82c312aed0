// JSON that is nearly right, and JSON that no client would write.
import { gzipSync } from 'node:zlib';
import type { Chance } from '../chance.ts';
import type { FuzzTarget } from '../input.ts';
import { mutate } from '../mutate.ts';
import { authorized, overEither } from '../wire/requests.ts';
import { CONNECT_CALLS, REST_CALLS } from './rest-calls.ts';

/** JSON text that takes the place of a value. */
const VALUES = [
  'null',
  'true',
  '0',
  '-0',
  '-1',
  '1.5',
  '1e400',
  '-1e400',
  '1e-400',
  '9007199254740993',
  '5368709121',
  '99999999999999999999999999999999',
  '0.1e1',
  '01',
  '+1',
  '.5',
  'NaN',
  'Infinity',
  '0x10',
  '""',
  '"\\u0000"',
  '"\\ud800"',
  '"\\udc00\\ud800"',
  '"\\ud83d\\ude00"',
  '"\\u202e"',
  '"\\uFEFF"',
  '"a\\nb"',
  '"../../etc/passwd"',
  '"..\\\\..\\\\"',
  '"%2e%2e%2f"',
  '"a\tb"',
  '"\\x41"',
  '"\\',
  '[]',
  '[[]]',
  '{}',
  '{"__proto__":{"x":1}}',
  '{"constructor":{"prototype":{}}}',
  '{"toString":1,"hasOwnProperty":1}',
  '[null]',
  '"9223372036854775807"',
  '"1e3"',
  '"-1"',
  '" 42"',
  '"2027-13-45T99:99:99Z"',
  '"0001-01-01T00:00:00Z"',
  '"99999-01-01T00:00:00Z"',
  '""""',
] as const;

const NAMES = [
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'size',
  'filename',
  'contentType',
  'content_type',
  '',
  '\\u0073ize',
  '\\u0000',
  'unknown',
  '$ref',
  '@type',
  '[ext.name]',
] as const;

const TYPES = [
  'application/json',
  'application/json; charset=utf-8',
  'application/json; charset=utf-16',
  'Application/JSON',
  'application/json;',
  'text/plain',
  'application/json, text/html',
  'application/connect+json',
  '',
] as const;

export const jsonBodies: FuzzTarget = {
  name: 'json-bodies',
  weight: 20,
  make: (chance, id) => {
    const call = chance.pick(chance.happens(0.7) ? REST_CALLS : CONNECT_CALLS);
    const text = Buffer.from(whole(spoilt(call.body, chance, 0), chance));
    const spoiltBytes = chance.happens(0.25) ? mutate(text, chance) : text;
    const isZipped = chance.happens(0.05);
    const type = chance.happens(0.9) ? 'application/json' : chance.pick(TYPES);
    const headers = authorized(id, {
      ...(type === '' ? {} : { 'content-type': type }),
      ...(isZipped ? { 'content-encoding': chance.pick(['gzip', 'br', 'identity', 'x']) } : {}),
      ...(chance.happens(0.1) ? { 'connect-protocol-version': chance.pick(['1', '2', '']) } : {}),
      ...(chance.happens(0.1)
        ? { 'connect-timeout-ms': chance.pick(['1', '0', '-1', 'x', '99999999999']) }
        : {}),
      ...(chance.happens(0.1) ? { 'idempotency-key': chance.pick(['a', '', 'x'.repeat(300), '\xff']) } : {}),
    });
    const body = isZipped ? gzipSync(spoiltBytes) : spoiltBytes;
    return overEither({ ...call, headers, body }, chance);
  },
};

function whole(text: string, chance: Chance): string {
  if (chance.happens(0.85)) return text;
  return chance.pick([
    () => `\uFEFF${text}`,
    () => `${text}${text}`,
    () => `${text} x`,
    () => `${'['.repeat(20_000)}`,
    () => `${'{"a":'.repeat(8_000)}1${'}'.repeat(8_000)}`,
    () => `{"metadata":${'{"a":'.repeat(150)}1${'}'.repeat(150)}}`,
    () => `[${text}]`,
    () => '',
    () => ' \n\t',
    () => `/**/${text}`,
    () => chance.pick(VALUES),
    () => `{"filename":"${'a'.repeat(chance.pick([1_024, 1_025, 60_000]))}","contentType":"a","size":1}`,
    () => `{"metadata":{${Array.from({ length: 500 }, (_, i) => `"k${i}":"v"`).join(',')}}}`,
  ])();
}

/** JSON text of the value with a few places spoilt. */
function spoilt(value: unknown, chance: Chance, depth: number): string {
  if (depth > 0 && chance.happens(0.12)) return chance.pick(VALUES);
  if (Array.isArray(value)) return `[${value.map((item) => spoilt(item, chance, depth + 1)).join(',')}]`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  const members = Object.entries(value).flatMap(([name, member]) => {
    const text = `"${chance.happens(0.05) ? chance.pick(NAMES) : name}":${spoilt(member, chance, depth + 1)}`;
    if (chance.happens(0.05)) return [];
    return chance.happens(0.08) ? [text, `"${name}":${chance.pick(VALUES)}`] : [text];
  });
  if (chance.happens(0.1)) members.push(`"${chance.pick(NAMES)}":${chance.pick(VALUES)}`);
  return `{${members.join(chance.happens(0.02) ? ',,' : ',')}}`;
}
