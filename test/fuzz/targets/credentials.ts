// API keys, upload tokens and upload ids that are nearly genuine, and others that are nothing of the kind.
import type { Chance } from '../chance.ts';
import type { FuzzTarget } from '../input.ts';
import { API_KEY, UNKNOWN_KEY, UPLOAD_IDS, UPLOAD_TOKENS } from '../known.ts';
import { mutate } from '../mutate.ts';
import { authorized, overEither } from '../wire/requests.ts';

const BASE62 = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz';

const FILE = Buffer.from('{"filename":"a.txt","contentType":"text/plain","size":3}');

const GENUINE = [API_KEY, UNKNOWN_KEY, ...Object.values(UPLOAD_TOKENS)];

/** Not legal in a header's value, nor in a path. */
const UNSENDABLE = /[^\x21-\x7e]/g;

/** Other shapes of credentials that people send, by mistake or not. */
const SHAPES: readonly ((chance: Chance) => string)[] = [
  () => '',
  () => 'Bearer',
  () => 'Bearer ',
  () => `Bearer  ${API_KEY}`,
  () => `bearer ${API_KEY}`,
  () => `Bearer ${API_KEY} ${API_KEY}`,
  () => `Bearer ${API_KEY}, Bearer ${API_KEY}`,
  () => `Basic ${Buffer.from(`${API_KEY}:`).toString('base64')}`,
  () => `Digest username="${API_KEY}"`,
  () => API_KEY,
  () => 'Bearer eyJhbGciOiJub25lIn0.eyJzdWIiOiJhZG1pbiJ9.',
  () => `Bearer ${'a'.repeat(5_000)}`,
  () => `Bearer pse_upl_1${'A'.repeat(4_000)}`,
  () => 'Bearer pse_upl_1',
  (chance) => `Bearer pse_live_1${chance.text(49, BASE62)}`,
  (chance) => `Bearer pse_test_1${chance.text(49, BASE62)}`,
  (chance) => `Bearer pse_upl_1${chance.text(chance.below(300), `${BASE62}-_`)}`,
  (chance) => `Bearer ${chance.text(59, BASE62)}`,
  () => "Bearer ' OR 1=1 --",
  () => `Bearer $${'{jndi:ldap://127.0.0.1/a}'}`,
];

export const tokens: FuzzTarget = {
  name: 'tokens',
  weight: 8,
  make: (chance, id) => {
    const authorization = chance.happens(0.6)
      ? `Bearer ${spoilt(chance.pick(GENUINE), chance)}`
      : chance.pick(SHAPES)(chance);
    const isConnect = chance.happens(0.3);
    const path = isConnect ? '/upload.v1.UploadService/CreateS3Upload' : '/v1/upload/s3';
    const origin = chance.happens(0.2)
      ? { origin: chance.pick(['null', 'https://a.test', 'javascript:x']) }
      : {};
    const headers = { ...authorized(id, { 'content-type': 'application/json', ...origin }), authorization };
    return overEither({ method: 'POST', path, headers, body: FILE }, chance);
  },
};

const ID_ROUTES: readonly ((id: string) => { method: string; path: string; body: Buffer })[] = [
  (id) => ({ method: 'GET', path: `/v1/uploads/${id}`, body: Buffer.alloc(0) }),
  (id) => ({ method: 'DELETE', path: `/v1/uploads/${id}`, body: Buffer.alloc(0) }),
  (id) => ({ method: 'GET', path: `/v1/uploads/${id}/parts`, body: Buffer.alloc(0) }),
  (id) => ({ method: 'POST', path: `/v1/uploads/${id}:complete`, body: Buffer.from('{}') }),
  (id) => ({
    method: 'POST',
    path: `/v1/uploads/${id}/parts:sign`,
    body: Buffer.from('{"partNumbers":[1]}'),
  }),
  (id) => ({ method: 'POST', path: '/v1/downloads', body: Buffer.from(JSON.stringify({ uploadId: id })) }),
];

export const uploadIds: FuzzTarget = {
  name: 'upload-ids',
  weight: 5,
  make: (chance, id) => {
    const all = Object.values(UPLOAD_IDS);
    const uploadId = chance.happens(0.15) ? chance.pick(all) : spoilt(chance.pick(all), chance);
    const route = chance.pick(ID_ROUTES)(uploadId);
    return overEither({ ...route, headers: authorized(id, { 'content-type': 'application/json' }) }, chance);
  },
};

function spoilt(secret: string, chance: Chance): string {
  const other = chance.pick([...Object.values(UPLOAD_IDS), ...GENUINE]);
  const at = chance.below(secret.length);
  return chance
    .pick([
      () => mutate(Buffer.from(secret), chance, 1).toString('latin1'),
      () => secret.slice(0, at),
      () => secret.slice(0, at) + other.slice(at),
      () => secret.slice(0, at) + chance.pick([...BASE62]) + secret.slice(at + 1),
      () => secret + chance.text(1 + chance.below(8), `${BASE62}=-_`),
      () => secret.toUpperCase(),
      () => `${secret}=`,
      () => secret.repeat(4),
    ])()
    .replaceAll(UNSENDABLE, '');
}
