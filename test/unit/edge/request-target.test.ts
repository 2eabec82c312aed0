import { describe, expect, it } from 'vitest';
import { pathOf, requestTargetFrom } from '../../../src/edge/request-target.ts';

describe('request target', () => {
  it.each([
    ['http://a.example/v1/x?y=1', 'a.example', '/v1/x?y=1'],
    ['HTTP://a:80', 'a:80', '/'],
    ['https://a?y', 'a', '/?y'],
    ['http:///x', '', '/x'],
    ['http://[/x', '[', '/x'],
    ['http://user@a/x', 'user@a', '/x'],
  ])('takes %s apart', (target, authority, originForm) => {
    expect(requestTargetFrom(target)).toEqual({ authority, originForm });
  });

  it.each(['*', 'ftp://a/x', 'a:443', '/http://a/', '/?u=http://a/'])('leaves %s alone', (target) => {
    expect(requestTargetFrom(target)).toEqual({ originForm: target });
  });

  it('takes the query off a path', () => {
    expect(['/a?b?c', '/a', '?x', '/a?'].map(pathOf)).toEqual(['/a', '/a', '', '/a']);
  });
});
