import {
  create,
  createFileRegistry,
  type DescField,
  type DescMessage,
  getOption,
  isMessage,
  type Message,
  type MessageInitShape,
  ScalarType,
  setExtension,
} from '@bufbuild/protobuf';
import { reflect } from '@bufbuild/protobuf/reflect';
import {
  FeatureSet_FieldPresence,
  FieldDescriptorProto_Label,
  FieldDescriptorProto_Type,
  FieldOptionsSchema,
  FileDescriptorProtoSchema,
} from '@bufbuild/protobuf/wkt';
import { createValidator } from '@bufbuild/protovalidate';
import {
  FieldRulesSchema,
  field as fieldRules,
  type FieldRulesSchema as Rules,
} from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ApiKeyService } from '../../../gen/apikeys/v1/api_key_service_pb.js';
import { CreateS3UploadRequestSchema, UploadService } from '../../../gen/upload/v1/upload_service_pb.js';
import { createPatternMatcher } from '../../../src/rpc/pattern.ts';
import { createSureValidity } from '../../../src/rpc/sure-validity.ts';
import { EXAMPLE_REQUEST } from '../../bench/example.ts';

const regexMatch = createPatternMatcher();
const oracle = createValidator({ regexMatch });
const isSurelyValid = createSureValidity(regexMatch);
const isValid = (schema: DescMessage, message: Message) => oracle.validate(schema, message).kind === 'valid';

const requests = [...UploadService.methods, ...ApiKeyService.methods].map(({ input }) => input);

/** Lengths and limits of the contract, and what lies just beyond. */
const text = fc.oneof(
  { weight: 6, arbitrary: fc.constantFrom('a', 'allow', 's3') },
  fc.constantFrom('', 'allow', 'never', 's3', 'inline', 'a b', 'é', '🐈', 'a\n', ' a'),
  fc
    .constantFrom(1, 50, 63, 64, 100, 128, 255, 256, 1024, 2048)
    .chain((limit) =>
      fc
        .tuple(fc.constantFrom('a', '🐈'), fc.integer({ min: -1, max: 1 }))
        .map(([unit, more]) => unit.repeat(Math.max(0, limit + more))),
    ),
  fc.string({ unit: 'binary', maxLength: 5 }),
);
const amount = fc.oneof(
  { weight: 3, arbitrary: fc.constant(42) },
  fc.constantFrom(-1, 0, 1, 100, 101, 604_800, 604_801, 5_368_709_120, 5_368_709_121, 2 ** 53),
);

function scalar(type: ScalarType): fc.Arbitrary<unknown> {
  switch (type) {
    case ScalarType.STRING:
      return text;
    case ScalarType.BOOL:
      return fc.boolean();
    case ScalarType.INT64:
    case ScalarType.UINT64:
      return amount.map(BigInt);
    default:
      return amount.map((value) => value % 2 ** 31);
  }
}

/** Messages with a few of their fields set, and of the required ones nearly all, so that many are valid. */
function messages(schema: DescMessage, depth = 0): fc.Arbitrary<Message> {
  const values = schema.fields.map((field) => {
    const { required } = getOption(field, fieldRules);
    const isPlain = field.fieldKind === 'scalar' && field.presence === FeatureSet_FieldPresence.IMPLICIT;
    const isNearlyAlwaysSet = required || isPlain;
    const none = { weight: isNearlyAlwaysSet ? 1 : 40, arbitrary: fc.constant(undefined) };
    return fc.oneof(none, { weight: 20, arbitrary: anyValue(field, depth) });
  });
  return fc.tuple(...values).map((set) => {
    const message = reflect(schema, create(schema));
    schema.fields.forEach((field, at) => {
      const value = set[at];
      if (value === undefined) return;
      if (field.fieldKind === 'list') message.get(field).add(reflected(value));
      else if (field.fieldKind === 'map') message.get(field).set('name', reflected(value));
      else message.set(field, reflected(value));
    });
    return message.message;
  });
}

function anyValue(field: DescField, depth: number): fc.Arbitrary<unknown> {
  if (field.enum !== undefined) return fc.constantFrom(...field.enum.values.map(({ number }) => number));
  if (field.scalar !== undefined) return scalar(field.scalar);
  return depth > 2 || field.message === undefined
    ? fc.constant(undefined)
    : messages(field.message, depth + 1);
}

function reflected(value: unknown) {
  const schema = isMessage(value) ? schemas.get(value.$typeName) : undefined;
  return schema === undefined || !isMessage(value) ? value : reflect(schema, value);
}

const schemas = new Map(
  [
    ...UploadService.file.dependencies,
    UploadService.file,
    ApiKeyService.file,
    ...ApiKeyService.file.dependencies,
  ]
    .flatMap((file) => [file, ...file.dependencies])
    .flatMap(({ messages: types }) => types)
    .map((schema) => [schema.typeName, schema]),
);

describe('a request that is called surely valid', () => {
  it.each(requests.map((schema) => [schema.typeName, schema] as const))(
    'is valid to protovalidate: %s',
    (_name, schema) => {
      fc.assert(
        fc.property(messages(schema), (message) => {
          if (isSurelyValid(schema, message)) expect(isValid(schema, message)).toBe(true);
        }),
        { numRuns: 300 },
      );
    },
  );

  it('is no rarity among valid ones', () => {
    const sampled = fc.sample(messages(CreateS3UploadRequestSchema), { numRuns: 1_000, seed: 1 });
    const valid = sampled.filter((message) => isValid(CreateS3UploadRequestSchema, message));
    expect(valid.length).toBeGreaterThan(50);
    const sure = valid.filter((message) => isSurelyValid(CreateS3UploadRequestSchema, message));
    expect(sure.length).toBeGreaterThan(valid.length / 5);
  });
});

describe('a usual request', () => {
  type Fields = Exclude<MessageInitShape<typeof CreateS3UploadRequestSchema>, Message>;
  const valid = { ...EXAMPLE_REQUEST, size: BigInt(EXAMPLE_REQUEST.size) };
  const isSure = (fields: Fields) =>
    isSurelyValid(CreateS3UploadRequestSchema, create(CreateS3UploadRequestSchema, { ...valid, ...fields }));

  it('is surely valid, so that protovalidate is not asked', () => {
    expect(isSure({})).toBe(true);
    expect(
      isSure({ overwrite: 'never', expiresIn: 60, destination: 'archive', cacheControl: 'no-store' }),
    ).toBe(true);
    expect(isSure({ checksum: { algorithm: { case: 'sha256', value: 'x' }, md5: 'y' } })).toBe(true);
  });

  it.each<[string, Fields]>([
    ['a name that is missing', { filename: '' }],
    ['a name that is too long', { filename: 'a'.repeat(1025) }],
    ['a name with a control character', { filename: 'a\n' }],
    ['a size that is missing', { size: undefined }],
    ['a size that is too large', { size: 5_368_709_121n }],
    ['a word that is none of the list', { overwrite: 'maybe' }],
    ['a number that is too small', { expiresIn: 0 }],
    ['a message within that breaks a rule', { checksum: { md5: 'x'.repeat(101) } }],
    ['entries of a map, which have rules of their own', { metadata: { '': 'x' } }],
  ])('is left to protovalidate with %s', (_case, fields) => {
    expect(isSure(fields)).toBe(false);
  });
});

describe('a rule that is not plain', () => {
  it.each<[string, MessageInitShape<typeof Rules>]>([
    ['a kind of text', { type: { case: 'string', value: { wellKnown: { case: 'email', value: true } } } }],
    ['a length in bytes', { type: { case: 'string', value: { maxBytes: 100n } } }],
    ['an expression', { cel: [{ id: 'x', message: 'x', expression: 'true' }] }],
    ['a condition of the rules', { ignore: 1, type: { case: 'string', value: { minLen: 0n } } }],
    ['the demand for a value', { required: true }],
  ])('leaves the message to protovalidate: %s', (_rule, rules) => {
    const schema = messageWith(rules);
    expect(isSurelyValid(schema, create(schema, { text: 'a text' }))).toBe(false);
  });

  it('does not stand in the way of a message whose field has none', () => {
    const schema = messageWith(undefined);
    expect(isSurelyValid(schema, create(schema, { text: 'a text' }))).toBe(true);
  });
});

/** A message type with one string field of these rules. */
function messageWith(rules: MessageInitShape<typeof Rules> | undefined): DescMessage {
  const options = create(FieldOptionsSchema);
  if (rules !== undefined) setExtension(options, fieldRules, create(FieldRulesSchema, rules));
  const file = create(FileDescriptorProtoSchema, {
    name: 'test/v1/rules.proto',
    package: 'test.v1',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Ruled',
        field: [
          {
            name: 'text',
            number: 1,
            jsonName: 'text',
            type: FieldDescriptorProto_Type.STRING,
            label: FieldDescriptorProto_Label.OPTIONAL,
            options,
          },
        ],
      },
    ],
  });
  const schema = createFileRegistry(file, () => undefined).getMessage('test.v1.Ruled');
  if (schema === undefined) throw new Error('the descriptor has no message');
  return schema;
}
