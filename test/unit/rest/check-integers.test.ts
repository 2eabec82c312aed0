import { create, createFileRegistry, type DescMessage } from '@bufbuild/protobuf';
import {
  FileDescriptorProtoSchema,
  FieldDescriptorProto_Label as Label,
  FieldDescriptorProto_Type as Type,
} from '@bufbuild/protobuf/wkt';
import { describe, expect, it } from 'vitest';
import { checkIntegers } from '../../../src/rest/check-integers.ts';
import { parseJson } from '../../../src/rest/json-number.ts';

/** `message Tree { int32 leaf; repeated uint32 leaves; map<string, int64> named; Tree child; repeated Tree children; }` */
function treeSchema(): DescMessage {
  const field = (number: number, name: string, type: Type, label = Label.OPTIONAL, typeName = '') => ({
    number,
    name,
    jsonName: name,
    type,
    label,
    ...(typeName === '' ? {} : { typeName }),
  });
  const file = create(FileDescriptorProtoSchema, {
    name: 'tree.proto',
    syntax: 'proto3',
    messageType: [
      {
        name: 'Tree',
        field: [
          field(1, 'leaf', Type.INT32),
          field(2, 'leaves', Type.UINT32, Label.REPEATED),
          field(3, 'named', Type.MESSAGE, Label.REPEATED, '.Tree.NamedEntry'),
          field(4, 'child', Type.MESSAGE, Label.OPTIONAL, '.Tree'),
          field(5, 'children', Type.MESSAGE, Label.REPEATED, '.Tree'),
          field(6, 'text', Type.STRING),
          field(7, 'ratio', Type.DOUBLE),
        ],
        nestedType: [
          {
            name: 'NamedEntry',
            field: [field(1, 'key', Type.STRING), field(2, 'value', Type.INT64)],
            options: { mapEntry: true },
          },
        ],
      },
    ],
  });
  const schema = createFileRegistry(file, () => undefined).getMessage('Tree');
  if (schema === undefined) throw new Error('the descriptor has no message');
  return schema;
}

function problemsOf(text: string): Record<string, string> {
  const { value, sources } = parseJson(text);
  const problems = checkIntegers(treeSchema(), value as Record<string, unknown>, sources);
  return Object.fromEntries(problems.map(({ field, message }) => [field, message]));
}

describe('integers are found wherever they lie', () => {
  it.each([
    ['{"child":{"leaf":0.5}}', { 'child.leaf': 'must be a whole number' }],
    ['{"leaves":[1,-1,"x"]}', { 'leaves[1]': 'must be at least 0', 'leaves[2]': 'must be an integer' }],
    ['{"leaf":2147483648}', { leaf: 'must be at most 2147483647' }],
    [
      '{"named":{"a b":9007199254740993,"c":1}}',
      { 'named["a b"]': 'must be sent as a decimal string: JSON numbers beyond 2^53 lose digits' },
    ],
    ['{"children":[{},{"child":{"leaf":1e-999}}]}', { 'children[1].child.leaf': 'must be a whole number' }],
  ])('%s', (text, problems) => {
    expect(problemsOf(text)).toEqual(problems);
  });

  it('and nothing else is taken for one', () => {
    expect(problemsOf('{"text":"12345678901234567890","ratio":0.12345678901234567890,"leaf":null}')).toEqual(
      {},
    );
    expect(problemsOf('{"child":"x","leaves":7,"children":[null],"other":1.5e300}')).toEqual({});
  });
});
