import { describe, expect, it } from 'vitest';
import { parsePathTemplate } from '../../../src/rest/path-template.ts';

/** A template in short: its segments, and each variable with the segments that it spans. */
function outline(text: string): string {
  const { segments, variables, verb } = parsePathTemplate(text);
  const signs = { one: '*', many: '**' };
  const path = segments.map((segment) => (segment.kind === 'literal' ? segment.text : signs[segment.kind]));
  const spans = variables.map(
    ({ fieldPath, start, end, multiSegment }) =>
      `${fieldPath.join('.')}=${start}..${end ?? ''}${multiSegment ? ' multi' : ''}`,
  );
  return [path.join(' '), ...spans, ...(verb === '' ? [] : [`:${verb}`])].join(' | ');
}

describe('a path template', () => {
  it.each([
    ['/v1/messages', 'v1 messages'],
    ['/v1/messages/{message_id}', 'v1 messages * | message_id=2..3'],
    ['/v1/{name=messages/*}', 'v1 messages * | name=1..3 multi'],
    ['/v1/messages/{message_id}/{sub.subfield}', 'v1 messages * * | message_id=2..3 | sub.subfield=3..4'],
    ['/v1/users/{user_id}/messages/{message_id}', 'v1 users * messages * | user_id=2..3 | message_id=4..5'],
    ['/v1/{name=users/*}/files/{id}', 'v1 users * files * | name=1..3 multi | id=4..5'],
    ['/v1/{var=*}', 'v1 * | var=1..2'],
    ['/v1/{var=fixed}', 'v1 fixed | var=1..2'],
    ['/{path=**}', '** | path=0.. multi'],
    ['/v1/{path=a/**}', 'v1 a ** | path=1.. multi'],
    ['/v1/*/b/**', 'v1 * b **'],
    ['/v1/uploads:batch', 'v1 uploads | :batch'],
    ['/v1/uploads/{upload_id}:complete', 'v1 uploads * | upload_id=2..3 | :complete'],
    ['/v1/uploads/{upload_id}/parts:sign', 'v1 uploads * parts | upload_id=2..3 | :sign'],
    ['/v1/{path=**}:copy', 'v1 ** | path=1.. multi | :copy'],
    ['/v1/a%20b/c:d/e:f:g', 'v1 a b c:d e:f | :g'],
    ['/v1/%3Ax', 'v1 :x'],
    ['/v1/b-c_d.e~f', 'v1 b-c_d.e~f'],
  ])('%s is understood', (text, expected) => {
    expect(outline(text)).toBe(expected);
  });

  it.each([
    ['', 'must begin with a slash'],
    ['v1', 'must begin with a slash'],
    ['/', 'cannot be understood from "" on'],
    ['/v1/', 'cannot be understood from "v1/" on'],
    ['//v1', 'cannot be understood from "/v1" on'],
    ['/v1//x', 'cannot be understood from "/x" on'],
    ['/:verb', 'cannot be understood from "" on'],
    ['/v1/a{b}', 'cannot be understood from "a{b}" on'],
    ['/v1/{b}a', 'cannot be understood from "{b}a" on'],
    ['/v1/{a', 'cannot be understood from "{a" on'],
    ['/v1/a}', 'cannot be understood from "a}" on'],
    ['/v1/{a={b}}', 'cannot be understood from "{a={b}}" on'],
    ['/v1/{}', 'has the variable "", which is no field path'],
    ['/v1/{1a}', 'has the variable "1a"'],
    ['/v1/{a..b}', 'has the variable "a..b"'],
    ['/v1/{a.}', 'has the variable "a."'],
    ['/v1/{a b}', 'has the variable "a b"'],
    ['/v1/{a=}', 'has the segment ""'],
    ['/v1/{a=b/}', 'has the segment ""'],
    ['/v1/***', 'has the segment "***"'],
    ['/v1/a*', 'has the segment "a*"'],
    ['/v1/a b', 'has the segment "a b"'],
    ['/v1/ü', 'has the segment "ü"'],
    ['/v1/%zz', 'has the segment "%zz"'],
    ['/v1/%ff', 'has "%ff", whose percent-encoding is no UTF-8'],
    ['/v1?x=1', 'has the segment "v1?x=1"'],
    ['/v1/x:', 'ends with a colon without a verb'],
    ['/v1/**/x', 'has ** before the end of the path'],
    ['/v1/{a=**}/x', 'has ** before the end of the path'],
    ['/v1/{a=**/x}', 'has ** before the end of the path'],
  ])('%s is refused', (text, message) => {
    expect(() => parsePathTemplate(text)).toThrow(message);
  });
});
