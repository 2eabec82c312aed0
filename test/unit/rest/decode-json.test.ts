import { fromJson, type JsonObject, type JsonValue, toJson } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeJson } from '../../../src/rest/decode-json.ts';
import { decodeRequest } from '../../../src/rest/decode-request.ts';
import { describeMessages } from './describe-messages.ts';

const described = describeMessages({
  messages: {
    Tree: [
      'string text',
      'int64 large',
      'bool flag',
      'bytes data',
      'Color color',
      'repeated string texts',
      'repeated Tree children',
      'map<string, int32> counts',
      'map<string, Tree> named',
      'Tree child',
      'oneof choice string chosen_text',
      'oneof choice Tree chosen_child',
      'oneof choice int32 chosen_number',
      'google.protobuf.Timestamp time',
      'google.protobuf.Duration wait',
      'google.protobuf.Int64Value wrapped_large',
      'google.protobuf.StringValue wrapped_text',
      'google.protobuf.Struct struct',
    ],
  },
  enums: { Color: ['RED', 'GREEN'] },
});
const TREE = described.message('Tree');

function decode(text: string) {
  const { message, undecoded } = decodeRequest(TREE, Buffer.from(text));
  return {
    json: toJson(TREE, message),
    problems: Object.fromEntries(undecoded.map(({ field, message: problem }) => [field, problem])),
  };
}

describe('a value of the wrong type', () => {
  it.each<[string, Record<string, string>, JsonValue]>([
    ['{"child":{"text":1,"flag":true}}', { 'child.text': 'must be a string' }, { child: { flag: true } }],
    [
      '{"child":{"child":{"color":[]}}}',
      { 'child.child.color': 'must be one of RED, GREEN' },
      { child: { child: {} } },
    ],
    [
      '{"texts":["a",1,"b",null]}',
      { 'texts[1]': 'must be a string', 'texts[3]': 'must be a string' },
      { texts: ['a', 'b'] },
    ],
    [
      '{"children":[{"text":"a"},{"text":1},7]}',
      {
        'children[1].text': 'must be a string',
        'children[2]': 'must be an object with fields of the right type',
      },
      { children: [{ text: 'a' }, {}, {}] },
    ],
    ['{"child":[]}', { child: 'must be an object with fields of the right type' }, {}],
    [
      '{"named":{"a":{"text":1},"b":{"text":"x"},"c\\"":7}}',
      {
        'named["a"].text': 'must be a string',
        'named["c\\""]': 'must be an object with fields of the right type',
      },
      { named: { b: { text: 'x' } } },
    ],
    ['{"counts":[]}', { counts: 'must be an object of values of the right type' }, {}],
    ['{"time":7}', { time: 'must be a time such as 2030-01-31T23:59:59Z' }, {}],
    [
      '{"wait":60,"child":{"wait":"1h"}}',
      {
        wait: 'must be a duration in seconds such as 3600s',
        'child.wait': 'must be a duration in seconds such as 3600s',
      },
      { child: {} },
    ],
    ['{"wrapped_large":1.5}', { wrappedLarge: 'must be a whole number' }, { wrappedLarge: '0' }],
    [
      '{"wrappedLarge":9007199254740993}',
      {
        wrappedLarge: 'must be sent as a decimal string: JSON numbers beyond 2^53 lose digits',
      },
      { wrappedLarge: '9007199254740993' },
    ],
    ['{"wrappedText":1}', { wrappedText: 'must be a string' }, {}],
    [
      '{"chosen_text":"a","chosenNumber":1}',
      { chosenNumber: 'must not be given together with chosenText' },
      { chosenText: 'a' },
    ],
    ['{"chosenText":null,"chosenNumber":1,"flag":7}', { flag: 'must be true or false' }, { chosenNumber: 1 }],
  ])('%s is blamed where it stands', (text, problems, json) => {
    expect(decode(text)).toEqual({ problems, json });
  });
});

/** Each problem costs an exception, and a body may hold tens of thousands before anybody is authenticated. */
describe('problems without end', () => {
  const many = (item: string) => Array(20_000).fill(item).join(',');

  it.each([
    `{"texts":[${many('1')}]}`,
    `{"child":{"texts":[${many('null')}]},"text":1}`,
    `{"children":[${many('{"text":1}')}]}`,
  ])('are looked for only until there are enough to tell of', (text) => {
    expect(Object.keys(decode(text).problems)).toHaveLength(100);
  });
});

describe('messages within messages', () => {
  const nested = (levels: number, innermost: string) =>
    `${'{"child":'.repeat(levels)}${innermost}${'}'.repeat(levels)}`;

  it('are taken to the depth of a hundred, and refused beyond it', () => {
    expect(decode(nested(99, '{"text":"a"}')).problems).toEqual({});
    expect(decode(nested(99, '{"text":1}')).problems).toEqual({
      [`${'child.'.repeat(99)}text`]: 'must be a string',
    });
    for (const [levels, innermost] of [
      [100, '{}'],
      [101, '{"text":"a"}'],
      [150, '{"text":"a"}'],
      [150, '{"text":"a","large":1.5}'],
      [6_000, '{}'],
    ] as const) {
      const { problems } = decode(nested(levels, innermost));
      const [field = '', ...others] = Object.keys(problems);
      expect(others).toEqual([]);
      expect(field.split('.').length).toBe(100);
    }
  });

  it('are refused beyond it in a type with a JSON of its own, too', () => {
    const { problems } = decode(`{"struct":${'{"a":'.repeat(150)}1${'}'.repeat(150)}}`);
    expect(Object.keys(problems)).toEqual(['struct']);
  });
});

describe('REST and protobuf-es', () => {
  const scalar: fc.Arbitrary<JsonValue> = fc.oneof(
    fc.integer(),
    fc.boolean(),
    fc.constantFrom(
      null,
      'a',
      '',
      '1',
      ' 1',
      '0x1',
      'RED',
      'PUCE',
      'aGk=',
      '3600s',
      '2030-01-31T23:59:59Z',
      1.5,
      1e20,
    ),
  );
  const keys = TREE.fields.flatMap(({ name, jsonName }) => [name, jsonName]);
  const { object } = fc.letrec<{ object: JsonObject; value: JsonValue }>((tie) => ({
    object: fc.dictionary(fc.constantFrom(...keys, 'unknown'), tie('value'), { maxKeys: 4 }),
    value: fc.oneof(
      { maxDepth: 3 },
      scalar,
      fc.array(scalar, { maxLength: 2 }),
      fc.array(tie('object'), { maxLength: 2 }),
      tie('object'),
    ),
  }));

  it('decode a body to the same message; REST refuses beyond that only integers that are none', () => {
    let accepted = 0;
    const check = fc.property(object, (json) => {
      const overRest = decodeJson(TREE, structuredClone(json), undefined);
      const stock = attempt(() => fromJson(TREE, json, { ignoreUnknownFields: true }));
      if (overRest.undecoded.length === 0) {
        accepted += 1;
        expect(overRest.message).toEqual(stock);
      } else if (stock !== undefined) {
        for (const { field } of overRest.undecoded)
          expect(field).toMatch(/(large|wrappedLarge|chosenNumber|counts.*)$/);
      }
    });
    fc.assert(check, { numRuns: 3_000 });
    expect(accepted).toBeGreaterThan(100);
  });
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
