import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { HttpBinding } from '../../../src/rest/http-binding.ts';
import { parsePathTemplate } from '../../../src/rest/path-template.ts';
import { allowOf, createRouteTable, type Route, routeFor } from '../../../src/rest/route-table.ts';

/** `GET /v1/{id}` as a route that is called like that. */
function route(rule: string): Route {
  const [httpMethod = '', path = ''] = rule.split(' ');
  const binding: HttpBinding = {
    httpMethod,
    template: parsePathTemplate(path),
    variables: [],
    body: undefined,
    responseBody: undefined,
    refusesUnknown: false,
  };
  return { binding, name: rule };
}

const tableOf = (rules: readonly string[]) => createRouteTable(rules.map(route));

/** The route that takes a request, or the methods that the path would take, or nothing. */
function lookup(rules: readonly string[], request: string): string {
  const [httpMethod = '', path = ''] = request.split(' ');
  const { literalPaths, find } = tableOf(rules);
  const matches = literalPaths.get(path) ?? find(path);
  const taken = matches.flatMap(({ routes }) => routeFor(routes, httpMethod) ?? [])[0];
  return taken?.name ?? (matches.length === 0 ? 'nothing' : `only ${allowOf(matches)}`);
}

const API = [
  'GET /v1/api-keys/{key_id}',
  'PATCH /v1/api-keys/{key_id}',
  'DELETE /v1/api-keys/{key_id}',
  'POST /v1/api-keys/{key_id}/rotate',
  'GET /v1/api-keys/self',
  'GET /v1/api-keys',
  'POST /v1/api-keys',
  'POST /v1/uploads:batch',
  'POST /v1/uploads/{upload_id}:complete',
  'POST /v1/uploads/{upload_id}/parts:sign',
  'GET /v1/uploads/{upload_id}',
  'GET /v1/{name=users/*}/files/{id}',
  'GET /v1/files/{path=**}',
  'GET /v1/files/{path=**}:head',
  'GET /v1/files/a/b',
  'GET /v1/*/b/c',
  '* /v1/any',
  'GET /v1/any',
  'PURGE /v1/any/{x}',
  'GET /v1/sp%20ace/a%3Ab',
];

describe('the route table', () => {
  it.each([
    ['GET /v1/api-keys', 'GET /v1/api-keys'],
    ['GET /v1/api-keys/k1', 'GET /v1/api-keys/{key_id}'],
    ['GET /v1/api-keys/self', 'GET /v1/api-keys/self'],
    ['GET /v1/api-keys/%73el%66', 'GET /v1/api-keys/self'],
    ['GET /v1/api-keys/selfish', 'GET /v1/api-keys/{key_id}'],
    ['GET /v1/api-keys/Self', 'GET /v1/api-keys/{key_id}'],
    ['GET /v1/api-keys/a%2Fb', 'GET /v1/api-keys/{key_id}'],
    ['GET /v1/api-keys/%', 'GET /v1/api-keys/{key_id}'],
    ['HEAD /v1/api-keys/k1', 'GET /v1/api-keys/{key_id}'],
    // Another template that matches takes what the most specific one does not.
    ['DELETE /v1/api-keys/self', 'DELETE /v1/api-keys/{key_id}'],
    ['POST /v1/api-keys/self', 'only GET, HEAD, PATCH, DELETE'],
    ['PUT /v1/api-keys', 'only GET, HEAD, POST'],
    ['GET /v1/api-keys/k1/rotate', 'only POST'],
    ['HEAD /v1/api-keys/k1/rotate', 'only POST'],
    ['get /v1/api-keys', 'only GET, HEAD, POST'],
    // No tolerance: these are other paths.
    ['GET /v1/api-keys/', 'nothing'],
    ['GET /v1//api-keys', 'nothing'],
    ['GET //v1/api-keys', 'nothing'],
    ['GET /v1/api-keys/k1/', 'nothing'],
    ['GET /V1/api-keys', 'nothing'],
    ['GET /v1', 'nothing'],
    ['GET /', 'nothing'],
    ['OPTIONS *', 'nothing'],
    ['CONNECT example.com:443', 'nothing'],
    // Verbs
    ['POST /v1/uploads:batch', 'POST /v1/uploads:batch'],
    ['POST /v1/uploads:other', 'nothing'],
    ['POST /v1/uploads%3Abatch', 'nothing'],
    ['POST /v1/uploads/u1:complete', 'POST /v1/uploads/{upload_id}:complete'],
    ['POST /v1/uploads/u:1:complete', 'POST /v1/uploads/{upload_id}:complete'],
    ['POST /v1/uploads/u1%3Acomplete', 'only GET, HEAD'],
    ['POST /v1/uploads/:complete', 'only GET, HEAD'],
    ['GET /v1/uploads/u1:other', 'GET /v1/uploads/{upload_id}'],
    ['GET /v1/uploads/u1:complete', 'GET /v1/uploads/{upload_id}'],
    ['PUT /v1/uploads/u1:complete', 'only GET, HEAD, POST'],
    ['POST /v1/uploads/u1/parts:sign', 'POST /v1/uploads/{upload_id}/parts:sign'],
    // Several segments
    ['GET /v1/users/7/files/8', 'GET /v1/{name=users/*}/files/{id}'],
    ['GET /v1/users/a%2Fb/files/8', 'GET /v1/{name=users/*}/files/{id}'],
    ['GET /v1/users/7/8/files/8', 'nothing'],
    ['GET /v1/files/x/y/z', 'GET /v1/files/{path=**}'],
    ['GET /v1/files', 'GET /v1/files/{path=**}'],
    ['GET /v1/files/x/', 'GET /v1/files/{path=**}'],
    ['GET /v1/files/a/b', 'GET /v1/files/a/b'],
    ['GET /v1/files/b/c', 'GET /v1/files/{path=**}'],
    ['GET /v1/other/b/c', 'GET /v1/*/b/c'],
    ['GET /v1/files/x/y:head', 'GET /v1/files/{path=**}:head'],
    ['GET /v1/files:head', 'GET /v1/files/{path=**}:head'],
    // Custom methods
    ['BREW /v1/any', '* /v1/any'],
    ['HEAD /v1/any', 'GET /v1/any'],
    ['PURGE /v1/any/1', 'PURGE /v1/any/{x}'],
    ['GET /v1/any/1', 'only PURGE'],
    // Text of a template is compared by what it says
    ['GET /v1/sp%20ace/a%3ab', 'GET /v1/sp%20ace/a%3Ab'],
    ['GET /v1/sp%20ace/a:b', 'GET /v1/sp%20ace/a%3Ab'],
  ])('%s → %s, in whatever order the routes are declared', (request, expected) => {
    expect(lookup(API, request)).toBe(expected);
    fc.assert(
      fc.property(fc.shuffledSubarray(API, { minLength: API.length }), (rules) => {
        expect(lookup(rules, request)).toBe(expected);
      }),
      { numRuns: 20 },
    );
  });

  it.each([
    ['GET /v1/a', 'GET /v1/a', 'GET /v1/a leads to both GET /v1/a and GET /v1/a'],
    [
      'GET /v1/a/{x}',
      'GET /v1/a/{y}',
      'GET /v1/a/{y} leads to both GET /v1/a/{x} (as /v1/a/{x}) and GET /v1/a/{y}',
    ],
    ['GET /v1/a/*', 'GET /v1/a/{y=*}', 'leads to both'],
    ['GET /v1/{name=a/*}', 'GET /v1/a/{id}', 'leads to both'],
    ['GET /{x}/{y=**}', 'GET /{z=*/**}', 'leads to both'],
    ['GET /v1/a%62', 'GET /v1/ab', 'leads to both'],
    ['POST /v1/{x}:go', 'POST /v1/{y}:go', 'leads to both'],
    ['* /v1/{x}', '* /v1/{y}', 'leads to both'],
  ])('refuses %s beside %s, for they match the same paths', (one, other, message) => {
    expect(() => tableOf([one, other])).toThrow(message);
  });

  it.each([
    ['GET /v1/{x}', 'POST /v1/{x}'],
    ['GET /v1/{x}', 'GET /v1/{x}:go'],
    ['GET /v1/{x}', 'GET /v1/{x=**}'],
    ['GET /v1/{x}', 'GET /v1/a'],
    ['GET /v1/{x}', '* /v1/{x}'],
  ])('takes %s beside %s', (one, other) => {
    expect(() => tableOf([one, other])).not.toThrow();
  });

  it('takes any path without throwing', () => {
    const { find } = tableOf(API);
    const junk = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.webPath(),
      fc
        .array(
          fc.oneof(
            fc.constantFrom(
              '',
              '.',
              '..',
              '%',
              '%2F',
              '%2f',
              '%ff',
              '%zz',
              ':',
              ':go',
              'a:',
              '*',
              '**',
              '{x}',
            ),
            fc.constantFrom(
              'v1',
              'api-keys',
              'self',
              'files',
              'uploads',
              'users',
              '__proto__',
              'constructor',
            ),
            fc.string({ unit: 'binary' }),
          ),
        )
        .map((segments) => `/${segments.join('/')}`),
    );
    const check = fc.property(junk, (path) => {
      for (const { segments } of find(path)) expect(path).toContain(segments.join('/'));
    });
    fc.assert(check, { numRuns: 2_000 });
  });
});
