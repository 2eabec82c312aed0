import { expect, it } from 'vitest';
import { type CorsObservation, isGranted, judgeCors } from '../../../src/doctor/judge-cors.ts';
import { answered, SILENT } from './observed.ts';

const ORIGIN = 'https://app.example.com';
const ALLOWED = {
  'access-control-allow-origin': ORIGIN,
  'access-control-allow-methods': 'PUT, GET',
  'access-control-allow-headers': 'Content-Type, x-amz-meta-doctor',
};
const GRANT = answered(200, ALLOWED);
const WELL: CorsObservation = {
  origin: ORIGIN,
  methods: new Map([
    ['PUT', GRANT],
    ['GET', GRANT],
  ]),
  headers: new Map([['content-type,x-amz-meta-doctor', GRANT]]),
  put: answered(403, { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Date, Etag' }),
};

function levelsOf(observation: CorsObservation): string[] {
  return judgeCors(observation, 'a fix').map(({ id, level }) => `${id} ${level}`);
}

it('finds nothing where browsers may do all', () => {
  expect(levelsOf(WELL)).toEqual(['cors-origin ok', 'cors-methods ok', 'cors-headers ok', 'cors-etag ok']);
});

it.each([
  ['an answer that is no success', answered(403, ALLOWED)],
  ['no answer', SILENT],
  [
    'another origin',
    answered(200, { ...ALLOWED, 'access-control-allow-origin': 'https://other.example.com' }),
  ],
  ['no origin', answered(200, {})],
  ['other methods', answered(200, { ...ALLOWED, 'access-control-allow-methods': 'GET' })],
  ['other headers', answered(200, { ...ALLOWED, 'access-control-allow-headers': 'range' })],
])('takes %s for no leave to upload', (_, outcome) => {
  expect(levelsOf({ ...WELL, methods: new Map([['PUT', outcome]]) })).toEqual(['cors-origin problem']);
});

it('takes an asterisk for everything', () => {
  const all = Object.fromEntries(Object.keys(ALLOWED).map((name) => [name, '*']));
  expect(isGranted(answered(204, all), ORIGIN, 'PUT', 'content-type,x-amz-tagging')).toBe(true);
});

it('knows that browsers need no leave for the method POST', () => {
  expect(isGranted(GRANT, ORIGIN, 'POST', 'content-type')).toBe(true);
  expect(isGranted(GRANT, ORIGIN, 'DELETE', 'content-type')).toBe(false);
});

it('names the methods and headers that are lacking', () => {
  const findings = judgeCors(
    {
      ...WELL,
      methods: new Map([
        ['PUT', GRANT],
        ['POST', answered(403)],
      ]),
      headers: new Map([
        ['content-type', GRANT],
        ['x-amz-tagging', answered(403)],
      ]),
    },
    'a fix',
  );
  expect(findings).toMatchObject([
    { level: 'ok' },
    { id: 'cors-methods', level: 'warning', seen: `a page of ${ORIGIN} may not POST` },
    {
      id: 'cors-headers',
      level: 'warning',
      seen: `a page of ${ORIGIN} may not send x-amz-tagging`,
      fix: 'a fix',
    },
    { id: 'cors-etag', level: 'ok' },
  ]);
});

it.each([
  [
    'that does not expose it',
    answered(200, { 'access-control-allow-origin': '*', 'access-control-expose-headers': 'Date' }),
  ],
  ['that scripts may not see at all', answered(200, { 'access-control-expose-headers': 'ETag' })],
  ['that did not come', SILENT],
])('finds an ETag hidden by an answer %s', (_, put) => {
  expect(levelsOf({ ...WELL, put }).at(-1)).toBe('cors-etag warning');
});
