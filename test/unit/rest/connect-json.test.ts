// The same body over REST and over Connect. Beside the product's requests, one message has a field of every kind.
import type { DescMethodUnary, Message } from '@bufbuild/protobuf';
import { createMethodSerializationLookup } from '@connectrpc/connect/protocol';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DecodedRequest } from '../../../src/rest/decode-json.ts';
import { parsePathTemplate } from '../../../src/rest/path-template.ts';
import { createRequestDecoder } from '../../../src/rest/request-decoder.ts';
import { accessRuleOf } from '../../../src/rpc/access.ts';
import { createTestDoors } from '../../support/test-doors.ts';
import { describeMessages } from './describe-messages.ts';
import { requestText } from './json-text.ts';

const scalars = [
  ...['double', 'float', 'bool', 'string', 'bytes', 'int32', 'int64', 'uint32', 'uint64'],
  ...['sint32', 'sint64', 'fixed32', 'fixed64', 'sfixed32', 'sfixed64'],
];
const wrappers = ['Double', 'Float', 'Bool', 'String', 'Bytes', 'Int32', 'Int64', 'UInt32', 'UInt64'];
const wellKnown = ['Timestamp', 'Duration', 'FieldMask', 'Struct', 'Value', 'ListValue', 'Any', 'Empty'];
const types = [
  ...scalars,
  ...wrappers.map((name) => `google.protobuf.${name}Value`),
  ...wellKnown.map((name) => `google.protobuf.${name}`),
  'Color',
  'Everything',
];

function everything(refuseUnknownFields: boolean): DescMethodUnary {
  const fields = types.flatMap((type, i) => [
    `${type} the_${i}`,
    `repeated ${type} all_${i}`,
    `map<string, ${type}> named_${i}`,
    `oneof choice ${type} either_${i}`,
    ...(scalars.includes(type) || type === 'Color' ? [`optional ${type} maybe_${i}`] : []),
  ]);
  const keys = ['bool', 'int32', 'uint64', 'sfixed64'].map((key) => `map<${key}, string> by_${key}`);
  return describeMessages({
    messages: { Everything: [...fields, ...keys, 'string renamed [of_another_name]'] },
    enums: { Color: ['RED', 'GREEN', 'BLUE'] },
    methods: { Call: { input: 'Everything', refuseUnknownFields } },
  }).method('Call');
}

const methods: readonly (readonly [string, DescMethodUnary])[] = [
  ...createTestDoors().rpcDoor.calls.map(({ route, method }) => [route, method] as const),
  ['a request of everything', everything(false)],
  ['a request of everything that refuses unknown fields', everything(true)],
];

/** As the REST door decodes a body that is the whole request. */
function restDecoder(method: DescMethodUnary): (text: string) => DecodedRequest {
  const decode = createRequestDecoder(method.input, {
    httpMethod: 'POST',
    template: parsePathTemplate('/x'),
    variables: [],
    body: '*',
    responseBody: undefined,
    refusesUnknown: accessRuleOf(method).refuseUnknownFields,
  });
  return (text) => decode('/x', ['x'], Buffer.from(text));
}

/** As the RPC door has connect's handlers do it. */
function connectDecoder(method: DescMethodUnary): (text: string) => Message {
  const options = { ignoreUnknownFields: !accessRuleOf(method).refuseUnknownFields };
  const limits = { readMaxBytes: 1e6, writeMaxBytes: 1e6 };
  const { parse } = createMethodSerializationLookup(method, undefined, options, limits).getI(false);
  return (text) => parse(Buffer.from(text));
}

/** What REST refuses and Connect takes, by what REST says of it: connect's JSON rounds numbers and trims text. */
const STRICTER = [
  /^must be an integer$/,
  /^must be a whole number$/,
  /^must be at (most|least) -?\d+$/,
  /^must be sent as a decimal string: JSON numbers beyond 2\^53 lose digits$/,
];

const RUNS = 300;

describe('REST and Connect take the same bodies for the same requests:', () => {
  it.each(methods)('%s', (_name, method) => {
    const overRest = restDecoder(method);
    const overConnect = connectDecoder(method);
    let accepted = 0;
    const check = fc.property(requestText(method.input), (text) => {
      const decoded = attempt(() => overRest(text));
      const expected = attempt(() => overConnect(text));
      const problems = decoded?.undecoded.map(({ message }) => message);
      if (problems?.length === 0) {
        expect(decoded?.message).toEqual(expected);
        accepted += 1;
      } else if (expected !== undefined) {
        const unexplained = problems?.filter((problem) => !STRICTER.some((pattern) => pattern.test(problem)));
        expect(unexplained).toEqual([]);
      }
    });
    fc.assert(check, { numRuns: RUNS });
    expect(accepted).toBeGreaterThan(RUNS / 10);
  });
});

function attempt<T>(action: () => T): T | undefined {
  try {
    return action();
  } catch {
    return undefined;
  }
}
