import type { JsonValue } from '@bufbuild/protobuf';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decoderFor, good } from './decoder-for.ts';
import { rule } from './describe-messages.ts';

describe('a query', () => {
  const decode = decoderFor({ input: 'Everything', http: rule('GET /v1') });

  it.each<[string, JsonValue]>([
    ['', {}],
    ['?', {}],
    ['?&&', {}],
    ['?text=a+b%20c%2B', { text: 'a b c+' }],
    ['?text=a=b', { text: 'a=b' }],
    ['?text', {}],
    ['?text=%C3%BC', { text: 'ü' }],
    ['?te%78t=x', { text: 'x' }],
    [
      '?flag=true&small=-7&huge=18446744073709551615&ratio=1e3',
      { flag: true, small: -7, huge: '18446744073709551615', ratio: 1000 },
    ],
    ['?ratio=NaN', { ratio: 'NaN' }],
    ['?flag=false&maybe_flag=false', { maybeFlag: false }],
    ['?data=aGk', { data: 'aGk=' }],
    ['?color=BLUE', { color: 'BLUE' }],
    ['?color=1', { color: 'GREEN' }],
    ['?color=7', { color: 7 }],
    ['?texts=a&texts=&texts=b', { texts: ['a', '', 'b'] }],
    ['?numbers=1&numbers=-2', { numbers: [1, -2] }],
    ['?colors=RED&colors=2', { colors: ['RED', 'BLUE'] }],
    ['?child.text=a&child.child.small=3', { child: { text: 'a', child: { small: 3 } } }],
    ['?child.texts=a&child.texts=b', { child: { texts: ['a', 'b'] } }],
    ['?time=2030-01-31T23:59:59.5Z', { time: '2030-01-31T23:59:59.500Z' }],
    ['?wait=1.5s&mask=a,b.cD', { wait: '1.500s', mask: 'a,b.cD' }],
    [
      '?wrapped_text=true&wrappedLarge=9007199254740993',
      { wrappedText: 'true', wrappedLarge: '9007199254740993' },
    ],
    [
      '?wrapped_flag=false&wrapped_data=aGk&wrapped_ratio=0.5',
      { wrappedFlag: false, wrappedData: 'aGk=', wrappedRatio: 0.5 },
    ],
    ['?chosen_text=a', { chosenText: 'a' }],
    ['?renamed=a', { of_another_name: 'a' }],
    ['?of_another_name=a', { of_another_name: 'a' }],
    // What names no field that a text can fill is ignored.
    ['?nothing=1&child=x&child.nothing=2&text.x=3&.=4&=5&__proto__=6&constructor=7', {}],
    ['?labels=a&labels.x=a&labels[x]=a&children=a&children.text=a&times=2030-01-31T23:59:59Z', {}],
    ['?time.seconds=5&struct=a&struct.x=a&any=a', {}],
    ['?%ff=1&nothing=%zz', {}],
  ])('%s is bound', (query, expected) => {
    expect(decode(`GET /v1${query}`)).toEqual(good(expected));
  });

  it.each([
    ['?small=x', { small: 'must be an integer' }],
    ['?small=', { small: 'must be an integer' }],
    ['?small=1.0', { small: 'must be an integer' }],
    ['?small=0x10', { small: 'must be an integer' }],
    ['?small=+1', { small: 'must be an integer' }],
    ['?small=2147483648', { small: 'must be at most 2147483647' }],
    ['?huge=-1', { huge: 'must be at least 0' }],
    ['?wrapped_large=0x10', { wrappedLarge: 'must be an integer' }],
    ['?flag=1', { flag: 'must be true or false' }],
    ['?flag=', { flag: 'must be true or false' }],
    ['?wrapped_flag=yes', { wrappedFlag: 'must be true or false' }],
    ['?color=MAUVE', { color: 'must be one of RED, GREEN, BLUE' }],
    ['?colors=RED&colors=red', { colors: 'must be one of RED, GREEN, BLUE' }],
    ['?ratio=', { ratio: 'must be a number' }],
    ['?numbers=1&numbers=x', { 'numbers[1]': 'must be an integer' }],
    ['?time=tomorrow', { time: 'must be a time such as 2030-01-31T23:59:59Z' }],
    ['?wait=1h', { wait: 'must be a duration in seconds such as 3600s' }],
    ['?mask=a_b', { mask: 'must be names of fields, separated by commas' }],
    ['?text=%ff', { text: 'must be percent-encoded UTF-8' }],
    ['?child.text=a&child.small=x', { 'child.small': 'must be an integer' }],
    ['?text=a&text=b', { text: 'must be given only once' }],
    ['?maybe_flag=true&maybeFlag=true', { maybeFlag: 'must be given only once' }],
    ['?child.time=a&child.time=b', { 'child.time': 'must be given only once' }],
    ['?chosen_text=a&chosen_number=1', { chosenNumber: 'must not be given together with chosenText' }],
    ['?small=x&flag=x', { small: 'must be an integer', flag: 'must be true or false' }],
  ])('%s is refused', (query, problems) => {
    expect(decode(`GET /v1${query}`).problems).toEqual(problems);
  });

  it('binds nothing that lies deeper than messages may', () => {
    const deep = (levels: number) => `GET /v1?${'child.'.repeat(levels)}text=a`;
    expect(JSON.stringify(decode(deep(99)).json)).toContain('"text":"a"');
    expect(decode(deep(100))).toEqual(good({}));
    expect(decode(deep(1_300))).toEqual(good({}));
  });

  it('never throws', () => {
    const part = fc.oneof(
      fc.constantFrom(
        'text',
        'small',
        'child',
        'time',
        'texts',
        '.',
        '=',
        '&',
        '%',
        '%ff',
        '?',
        '__proto__',
        '[]',
      ),
      fc.string({ unit: 'binary' }),
    );
    const query = fc.array(part).map((parts) => parts.join('').replaceAll(' ', ''));
    fc.assert(
      fc.property(query, (text) => void decode(`GET /v1?${text}`)),
      { numRuns: 1_000 },
    );
  });
});
