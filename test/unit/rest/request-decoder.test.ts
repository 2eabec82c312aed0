import { describe, expect, it } from 'vitest';
import { faultOf } from '../../support/faults.ts';
import { type Decoded, decoderFor, good } from './decoder-for.ts';
import { rule } from './describe-messages.ts';

describe('the examples of the specification', () => {
  const byName = decoderFor({ input: 'GetMessageRequest', http: rule('GET /v1/{name=messages/*}') });
  const byId = decoderFor({
    input: 'GetMessageRequest',
    http: rule('GET /v1/messages/{message_id}', {
      additionalBindings: [rule('GET /v1/users/{user_id}/messages/{message_id}')],
    }),
  });
  const config = decoderFor({
    input: 'GetMessageRequest',
    http: rule('GET /v1/messages/{message_id}/{sub.subfield}'),
  });
  const updateField = decoderFor({
    input: 'UpdateMessageRequest',
    http: rule('PATCH /v1/messages/{message_id}', { body: 'message' }),
  });
  const updateAll = decoderFor({
    input: 'Text',
    http: rule('PATCH /v1/messages/{message_id}', { body: '*' }),
  });

  it('a variable of several segments', () => {
    expect(byName('GET /v1/messages/123456')).toEqual(good({ name: 'messages/123456' }));
  });

  it('fields that are not in the path as query parameters', () => {
    expect(byId('GET /v1/messages/123456?revision=2&sub.subfield=foo')).toEqual(
      good({ messageId: '123456', revision: '2', sub: { subfield: 'foo' } }),
    );
  });

  it('one field as the body', () => {
    expect(updateField('PATCH /v1/messages/123456', '{"text":"Hi!"}')).toEqual(
      good({ messageId: '123456', message: { text: 'Hi!' } }),
    );
  });

  it('everything else as the body', () => {
    expect(updateAll('PATCH /v1/messages/123456', '{"text":"Hi!"}')).toEqual(
      good({ messageId: '123456', text: 'Hi!' }),
    );
  });

  it('additional bindings', () => {
    expect(byId('GET /v1/messages/123456')).toEqual(good({ messageId: '123456' }));
    expect(byId('GET /v1/users/me/messages/123456')).toEqual(good({ userId: 'me', messageId: '123456' }));
  });

  it('a nested field in the path', () => {
    expect(config('GET /v1/messages/123456/foo')).toEqual(
      good({ messageId: '123456', sub: { subfield: 'foo' } }),
    );
    expect(config('GET /v1/messages/123456/foo?revision=3')).toEqual(
      good({ messageId: '123456', revision: '3', sub: { subfield: 'foo' } }),
    );
  });

  it('parameters beside a body of one field', () => {
    expect(updateField('PATCH /v1/messages/1?user_id=me&lines=a&lines=b', '{"text":"Hi!"}')).toEqual(
      good({ messageId: '1', userId: 'me', lines: ['a', 'b'], message: { text: 'Hi!' } }),
    );
  });

  it('no parameters beside a body of everything, nor for what is in the path or in the body', () => {
    expect(updateAll('PATCH /v1/messages/1?text=no&message_id=no', '{}')).toEqual(good({ messageId: '1' }));
    expect(updateField('PATCH /v1/messages/1?message.text=no&message_id=no', '{}')).toEqual(
      good({ messageId: '1', message: {} }),
    );
    expect(config('GET /v1/messages/1/foo?sub.subfield=no')).toEqual(
      good({ messageId: '1', sub: { subfield: 'foo' } }),
    );
  });

  it('no body for a method that maps none', () => {
    expect(byId('GET /v1/messages/1', '{"message_id":"no","revision":7}')).toEqual(good({ messageId: '1' }));
  });
});

describe('a field that is in the path', () => {
  it('is what the path says, whatever the body says under either name', () => {
    const decode = decoderFor({
      input: 'Text',
      http: rule('PATCH /v1/{message_id}/{sub.subfield}', { body: '*' }),
    });
    for (const body of [
      '{"messageId":"no"}',
      '{"message_id":7,"messageId":"no"}',
      '{"sub":{"subfield":"no"}}',
      '{"sub":null}',
    ])
      expect(decode('PATCH /v1/1/foo', body)).toEqual(good({ messageId: '1', sub: { subfield: 'foo' } }));
    expect(decode('PATCH /v1/1/foo', '{"sub":7}').problems).toEqual({
      sub: 'must be an object with fields of the right type',
    });
  });

  it('is refused in the body by a method that refuses unknown fields', () => {
    const http = rule('PATCH /v1/{message_id}', { body: '*' });
    const decode = decoderFor({ input: 'Text', http, refuseUnknownFields: true });
    expect(decode('PATCH /v1/1', '{"message_id":"1"}').problems).toEqual({
      messageId: 'must be sent in the path, not in the body',
    });
  });

  it.each([
    ['/v1/s/%41%42', { a: 'AB' }],
    ['/v1/s/a%2Fb', { a: 'a/b' }],
    ['/v1/s/a%2fb%3Ac%20d%2B+', { a: 'a/b:c d++' }],
    ['/v1/s/%C3%BC%F0%9F%90%88', { a: 'ü🐈' }],
    ['/v1/s/%252F', { a: '%2F' }],
    ['/v1/s/..', { a: '..' }],
    ['/v1/m/a/b', { b: 'm/a/b' }],
    ['/v1/m/a%2Fb/c', { b: 'm/a%2Fb/c' }],
    ['/v1/m/a%2fb%20c/%C3%BC', { b: 'm/a%2fb c/ü' }],
    // Reserved characters stay as they were sent: by default they are not decoded across segments.
    ['/v1/m/a%40b%3a@:/~%7E', { b: 'm/a%40b%3a@:/~~' }],
    ['/v1/m', { b: 'm' }],
    ['/v1/m/', { b: 'm/' }],
    ['/v1/m/a//b', { b: 'm/a//b' }],
  ])('%s is decoded', (path, expected) => {
    const http = rule('GET /v1/s/{a}', { additionalBindings: [rule('GET /v1/{b=m/**}')] });
    expect(decoderFor({ input: 'Variables', http })(`GET ${path}`)).toEqual(good(expected));
  });

  it.each([
    ['/v1/s/%', 'a'],
    ['/v1/s/%4', 'a'],
    ['/v1/s/%zz', 'a'],
    ['/v1/s/%ff', 'a'],
    ['/v1/s/%C3', 'a'],
    ['/v1/s/%C0%AF', 'a'],
    ['/v1/s/%ED%A0%80', 'a'],
    ['/v1/m/x/%', 'b'],
    ['/v1/m/%C3%2F%BC', 'b'],
    ['/v1/w/%/x', 'path'],
  ])('%s is refused for its encoding, blaming %s', (path, field) => {
    const additionalBindings = [rule('GET /v1/{b=m/**}'), rule('GET /v1/w/*/{c}')];
    const decode = decoderFor({ input: 'Variables', http: rule('GET /v1/s/{a}', { additionalBindings }) });
    expect(decode(`GET ${path}`).problems).toEqual({ [field]: 'must be percent-encoded UTF-8' });
  });

  it.each([
    ['small', '42', { small: 42 }],
    ['small', '-1', { small: -1 }],
    ['huge', '18446744073709551615', { huge: '18446744073709551615' }],
    ['flag', 'true', { flag: true }],
    ['color', 'GREEN', { color: 'GREEN' }],
    ['color', '2', { color: 'BLUE' }],
    ['ratio', '1.5', { ratio: 1.5 }],
    ['data', '_-8', { data: '/+8=' }],
  ])('%s takes %s', (field, text, expected) => {
    const decode = decoderFor({ input: 'Everything', http: rule(`GET /v1/{${field}}`) });
    expect(decode(`GET /v1/${text}`)).toEqual(good(expected));
  });

  it.each([
    ['small', 'x', 'must be an integer'],
    ['small', '2147483648', 'must be at most 2147483647'],
    ['flag', '1', 'must be true or false'],
    ['color', 'MAUVE', 'must be one of RED, GREEN, BLUE'],
    ['ratio', 'much', 'must be a number'],
    ['data', '!', 'must be a base64 string'],
  ])('%s refuses %s: it %s', (field, text, problem) => {
    const decode = decoderFor({ input: 'Everything', http: rule(`GET /v1/{${field}}`) });
    expect(decode(`GET /v1/${text}`).problems).toEqual({ [field]: problem });
  });
});

describe('a method that refuses unknown fields', () => {
  const decode = decoderFor({
    input: 'Everything',
    http: rule('POST /v1/{text}', {
      body: '*',
      additionalBindings: [rule('GET /v1'), rule('PUT /v1/{text}', { body: 'child' })],
    }),
    refuseUnknownFields: true,
  });
  const UNKNOWN = 'is not a field of this request';

  it.each<[string, string | undefined, Record<string, string>]>([
    ['POST /v1/a', '{"polcy":1}', { polcy: UNKNOWN }],
    [
      'POST /v1/a',
      '{"child":{"smal":1,"child":{"x":[]}}}',
      { 'child.smal': UNKNOWN, 'child.child.x': UNKNOWN },
    ],
    ['POST /v1/a', '{"children":[{},{"smal":1}]}', { 'children[1].smal': UNKNOWN }],
    [
      'POST /v1/a',
      '{"children":[{"color":"MAUVE"}]}',
      { 'children[0].color': 'must be one of RED, GREEN, BLUE' },
    ],
    ['POST /v1/a', '{"colors":["RED","red"]}', { 'colors[1]': 'must be one of RED, GREEN, BLUE' }],
    ['POST /v1/a', '{"__proto__":{}}', { ['__proto__']: UNKNOWN }],
    ['POST /v1/a', '{"polcy":1,"small":"x"}', { polcy: UNKNOWN, small: 'must be an integer' }],
    ['POST /v1/a', '{"struct":{"anything":1},"labels":{"any":"thing"},"small":1,"time":null}', {}],
    ['POST /v1/a?polcy=1', '{}', { polcy: UNKNOWN }],
    ['POST /v1/a?small=1', '{}', { small: 'must be sent in the body, not in the query' }],
    ['POST /v1/a?text=b', '{}', { text: 'must be sent in the path, not in the query' }],
    ['POST /v1/a?%ff=1', '{}', { query: UNKNOWN }],
    ['PUT /v1/a?small=1', '{"smal":1}', { 'child.smal': UNKNOWN }],
    ['PUT /v1/a?child.small=1', '{}', { 'child.small': 'must be sent in the body, not in the query' }],
    ['GET /v1?small=1&smal=2&child.smal=3', undefined, { smal: UNKNOWN, 'child.smal': UNKNOWN }],
    ['GET /v1?labels=a', undefined, { labels: UNKNOWN }],
  ])('%s %s', (request, body, problems) => {
    const decoded = decode(request, body);
    expect(Object.entries(decoded.problems)).toEqual(Object.entries(problems));
  });
});

describe('a body of one field', () => {
  const decode = decoderFor({
    input: 'UpdateMessageRequest',
    http: rule('PUT /message', {
      body: 'message',
      additionalBindings: [rule('PUT /lines', { body: 'lines' }), rule('PUT /count', { body: 'count' })],
    }),
  });

  it.each<[string, string, Decoded]>([
    ['/lines', '["a","b"]', good({ lines: ['a', 'b'] })],
    ['/count', '42', good({ count: '42' })],
    ['/count', '"9007199254740993"', good({ count: '9007199254740993' })],
    ['/message', 'null', good({})],
    ['/message', '{"text":7}', { json: { message: {} }, problems: { 'message.text': 'must be a string' } }],
    [
      '/message',
      '[]',
      { json: {}, problems: { message: 'must be an object with fields of the right type' } },
    ],
    ['/lines', '{}', { json: {}, problems: { lines: 'must be an array of values of the right type' } }],
    ['/lines', '["a",1]', { json: { lines: ['a'] }, problems: { 'lines[1]': 'must be a string' } }],
    [
      '/count',
      '9007199254740993',
      {
        json: { count: '9007199254740993' },
        problems: { count: 'must be sent as a decimal string: JSON numbers beyond 2^53 lose digits' },
      },
    ],
  ])('%s takes %s for what it says', (path, body, expected) => {
    expect(decode(`PUT ${path}`, body)).toEqual(expected);
  });

  it('may be left out', () => {
    expect(decode('PUT /message')).toEqual(good({}));
  });

  it('must be JSON', async () => {
    const fault = await faultOf(() => decode('PUT /message', '{'));
    expect(fault.fields).toEqual([{ field: 'body', message: 'must be valid JSON' }]);
  });
});

describe('a body of everything', () => {
  const decode = decoderFor({ input: 'Text', http: rule('POST /v1/{message_id}', { body: '*' }) });

  it('takes nothing from a field of the same name that lies deeper', () => {
    const http = rule('PUT /v1/{inner.a}', { body: 'a' });
    expect(decoderFor({ input: 'Variables', http })('PUT /v1/x', '"y"')).toEqual(
      good({ a: 'y', inner: { a: 'x' } }),
    );
  });

  it('may be left out, but must be an object', async () => {
    expect(decode('POST /v1/1')).toEqual(good({ messageId: '1' }));
    const fault = await faultOf(() => decode('POST /v1/1', '[]'));
    expect(fault.fields).toEqual([{ field: 'body', message: 'must be a JSON object' }]);
  });
});
