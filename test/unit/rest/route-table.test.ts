import type { DescMethod, DescMethodUnary, MessageInitShape } from '@bufbuild/protobuf';
import { describe, expect, it } from 'vitest';
import type { HttpRuleSchema } from '../../../gen/google/api/http_pb.js';
import { createRouteTable } from '../../../src/rest/route-table.ts';
import { createUnaryCall, type UnaryCall } from '../../../src/rpc/unary-call.ts';
import { describeService, type MethodDescription } from '../../support/described-service.ts';

type Rule = MessageInitShape<typeof HttpRuleSchema>;

const isUnary = (method: DescMethod): method is DescMethodUnary => method.methodKind === 'unary';

function callsOf(...methods: MethodDescription[]): UnaryCall[] {
  return describeService(methods).methods.flatMap((method) => {
    return isUnary(method) ? [createUnaryCall({ kind: 'unary', method, impl: () => ({}) }, [])] : [];
  });
}

const post = (path: string) => ({ pattern: { case: 'post' as const, value: path }, body: '*' });
const pathsOf = (...methods: MethodDescription[]) => [...createRouteTable(callsOf(...methods)).keys()];

describe('the route table', () => {
  it('holds the paths of the contract, additional bindings included', () => {
    const rule = { ...post('/v1/a'), additionalBindings: [post('/v1/b-c_d.e~f')] };
    expect(pathsOf({ name: 'A', http: rule }, { name: 'B' }, { name: 'C', http: post('/v2') })).toEqual([
      '/v1/a',
      '/v1/b-c_d.e~f',
      '/v2',
    ]);
  });

  it('refuses two methods at one path', () => {
    expect(() => pathsOf({ name: 'A', http: post('/v1/a') }, { name: 'B', http: post('/v1/a') })).toThrow(
      'POST /v1/a leads to both test.v1.TestService/A and test.v1.TestService/B',
    );
  });

  it.each<[string, Rule, string]>([
    ['another HTTP method', { pattern: { case: 'get', value: '/v1/a' } }, 'must be a post, not get'],
    ['no HTTP method', {}, 'must be a post'],
    ['a variable in the path', post('/v1/{id}'), 'must have a literal path, not "/v1/{id}"'],
    ['a wildcard', post('/v1/*'), 'must have a literal path'],
    ['a trailing slash', post('/v1/a/'), 'must have a literal path'],
    ['a verb suffix', post('/v1/a:cancel'), 'must have a literal path'],
    ['a body of one field', { ...post('/v1/a'), body: 'name' }, 'not "name"'],
    ['no body', { ...post('/v1/a'), body: '' }, 'must take the whole request'],
    ['a part of the response', { ...post('/v1/a'), responseBody: 'name' }, 'must answer the whole response'],
    ['such a rule as an additional binding', { ...post('/a'), additionalBindings: [{}] }, 'must be a post'],
  ])('refuses to start for %s', (_name, rule, message) => {
    expect(() => pathsOf({ name: 'A', http: rule })).toThrow(message);
  });
});
