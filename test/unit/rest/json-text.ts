// JSON texts that are nearly requests: derived from a message's descriptor, with whatever callers get right and wrong.
import { type DescEnum, type DescField, type DescMessage, ScalarType } from '@bufbuild/protobuf';
import { isWrapperDesc } from '@bufbuild/protobuf/wkt';
import fc from 'fast-check';

/** JSON as it is sent: how a number is written, and which key comes twice, is part of it. */
type Text = fc.Arbitrary<string>;

const json = (value: unknown) => JSON.stringify(value);
const oneOf = (...texts: readonly string[]): Text => fc.constantFrom(...texts);

const integer = fc.oneof(
  fc.nat(100).map(String),
  fc.integer().map(String),
  fc.bigInt({ min: -(2n ** 66n), max: 2n ** 66n }).map(String),
  oneOf('1.0', '-0', '1e2', '10E-1', '1.5', '1e-999', '1e400', '4294967296', '9007199254740993', '0.1e1'),
);
const number = fc.oneof(integer, fc.double({ noNaN: true, noDefaultInfinity: true }).map(json));
const string = fc.oneof(
  { weight: 4, arbitrary: fc.string({ maxLength: 8, unit: 'grapheme' }).map(json) },
  { weight: 1, arbitrary: oneOf('"\\ud800"', '"\\ud83d\\ude00"', '"\\u0000"', '"\\/"') },
);
const base64 = fc.uint8Array({ maxLength: 9 }).chain((bytes) => {
  const text = Buffer.from(bytes);
  const encoded = [
    text.toString('base64'),
    text.toString('base64url'),
    `${text.toString('base64')}=`,
    ' AA==',
    'A',
  ];
  return fc.constantFrom(...encoded.map(json));
});
const inQuotes = (text: Text): Text => text.map(json);

const SCALARS: ReadonlyMap<ScalarType, Text> = new Map([
  [ScalarType.STRING, string],
  [ScalarType.BOOL, oneOf('true', 'false', 'true', 'false', '"true"', '1')],
  [ScalarType.BYTES, base64],
  [
    ScalarType.DOUBLE,
    fc.oneof(number, inQuotes(number), oneOf('"NaN"', '"Infinity"', '"-Infinity"', '"inf"')),
  ],
  [ScalarType.FLOAT, fc.oneof(number, inQuotes(number), oneOf('"NaN"', '3.5e38', '1e-50'))],
]);
const integerText = fc.oneof(
  { weight: 3, arbitrary: integer },
  { weight: 2, arbitrary: inQuotes(integer) },
  { weight: 1, arbitrary: oneOf('" 42"', '"0x2A"', '"42 "', '""', '"+1"', '"1_0"', '"-"', '"1n"', '"01"') },
);

/** Types with a JSON of their own. */
const WELL_KNOWN: Readonly<Record<string, Text>> = {
  'google.protobuf.Timestamp': fc.oneof(
    fc.date({ noInvalidDate: true, min: new Date(-1e14), max: new Date(3e14) }).map(json),
    oneOf(
      '"2030-01-31T23:59:59Z"',
      '"2030-01-31T23:59:59.123456789Z"',
      '"2030-01-31T23:59:59.1+01:30"',
      '"2030-01-31T23:59:60Z"',
      '"2030-02-30T00:00:00Z"',
      '"0001-01-01T00:00:00Z"',
      '"2030-01-31"',
      '1893456000',
    ),
  ),
  'google.protobuf.Duration': fc.oneof(
    fc.integer({ min: -1e6, max: 1e6 }).map((seconds) => json(`${seconds}s`)),
    oneOf('"1.5s"', '"-0.000000001s"', '"315576000001s"', '"1h"', '"s"', '"1.0000000001s"', '1'),
  ),
  'google.protobuf.FieldMask': oneOf('""', '"a"', '"a,b.cD"', '"a_b"', '[]'),
  'google.protobuf.Struct': fc.oneof(fc.dictionary(fc.string(), fc.jsonValue()).map(json), oneOf('[]')),
  'google.protobuf.Value': fc.json(),
  'google.protobuf.ListValue': fc.oneof(fc.array(fc.jsonValue()).map(json), oneOf('{}')),
  // Its JSON takes a registry of types, which nobody has here.
  'google.protobuf.Any': oneOf('{"@type":"type.googleapis.com/x.Y"}', '{}'),
};

/** A request as text. Fields may be missing, wrong, unknown, null, or there twice, under either of their names. */
export function requestText(schema: DescMessage, depth = 0): Text {
  const known = depth > 2 || schema.fields.length === 0 ? [] : [fc.constantFrom(...schema.fields)];
  const member = fc.oneof(
    ...known.map((field) => ({
      weight: 12,
      arbitrary: field.chain((each) => memberText(each, depth)),
    })),
    {
      weight: 1,
      arbitrary: fc.tuple(oneOf('"later"', '"__proto__"', '""', '"constructor"'), fc.json()).map(joined),
    },
  );
  return fc.array(member, { maxLength: depth === 0 ? 6 : 3 }).map((members) => `{${members.join(',')}}`);
}

function memberText(field: DescField, depth: number): Text {
  const [first = ''] = field.jsonName;
  const escaped = `"\\u${first.charCodeAt(0).toString(16).padStart(4, '0')}${field.jsonName.slice(1)}"`;
  const name = fc.oneof(
    { weight: 4, arbitrary: oneOf(json(field.jsonName), json(field.name)) },
    { weight: 1, arbitrary: oneOf(escaped) },
  );
  return fc.tuple(name, fieldText(field, depth)).map(joined);
}

function fieldText(field: DescField, depth: number): Text {
  const single = strayed(valueText(field, depth), 20);
  switch (field.fieldKind) {
    case 'list':
      return strayed(fc.array(single, { maxLength: 3 }).map((items) => `[${items.join(',')}]`));
    case 'map':
      return strayed(
        fc
          .array(fc.tuple(mapKey(field.mapKey), single).map(joined), { maxLength: 3 })
          .map((all) => `{${all.join(',')}}`),
      );
    default:
      return strayed(valueText(field, depth));
  }
}

/** Now and then null, or anything else. */
function strayed(text: Text, weight = 14): Text {
  return fc.oneof(
    { weight, arbitrary: text },
    { weight: 1, arbitrary: oneOf('null') },
    { weight: 1, arbitrary: fc.json() },
  );
}

function valueText({ scalar, enum: enumeration, message }: DescField, depth: number): Text {
  if (enumeration !== undefined) return enumText(enumeration);
  if (message !== undefined) {
    const [wrapped] = isWrapperDesc(message) ? message.fields : [];
    if (wrapped !== undefined) return valueText(wrapped, depth);
    return WELL_KNOWN[message.typeName] ?? requestText(message, depth + 1);
  }
  return (scalar === undefined ? undefined : SCALARS.get(scalar)) ?? integerText;
}

function enumText({ values }: DescEnum): Text {
  const names = values.flatMap(({ name, number: value }) => [json(name), String(value)]);
  return fc.oneof(
    { weight: 5, arbitrary: oneOf(...names) },
    { weight: 1, arbitrary: oneOf('"LATER"', '99', '-1', '1.0', '1.5', '"1"', '4294967296') },
  );
}

function mapKey(type: ScalarType): Text {
  switch (type) {
    case ScalarType.STRING:
      return fc.oneof(string, oneOf('"__proto__"', '"a"'));
    case ScalarType.BOOL:
      return oneOf('"true"', '"false"', '"1"', '"True"');
    default:
      return inQuotes(integer);
  }
}

function joined([name, value]: readonly [string, string]): string {
  return `${name}:${value}`;
}
