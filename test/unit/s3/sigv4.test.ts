import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createHmacSha256 } from '../../../src/s3/hmac.ts';
import {
  amzDate,
  canonicalHeaderValue,
  canonicalRequest,
  credentialScope,
  signingKey,
  stringToSign,
  uriEncode,
  uriEncodePath,
} from '../../../src/s3/sigv4.ts';
import { createQuerySigner, createRequestShape } from '../../../src/s3/sigv4-query.ts';

const EMPTY_HASH = createHash('sha256').digest('hex');

/** The credentials, times and places of AWS's published examples. */
const S3_EXAMPLE = {
  secret: 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY',
  date: '20130524T000000Z',
  region: 'us-east-1',
  service: 's3',
};
const SUITE_EXAMPLE = {
  secret: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
  date: '20150830T123600Z',
  region: 'us-east-1',
  service: 'service',
};

interface Vector {
  readonly name: string;
  readonly place: typeof S3_EXAMPLE;
  readonly method: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly payloadHash: string;
  readonly requestHash?: string;
  readonly signature: string;
}

const HOST = { host: 'examplebucket.s3.amazonaws.com' };
const SUITE_HEADERS = { host: 'example.amazonaws.com', 'x-amz-date': SUITE_EXAMPLE.date };

const VECTORS: readonly Vector[] = [
  {
    name: 'S3: GET an object with a Range',
    place: S3_EXAMPLE,
    method: 'GET',
    path: '/test.txt',
    query: '',
    headers: {
      ...HOST,
      range: 'bytes=0-9',
      'x-amz-content-sha256': EMPTY_HASH,
      'x-amz-date': S3_EXAMPLE.date,
    },
    payloadHash: EMPTY_HASH,
    requestHash: '7344ae5b7ee6c3e7e6b0fe0640412a37625d1fbfff95c48bbb2dc43964946972',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'S3: PUT an object whose key needs encoding',
    place: S3_EXAMPLE,
    method: 'PUT',
    path: `/${uriEncodePath('test$file.text')}`,
    query: '',
    headers: {
      ...HOST,
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'x-amz-date': S3_EXAMPLE.date,
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    payloadHash: '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
    requestHash: '9e0e90d9c76de8fa5b200d8c849cd5b8dc7a3be3951ddb7f6a76b4158342019d',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'S3: GET a bucket lifecycle, a query parameter without a value',
    place: S3_EXAMPLE,
    method: 'GET',
    path: '/',
    query: 'lifecycle=',
    headers: { ...HOST, 'x-amz-content-sha256': EMPTY_HASH, 'x-amz-date': S3_EXAMPLE.date },
    payloadHash: EMPTY_HASH,
    requestHash: '9766c798316ff2757b517bc739a67f6213b4ab36dd5da2f94eaebf79c77395ca',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'S3: list objects, several query parameters',
    place: S3_EXAMPLE,
    method: 'GET',
    path: '/',
    query: 'max-keys=2&prefix=J',
    headers: { ...HOST, 'x-amz-content-sha256': EMPTY_HASH, 'x-amz-date': S3_EXAMPLE.date },
    payloadHash: EMPTY_HASH,
    requestHash: 'df57d21db20da04d7fa30298dd4488ba3a2b47ca3a489c74750e0f1e7df1b9b7',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
  {
    name: 'suite: get-vanilla',
    place: SUITE_EXAMPLE,
    method: 'GET',
    path: '/',
    query: '',
    headers: SUITE_HEADERS,
    payloadHash: EMPTY_HASH,
    signature: '5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31',
  },
  {
    name: 'suite: get-vanilla-query-order-key-case',
    place: SUITE_EXAMPLE,
    method: 'GET',
    path: '/',
    query: 'Param1=value1&Param2=value2',
    headers: SUITE_HEADERS,
    payloadHash: EMPTY_HASH,
    signature: 'b97d918cfa904a5beff61c982a1b6f458b799221646efd99d3219ec94cdf2500',
  },
  {
    name: 'suite: get-unreserved',
    place: SUITE_EXAMPLE,
    method: 'GET',
    path: `/${uriEncodePath('-._~0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz')}`,
    query: '',
    headers: SUITE_HEADERS,
    payloadHash: EMPTY_HASH,
    signature: '07ef7494c76fa4850883e2b006601f940f8a34d404d0cfa977f52a65bbf5f24f',
  },
  {
    name: 'suite: get-utf8',
    place: SUITE_EXAMPLE,
    method: 'GET',
    path: `/${uriEncodePath('ሴ')}`,
    query: '',
    headers: SUITE_HEADERS,
    payloadHash: EMPTY_HASH,
    signature: '8318018e0b0f223aa2bbf98705b62bb787dc9c0e678f255a891fd03141be5d85',
  },
  {
    name: 'suite: get-header-value-trim',
    place: SUITE_EXAMPLE,
    method: 'GET',
    path: '/',
    query: '',
    headers: { ...SUITE_HEADERS, 'my-header1': ' value1', 'my-header2': ' "a   b   c"' },
    payloadHash: EMPTY_HASH,
    signature: 'acc3ed3afb60bb290fc8d2dd0098b9911fcaa05412b367055dee359757a9c736',
  },
];

describe("AWS's published signatures", () => {
  it.each(VECTORS)(
    '$name',
    ({ place, method, path, query, headers, payloadHash, requestHash, signature }) => {
      const names = Object.keys(headers).sort();
      const lines = Object.entries(headers)
        .sort(([a], [b]) => (a < b ? -1 : 1))
        .map(([name, value]) => `${name}:${canonicalHeaderValue(value)}\n`);
      const request = canonicalRequest({
        method,
        path,
        query,
        headerLines: lines.join(''),
        signedHeaders: names.join(';'),
        payloadHash,
      });
      if (requestHash !== undefined)
        expect(createHash('sha256').update(request).digest('hex')).toBe(requestHash);
      const day = place.date.slice(0, 8);
      const signatureOf = createHmacSha256(signingKey(place.secret, day, place.region, place.service));
      const scope = credentialScope(day, place.region, place.service);
      expect(signatureOf(stringToSign(place.date, scope, request))).toBe(signature);
    },
  );

  it('the key of the IAM example', () => {
    const key = signingKey(SUITE_EXAMPLE.secret, '20150830', 'us-east-1', 'iam');
    expect(key.toString('hex')).toBe('c4afb1cc5771d871763a393e44b703571b55cc28424d1a5e86da6ed3c154a4b9');
  });

  it('the presigned URL of the S3 query example', () => {
    const signer = createQuerySigner({
      origin: 'https://examplebucket.s3.amazonaws.com',
      host: 'examplebucket.s3.amazonaws.com',
      region: 'us-east-1',
      service: 's3',
      accessKeyId: 'AKIAIOSFODNN7EXAMPLE',
      secretAccessKey: S3_EXAMPLE.secret,
    });
    const shape = createRequestShape('GET', [], {});
    expect(signer.presign(shape, '/test.txt', {}, Date.UTC(2013, 4, 24), 86400)).toBe(
      'https://examplebucket.s3.amazonaws.com/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256' +
        '&X-Amz-Credential=AKIAIOSFODNN7EXAMPLE%2F20130524%2Fus-east-1%2Fs3%2Faws4_request' +
        '&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400' +
        '&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404' +
        '&X-Amz-SignedHeaders=host',
    );
  });
});

describe('uriEncode', () => {
  it('leaves the unreserved characters of RFC 3986 and no other', () => {
    const ascii = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code));
    const kept = ascii.filter((character) => uriEncode(character) === character);
    expect(kept.join('')).toMatch(/^[-.0-9A-Z_a-z~]{66}$/);
  });

  it('is undone by decodeURIComponent, for all of Unicode', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        expect(uriEncode(text)).toMatch(/^(?:[-.\w~]|%[0-9A-F]{2})*$/);
        expect(decodeURIComponent(uriEncode(text))).toBe(text);
        expect(uriEncodePath(text)).toBe(uriEncode(text).replaceAll('%2F', '/'));
      }),
    );
  });
});

describe('amzDate', () => {
  it('drops what is below a second', () => {
    expect(amzDate(Date.UTC(2026, 1, 3, 4, 5, 6, 999))).toBe('20260203T040506Z');
  });
});
