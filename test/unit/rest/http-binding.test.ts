import { describe, expect, it } from 'vitest';
import { httpBindingsOf } from '../../../src/rest/http-binding.ts';
import { createUnaryCall } from '../../../src/rpc/unary-call.ts';
import { verifyByTable } from '../../support/test-doors.ts';
import { describeMessages, type Rule, rule } from './describe-messages.ts';

const MESSAGES = {
  Request: [
    'string message_id',
    'Message message',
    'Sub sub',
    'repeated string tags',
    'repeated Sub subs',
    'map<string, string> labels',
    'google.protobuf.Timestamp time',
    'Color color',
    'string self_chosen [other]',
  ],
  Message: ['string text', 'repeated string lines'],
  Sub: ['string subfield'],
};

function bindingsOf(http: Rule | undefined) {
  const method = { input: 'Request', output: 'Message', refuseUnknownFields: true, ...(http && { http }) };
  const described = describeMessages({
    messages: MESSAGES,
    enums: { Color: ['RED'] },
    methods: { Call: method },
  });
  const call = createUnaryCall(
    { kind: 'unary', method: described.method('Call'), impl: () => ({}) },
    { chain: [], verify: verifyByTable },
  );
  return httpBindingsOf(call);
}

describe('the bindings of a method', () => {
  it('are those of its rule and of the additional ones', () => {
    const additionalBindings = [
      rule('PUT /v1/{sub.subfield}', { body: 'message', responseBody: 'lines' }),
      rule('PURGE /v1/*', { body: '*' }),
      rule('* /v1/any'),
    ];
    const bindings = bindingsOf(rule('GET /v1/messages/{message_id}/{color}', { additionalBindings }));
    expect(
      bindings.map(({ httpMethod, template, variables, body, responseBody, refusesUnknown }) => [
        httpMethod,
        template.text,
        variables.map(({ target }) => target.jsonPath),
        typeof body === 'object' ? body.name : body,
        responseBody?.name,
        refusesUnknown,
      ]),
    ).toEqual([
      ['GET', '/v1/messages/{message_id}/{color}', ['messageId', 'color'], undefined, undefined, true],
      ['PUT', '/v1/{sub.subfield}', ['sub.subfield'], 'message', 'lines', true],
      ['PURGE', '/v1/*', [], '*', undefined, true],
      ['*', '/v1/any', [], undefined, undefined, true],
    ]);
  });

  it('are none without a rule', () => {
    expect(bindingsOf(undefined)).toEqual([]);
  });

  it.each<[string, Rule, string]>([
    ['no HTTP method', {}, 'has no HTTP method and path'],
    ['a custom method that is none', rule('A,B /v1'), 'has the custom method "A,B"'],
    ['a malformed template', rule('GET /v1/{'), 'has the path template "/v1/{", which cannot be understood'],
    [
      'an unknown variable',
      rule('GET /v1/{no}'),
      'has the variable no, which names no, which test.Request does not',
    ],
    ['an unknown nested one', rule('GET /v1/{sub.no}'), 'names no, which test.Sub does not have'],
    ['a variable through a string', rule('GET /v1/{message_id.x}'), 'leads into message_id'],
    ['a variable through a list', rule('GET /v1/{subs.subfield}'), 'leads into subs'],
    ['a variable through a time', rule('GET /v1/{time.seconds}'), 'leads into time'],
    ['a repeated variable', rule('GET /v1/{tags}'), 'has the variable tags, which is repeated'],
    ['a map as variable', rule('GET /v1/{labels}'), 'has the variable labels, which is repeated'],
    ['a message as variable', rule('GET /v1/{sub}'), 'has the variable sub, which is a message'],
    ['a time as variable', rule('GET /v1/{time}'), 'has the variable time, which is a message'],
    ['the JSON name of a variable', rule('GET /v1/{messageId}'), 'is not called by its name in the contract'],
    [
      'a variable given twice',
      rule('GET /v1/{sub.subfield}/{sub.subfield}'),
      'two variables for sub.subfield',
    ],
    [
      'an unknown body',
      rule('POST /v1', { body: 'no' }),
      'names the field no, which test.Request does not have',
    ],
    ['a nested body', rule('POST /v1', { body: 'sub.subfield' }), 'names the field sub.subfield'],
    ['the JSON name of a body', rule('POST /v1', { body: 'other' }), 'names the field other'],
    [
      'a body that is in the path',
      rule('POST /v1/{message_id}', { body: 'message_id' }),
      'to the path and to the body',
    ],
    ['a body for GET', rule('GET /v1', { body: '*' }), 'maps a body, which GET has not'],
    ['a body for DELETE', rule('DELETE /v1', { body: 'sub' }), 'maps a body, which DELETE has not'],
    [
      'an unknown response body',
      rule('GET /v1', { responseBody: 'no' }),
      'names the field no, which test.Message',
    ],
    ['a wrong additional rule', rule('GET /v1', { additionalBindings: [{}] }), 'has no HTTP method and path'],
    [
      'additional rules in additional rules',
      rule('GET /v1', { additionalBindings: [rule('GET /v2', { additionalBindings: [rule('GET /v3')] })] }),
      'has additional bindings within an additional binding',
    ],
  ])('refuse to start for %s', (_name, http, message) => {
    expect(() => bindingsOf(http)).toThrow(/^test\.Service\/Call: the google\.api\.http rule /);
    expect(() => bindingsOf(http)).toThrow(message);
  });
});
