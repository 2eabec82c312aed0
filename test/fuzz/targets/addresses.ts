// Where a request goes: paths, queries and hosts.
import type { Chance } from '../chance.ts';
import type { FuzzTarget } from '../input.ts';
import { API_KEY, UPLOAD_IDS, UPLOAD_TOKENS } from '../known.ts';
import { split } from '../mutate.ts';
import { authorized, http2Block, overEither } from '../wire/requests.ts';

const SEGMENTS = [
  'v1',
  'upload',
  's3',
  'uploads',
  'uploads:batch',
  'downloads',
  'api-keys',
  'self',
  'parts',
  'parts:sign',
  'as',
  'livez',
  'health',
  'metrics',
  'rotate',
  'upload.v1.UploadService',
  'CreateS3Upload',
  '..',
  '.',
  '',
  '%2e%2e',
  '%2f',
  '%2F..%2f',
  '%00',
  '%',
  '%zz',
  '%c0%af',
  '%ff',
  '%e2%82',
  '%25',
  ';',
  ';a=b',
  ':',
  ':complete',
  '::',
  '*',
  '{upload_id}',
  '~',
  '@',
  "'",
  '"',
  '<script>',
  '__proto__',
  'constructor',
  'toString',
  '\xe4\xf6',
  '\xff',
  '+',
  '&',
  '=',
  'a'.repeat(3_000),
  UPLOAD_IDS.put,
  UPLOAD_IDS.multipart,
  UPLOAD_TOKENS.good,
  UPLOAD_TOKENS.expired,
  API_KEY,
  `${UPLOAD_IDS.put}:complete`,
] as const;

const STARTS = [
  '/v1',
  '/v1/uploads',
  '/v1/api-keys',
  `/as/${UPLOAD_TOKENS.good}`,
  `/as/${API_KEY}`,
  '',
  '/',
  '/as',
  '//',
  '/v1/upload',
] as const;

const METHODS = [
  'GET',
  'POST',
  'PUT',
  'DELETE',
  'PATCH',
  'HEAD',
  'OPTIONS',
  'TRACE',
  'PROPFIND',
  'QUERY',
] as const;

export const paths: FuzzTarget = {
  name: 'paths',
  weight: 8,
  make: (chance, id) => {
    const segments = Array.from({ length: chance.below(5) }, () => chance.pick(SEGMENTS));
    const path = [chance.pick(STARTS), ...segments].join('/');
    return address(path === '' || !path.startsWith('/') ? `/${path}` : path, chance, id);
  },
};

const QUERY_NAMES = [
  'page',
  'per_page',
  'perPage',
  'part_number_marker',
  'max_parts',
  'upload_id',
  'key_id',
  '__proto__',
  'page.x',
  'page[]',
  '%70age',
  '',
  'a',
  'encoding',
  'message',
  'connect',
  'base64',
  'compression',
] as const;

const QUERY_VALUES = [
  '1',
  '0',
  '-1',
  '1e9',
  '2147483648',
  '99999999999999999999',
  '1.5',
  'x',
  '',
  '%',
  '%zz',
  '%00',
  '%ff',
  '+1',
  '%2b1',
  'true',
  'null',
  '{}',
  '[1]',
  '1&page=2',
  '1;page=2',
  '1#x',
  'a'.repeat(2_000),
  '\xff',
] as const;

const QUERY_ROUTES = [
  '/v1/api-keys',
  '/v1/api-keys/self',
  '/health',
  '/metrics',
  `/v1/uploads/${UPLOAD_IDS.put}`,
  `/v1/uploads/${UPLOAD_IDS.multipart}/parts`,
  '/v1/api-keys/key_nobody',
  '/upload.v1.UploadService/GetUpload',
  '/v1/upload/s3',
] as const;

export const queries: FuzzTarget = {
  name: 'queries',
  weight: 5,
  make: (chance, id) => {
    const terms = Array.from(
      { length: 1 + chance.below(4) },
      () =>
        `${chance.pick(QUERY_NAMES)}${chance.pick(['=', '=', '=', '', '=='])}${chance.pick(QUERY_VALUES)}`,
    );
    const query = terms.join(chance.pick(['&', '&', '&&', ';', '?']));
    return address(`${chance.pick(QUERY_ROUTES)}?${query}`, chance, id, 0.9);
  },
};

function address(path: string, chance: Chance, id: string, gets = 0.4) {
  const method = chance.happens(gets) ? 'GET' : chance.pick(METHODS);
  const hasBody = method === 'POST' || method === 'PATCH' || method === 'PUT';
  const headers = authorized(id, hasBody ? { 'content-type': 'application/json' } : {});
  return overEither({ method, path, headers, body: Buffer.from(hasBody ? '{}' : '') }, chance);
}

const HOSTS = [
  '[',
  ']',
  '[]',
  '[::1',
  '[::1]',
  '[::1]:80',
  '[::1%25lo]',
  'a b',
  '',
  ' ',
  'a:99999',
  'a:-1',
  'a:80:80',
  'a:',
  ':80',
  'a/b',
  'a?b',
  'a#b',
  'a\\b',
  'user@a',
  'user:pass@a',
  '%5B',
  '%00',
  'a%',
  'xn--',
  'xn--a',
  '1.2.3.999',
  '0x7f.1',
  '2130706433',
  'a..b',
  '.a',
  'a.',
  'a,b',
  'a;b',
  'a\tb',
  '\xe4',
  '\xff\xfe',
  'a\0',
  '_',
  '-',
  'localhost',
  'A.TEST',
  'a'.repeat(260),
  `${'a.'.repeat(130)}a`,
  '*',
  "a'",
  'a"',
  '<a>',
  '{a}',
  'a|b',
  'a^b',
  '`',
  '$HOST',
  'http://a',
  '//a',
] as const;

export const hosts: FuzzTarget = {
  name: 'hosts',
  weight: 4,
  make: (chance, id) => {
    const host = `${chance.pick(HOSTS)}${chance.happens(0.2) ? chance.pick(HOSTS) : ''}`;
    const path = chance.pick([
      '/v1/upload/s3',
      '/livez',
      '/upload.v1.UploadService/CreateS3Upload',
      '/as/x/v1/uploads',
    ]);
    const shape = chance.pick(['host', 'absolute', 'both', 'authority', 'authority and host'] as const);
    if (shape === 'authority' || shape === 'authority and host') {
      const more = shape === 'authority' ? {} : { host: chance.pick(HOSTS) };
      const request = { method: 'POST', path, headers: authorized(id, more), body: Buffer.from('{}') };
      return { channel: 'http2', pieces: [http2Block(request, host), request.body] };
    }
    const target = shape === 'host' ? path : `http://${host}${path}`;
    const header = shape === 'absolute' ? 'a.test' : host;
    const head = `POST ${target} HTTP/1.1\r\nHost: ${header}\r\nX-Request-Id: ${id}\r\nContent-Length: 2\r\n\r\n{}`;
    return { channel: 'http1-raw', pieces: split(Buffer.from(head, 'latin1'), chance) };
  },
};
