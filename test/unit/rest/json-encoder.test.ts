import {
  create,
  type DescField,
  type DescMessage,
  fromJson,
  type JsonObject,
  type JsonValue,
  type Message,
  ScalarType,
  toJson,
} from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiKeySchema, ListApiKeysResponseSchema } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { CreateS3UploadResponseSchema } from '../../../gen/upload/v1/upload_service_pb.js';
import { createJsonEncoder } from '../../../src/rest/json-encoder.ts';
import { describeMessages } from './describe-messages.ts';

const described = describeMessages({
  messages: {
    Everything: [
      'string text',
      'bool flag',
      'bytes data',
      'double ratio',
      'float share',
      'int32 small',
      'uint32 natural',
      'int64 large',
      'uint64 huge',
      'sint64 signed_long',
      'fixed64 fixed_long',
      'sfixed64 fixed_signed',
      'Color color',
      'optional string maybe_text',
      'optional int64 maybe_large',
      'optional Color maybe_color',
      'optional bool maybe_flag',
      'repeated string texts',
      'repeated int64 larges',
      'repeated Color colors',
      'repeated Everything children',
      'repeated google.protobuf.Timestamp times',
      'repeated google.protobuf.Int64Value wrapped_list',
      'map<string, string> labels',
      'map<string, int64> counts',
      'map<int32, Everything> by_number',
      'map<bool, Color> by_flag',
      'Everything child',
      'oneof choice string chosen_text',
      'oneof choice Everything chosen_child',
      'oneof choice google.protobuf.Int64Value chosen_wrapped',
      'google.protobuf.Timestamp time',
      'google.protobuf.Duration duration',
      'google.protobuf.FieldMask mask',
      'google.protobuf.StringValue wrapped_text',
      'google.protobuf.Int64Value wrapped_large',
      'google.protobuf.BoolValue wrapped_flag',
      'google.protobuf.BytesValue wrapped_data',
      'google.protobuf.Struct struct',
      'google.protobuf.Value value',
      'google.protobuf.Empty empty',
      'string renamed [of_another_name]',
    ],
  },
  enums: { Color: ['RED', 'GREEN', 'BLUE'] },
});
const EVERYTHING = described.message('Everything');

const json = fc.jsonValue({ maxDepth: 2 }) as fc.Arbitrary<JsonValue>;
const text = fc.string({ unit: 'grapheme' });
const long = fc.oneof(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), fc.maxSafeInteger().map(BigInt));
const naturalLong = fc.oneof(fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }), fc.maxSafeNat().map(BigInt));
const float = fc.constantFrom(
  0,
  -0,
  0.5,
  -1e30,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  Number.NEGATIVE_INFINITY,
);
const color = fc.constantFrom(0, 1, 2, 7);
const bytes = fc.uint8Array({ maxLength: 8 });
const seconds = fc.bigInt({ min: -62_135_596_800n, max: 253_402_300_799n });
const time = fc
  .record({ seconds, nanos: fc.constantFrom(0, 0, 1, 1_000, 5_000_000, 999_999_999) })
  .map((init) => ({ $typeName: 'google.protobuf.Timestamp' as const, ...init }));

/** Values for the fields of `Everything`, some of them absent. */
const { everything } = fc.letrec<{ everything: Record<string, unknown> }>((tie) => ({
  everything: fc.record(
    {
      text,
      flag: fc.boolean(),
      data: bytes,
      ratio: fc.double(),
      share: float,
      small: fc.integer(),
      natural: fc.nat(),
      large: long,
      huge: naturalLong,
      signedLong: long,
      fixedLong: naturalLong,
      fixedSigned: long,
      color,
      maybeText: text,
      maybeLarge: long,
      maybeColor: color,
      maybeFlag: fc.boolean(),
      texts: fc.array(text, { maxLength: 3 }),
      larges: fc.array(long, { maxLength: 3 }),
      colors: fc.array(color, { maxLength: 3 }),
      children: fc.array(tie('everything'), { maxLength: 1, depthIdentifier: 'tree' }),
      times: fc.array(time, { maxLength: 2 }),
      wrappedList: fc.array(
        long.map((value) => ({ value })),
        { maxLength: 2 },
      ),
      labels: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), text, { maxKeys: 3 }),
      counts: fc.dictionary(fc.oneof(text, fc.constant('__proto__')), long, { maxKeys: 3 }),
      byNumber: fc.dictionary(fc.integer().map(String), tie('everything'), {
        maxKeys: 1,
        depthIdentifier: 'tree',
      }),
      byFlag: fc.dictionary(fc.constantFrom('true', 'false'), color),
      child: fc.option(tie('everything'), { nil: undefined, depthIdentifier: 'tree', maxDepth: 2 }),
      choice: fc.oneof(
        { depthIdentifier: 'tree', maxDepth: 2 },
        fc.record({ case: fc.constant('chosenText'), value: text }),
        fc.record({ case: fc.constant('chosenWrapped'), value: fc.record({ value: long }) }),
        fc.record({ case: fc.constant('chosenChild'), value: tie('everything') }),
      ),
      time,
      duration: fc.record({ seconds: fc.constantFrom(-3n, 0n, 86_400n), nanos: fc.constant(0) }),
      mask: fc.record({ paths: fc.array(fc.constantFrom('a', 'b_c', 'd.e_f')) }),
      wrappedText: text,
      wrappedLarge: long,
      wrappedFlag: fc.boolean(),
      wrappedData: bytes,
      struct: fc.dictionary(text, json),
      value: fc.record({
        kind: fc.oneof(
          fc.record({ case: fc.constant('stringValue'), value: text }),
          fc.record({ case: fc.constant('nullValue'), value: fc.constant(0) }),
        ),
      }),
      empty: fc.constant({}),
      renamed: text,
    },
    { requiredKeys: [] },
  ),
}));

const message = everything.map((init) => create(EVERYTHING, init));
const encode = createJsonEncoder(EVERYTHING);

/**
 * What the stock encoder writes, with the two differences that are wanted put in: null for what is absent outside
 * of oneofs, and numbers for the integers that a double holds.
 */
function expected(schema: DescMessage, stock: JsonObject): JsonObject {
  const isThere = ({ oneof, jsonName }: DescField) => oneof === undefined || stock[jsonName] !== undefined;
  return Object.fromEntries(
    schema.fields
      .filter(isThere)
      .map((field) => [field.jsonName, adapt(field, stock[field.jsonName] ?? null)]),
  );
}

function adapt(field: DescField, value: JsonValue): JsonValue {
  if (field.fieldKind === 'list' && Array.isArray(value))
    return value.map((item) => adaptSingle(field, item));
  if (field.fieldKind !== 'map' || value === null || typeof value !== 'object')
    return adaptSingle(field, value);
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, adaptSingle(field, item)]));
}

const LONGS: readonly (ScalarType | undefined)[] = [
  ScalarType.INT64,
  ScalarType.UINT64,
  ScalarType.SINT64,
  ScalarType.FIXED64,
  ScalarType.SFIXED64,
];

function adaptSingle({ scalar, message: schema }: DescField, value: JsonValue): JsonValue {
  const isLong = LONGS.includes(scalar) || schema?.typeName === 'google.protobuf.Int64Value';
  if (isLong && typeof value === 'string') return Number.isSafeInteger(Number(value)) ? Number(value) : value;
  const isOurs = schema !== undefined && !schema.typeName.startsWith('google.protobuf.');
  return isOurs && value !== null && typeof value === 'object' && !Array.isArray(value)
    ? expected(schema, value)
    : value;
}

function stockJson(value: Message): JsonObject {
  const stock = toJson(EVERYTHING, value, { alwaysEmitImplicit: true });
  if (stock === null || typeof stock !== 'object' || Array.isArray(stock)) throw new Error('not an object');
  return stock;
}

describe('createJsonEncoder', () => {
  it('writes what protobuf-es writes, with null for what is absent and numbers for safe integers', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(JSON.stringify(encode(value))).toBe(JSON.stringify(expected(EVERYTHING, stockJson(value))));
      }),
      { numRuns: 500 },
    );
  });

  it('writes what a reader of ProtoJSON takes', () => {
    fc.assert(
      fc.property(message, (value) => {
        expect(() => fromJson(EVERYTHING, encode(value))).not.toThrow();
      }),
    );
  });

  it('writes an upload byte for byte as it always was', () => {
    const uploads = fc.record({
      uploadUrl: text,
      publicUrl: text,
      fileKey: text,
      method: text,
      headers: fc.dictionary(text, text),
      expiresAt: time,
    });
    const encodeUpload = createJsonEncoder(CreateS3UploadResponseSchema);
    fc.assert(
      fc.property(uploads, (init) => {
        const value = create(CreateS3UploadResponseSchema, init);
        const stock = toJson(CreateS3UploadResponseSchema, value, { alwaysEmitImplicit: true });
        expect(JSON.stringify(encodeUpload(value))).toBe(JSON.stringify(stock));
      }),
    );
  });

  it('writes every field of an API key, in the order of the contract', () => {
    expect(
      createJsonEncoder(ApiKeySchema)(create(ApiKeySchema, { id: 'key_1', policy: { maxSize: 42n } })),
    ).toEqual({
      id: 'key_1',
      key_prefix: '',
      name: '',
      expiration_date: null,
      created_at: null,
      revoked_at: null,
      status: '',
      owner: '',
      environment: '',
      scopes: [],
      policy: {
        content_types: [],
        extensions: [],
        max_size: 42,
        max_expiry_seconds: null,
        key_prefix: null,
        destinations: [],
        allow_overwrite: null,
      },
      rate_limit: null,
      last_used_at: null,
      revoke_reason: null,
      rotated_from: null,
      rotated_to: null,
      overlap_ends_at: null,
    });
  });

  it('writes the numbers of a page as JSON numbers', () => {
    const value = create(ListApiKeysResponseSchema, {
      pagination: { page: 1, perPage: 20, total: 0, pages: 0 },
    });
    expect(JSON.stringify(createJsonEncoder(ListApiKeysResponseSchema)(value))).toBe(
      '{"api_keys":[],"pagination":{"page":1,"per_page":20,"total":0,"pages":0}}',
    );
  });

  it.each([
    ['a time beyond the year 9999', { time: { seconds: 253_402_300_800n, nanos: 0 } }],
    ['a string field without a string', { text: 7 }],
    ['a list that is none', { texts: 'a' }],
    ['a list of other things', { texts: [1] }],
    ['an integer that is text', { small: '1' }],
  ])('refuses %s', (_name, init) => {
    expect(() => encode({ ...create(EVERYTHING), ...init } as Message)).toThrow();
  });

  it('takes no default of the prototype for a value', () => {
    const inheriting = Object.create({ maybeText: 'default' });
    expect(encode(Object.assign(inheriting, create(EVERYTHING)))).toMatchObject({ maybeText: null });
  });
});
