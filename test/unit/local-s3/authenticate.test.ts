import { PutObjectCommand, S3Client } from '@aws-sdk/client-s3';
import { getSignedUrl } from '@aws-sdk/s3-request-presigner';
import { describe, expect, it } from 'vitest';
import {
  type Authentication,
  authenticate,
  type IncomingRequest,
} from '../../../src/local-s3/authenticate.ts';
import { requestTargetFromUrl } from '../../../src/local-s3/request-target.ts';
import { S3Error } from '../../../src/local-s3/s3-error.ts';

/** The fictitious credentials, time and bucket of AWS's published examples. */
const KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const HOST = 'examplebucket.s3.amazonaws.com';
const SIGNED_AT_MS = Date.UTC(2013, 4, 24);
const HOUR_MS = 3_600_000;
const EMPTY_SHA256 = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855';
const TRUST = { region: 'us-east-1', credentials: new Map([[KEY_ID, SECRET]]) };

function request(method: string, url: string, headers: Record<string, string> = {}): IncomingRequest {
  const values = Object.entries({ host: HOST, ...headers }).map(([name, value]) => [name, [value]] as const);
  return { method, target: requestTargetFromUrl(url), headers: Object.fromEntries(values) };
}

function outcome(
  incoming: () => IncomingRequest,
  nowMs = SIGNED_AT_MS,
  trust = TRUST,
): string | Authentication {
  try {
    return authenticate(incoming(), trust, nowMs) ?? 'anonymous';
  } catch (error) {
    if (error instanceof S3Error) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html */
const HEADER_VECTORS = [
  {
    name: 'GET Object',
    method: 'GET',
    url: '/test.txt',
    headers: { range: 'bytes=0-9', 'x-amz-content-sha256': EMPTY_SHA256, 'x-amz-date': '20130524T000000Z' },
    signedHeaders: 'host;range;x-amz-content-sha256;x-amz-date',
    signature: 'f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41',
  },
  {
    name: 'PUT Object',
    method: 'PUT',
    url: '/test%24file.text',
    headers: {
      date: 'Fri, 24 May 2013 00:00:00 GMT',
      'x-amz-content-sha256': '44ce7dd67c959e0d3524ffac1771dfbba87d2b6b4b4e99e42034a8b803f8b072',
      'x-amz-date': '20130524T000000Z',
      'x-amz-storage-class': 'REDUCED_REDUNDANCY',
    },
    signedHeaders: 'date;host;x-amz-content-sha256;x-amz-date;x-amz-storage-class',
    signature: '98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd',
  },
  {
    name: 'GET Bucket Lifecycle',
    method: 'GET',
    url: '/?lifecycle',
    headers: { 'x-amz-content-sha256': EMPTY_SHA256, 'x-amz-date': '20130524T000000Z' },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: 'fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543',
  },
  {
    name: 'GET Bucket (List Objects)',
    method: 'GET',
    url: '/?prefix=J&max-keys=2',
    headers: { 'x-amz-content-sha256': EMPTY_SHA256, 'x-amz-date': '20130524T000000Z' },
    signedHeaders: 'host;x-amz-content-sha256;x-amz-date',
    signature: '34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7',
  },
] as const;

describe.each(HEADER_VECTORS)("AWS's published header signature: $name", (vector) => {
  const signed = (signature: string): IncomingRequest =>
    request(vector.method, vector.url, {
      ...vector.headers,
      authorization: `AWS4-HMAC-SHA256 Credential=${KEY_ID}/20130524/us-east-1/s3/aws4_request,SignedHeaders=${vector.signedHeaders},Signature=${signature}`,
    });

  it('is accepted, and refused when a digit of it is another', () => {
    expect(outcome(() => signed(vector.signature))).toEqual({
      accessKeyId: KEY_ID,
      payloadHash: vector.headers['x-amz-content-sha256'],
    });
    expect(outcome(() => signed(vector.signature.replace(/^./, '0')))).toMatch(/^SignatureDoesNotMatch/);
  });

  it('is refused fifteen minutes later', () => {
    expect(outcome(() => signed(vector.signature), SIGNED_AT_MS + 900_000)).toMatchObject({
      accessKeyId: KEY_ID,
    });
    expect(outcome(() => signed(vector.signature), SIGNED_AT_MS + 900_001)).toMatch(/^RequestTimeTooSkewed/);
    expect(outcome(() => signed(vector.signature), SIGNED_AT_MS - 900_001)).toMatch(/^RequestTimeTooSkewed/);
  });
});

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-query-string-auth.html */
const PRESIGNED = `/test.txt?X-Amz-Algorithm=AWS4-HMAC-SHA256&X-Amz-Credential=${KEY_ID}%2F20130524%2Fus-east-1%2Fs3%2Faws4_request&X-Amz-Date=20130524T000000Z&X-Amz-Expires=86400&X-Amz-SignedHeaders=host&X-Amz-Signature=aeeed9bbccd4d02ee5c0109b86d86835f995330da4c265957d157751f604d404`;

describe("AWS's published presigned URL", () => {
  it('is accepted for as long as it says, to the second', () => {
    expect(outcome(() => request('GET', PRESIGNED))).toEqual({
      accessKeyId: KEY_ID,
      payloadHash: 'UNSIGNED-PAYLOAD',
    });
    expect(outcome(() => request('GET', PRESIGNED), SIGNED_AT_MS + 24 * HOUR_MS)).toMatchObject({
      accessKeyId: KEY_ID,
    });
    expect(outcome(() => request('GET', PRESIGNED), SIGNED_AT_MS + 24 * HOUR_MS + 1)).toBe(
      'AccessDenied: Request has expired',
    );
  });

  it('is accepted up to fifteen minutes before it was signed, for clocks that are behind', () => {
    expect(outcome(() => request('GET', PRESIGNED), SIGNED_AT_MS - 900_000)).toMatchObject({
      accessKeyId: KEY_ID,
    });
    expect(outcome(() => request('GET', PRESIGNED), SIGNED_AT_MS - 900_001)).toBe(
      'AccessDenied: Request is not yet valid',
    );
  });

  /** Nothing of a request may change after it was signed. */
  it.each([
    ['the method', () => request('PUT', PRESIGNED)],
    ['the key', () => request('GET', PRESIGNED.replace('test.txt', 'test.txs'))],
    [
      'the key by its encoding alone, into another key',
      () => request('GET', PRESIGNED.replace('test.txt', 'test%2Etxt%20')),
    ],
    ['the expiry', () => request('GET', PRESIGNED.replace('=86400', '=86401'))],
    ['the host', () => request('GET', PRESIGNED, { host: 'other.s3.amazonaws.com' })],
    ['the query', () => request('GET', `${PRESIGNED}&versionId=1`)],
    [
      'the signed headers',
      () => request('GET', PRESIGNED.replace('=host', '=host%3Brange'), { range: 'bytes=0-1' }),
    ],
    ['the payload hash', () => request('GET', PRESIGNED, { 'x-amz-content-sha256': EMPTY_SHA256 })],
    ['the case of the signature', () => request('GET', PRESIGNED.replace(/aeeed9bb/, 'AEEED9BB'))],
  ])('is refused when %s changes', (_, changed) => {
    expect(outcome(changed)).toMatch(/^SignatureDoesNotMatch/);
  });

  it('is refused by an endpoint with another secret, another region, or without that key', () => {
    const asked = (trust: Partial<typeof TRUST>) =>
      outcome(() => request('GET', PRESIGNED), SIGNED_AT_MS, { ...TRUST, ...trust });
    expect(asked({ credentials: new Map([[KEY_ID, 'another']]) })).toMatch(/^SignatureDoesNotMatch/);
    expect(asked({ credentials: new Map() })).toMatch(/^InvalidAccessKeyId/);
    expect(asked({ region: 'eu-central-1' })).toMatch(/^AuthorizationQueryParametersError: The region/);
  });

  it('is accepted however its path is encoded, because S3 signs what the path means', () => {
    expect(outcome(() => request('GET', PRESIGNED.replace('test.txt', 'test%2Etxt')))).toMatchObject({
      accessKeyId: KEY_ID,
    });
  });
});

describe('malformed signatures', () => {
  const parameter = (name: string, value?: string) => () => {
    const url = new URL(PRESIGNED, 'http://host');
    if (value === undefined) url.searchParams.delete(name);
    else url.searchParams.set(name, value);
    return request('GET', url.pathname + url.search);
  };
  const scope = (text: string) => parameter('X-Amz-Credential', text);

  it.each([
    ['no expiry', parameter('X-Amz-Expires')],
    ['an empty signature', parameter('X-Amz-Signature', '')],
    ['no credential', parameter('X-Amz-Credential')],
    ['no date', parameter('X-Amz-Date')],
    ['no signed headers', parameter('X-Amz-SignedHeaders')],
    ['another algorithm', parameter('X-Amz-Algorithm', 'AWS4-ECDSA-P256-SHA256')],
    ['an expiry over a week', parameter('X-Amz-Expires', '604801')],
    ['a negative expiry', parameter('X-Amz-Expires', '-1')],
    ['an expiry in exponents', parameter('X-Amz-Expires', '1e5')],
    ['a date of another form', parameter('X-Amz-Date', '2013-05-24T00:00:00Z')],
    ['a date that does not exist', parameter('X-Amz-Date', '20130231T000000Z')],
    ['a scope for another service', scope(`${KEY_ID}/20130524/us-east-1/sts/aws4_request`)],
    ['a scope with another end', scope(`${KEY_ID}/20130524/us-east-1/s3/aws5_request`)],
    ['a scope of another day', scope(`${KEY_ID}/20130523/us-east-1/s3/aws4_request`)],
    ['a scope with too few parts', scope(`${KEY_ID}/us-east-1/s3/aws4_request`)],
  ])('are refused: %s', (_, malformed) => {
    expect(outcome(malformed)).toMatch(/^AuthorizationQueryParametersError/);
  });

  it.each([
    [
      'signature version 2 in the header',
      () => request('GET', '/x', { authorization: `AWS ${KEY_ID}:abc` }),
      /^InvalidRequest/,
    ],
    [
      'signature version 2 in the query',
      () => request('GET', `/x?AWSAccessKeyId=${KEY_ID}&Signature=x&Expires=1`),
      /^InvalidRequest/,
    ],
    [
      'both places at once',
      () => request('GET', PRESIGNED, { authorization: 'AWS4-HMAC-SHA256 x' }),
      /^InvalidArgument/,
    ],
    ['a session token', () => request('GET', `${PRESIGNED}&X-Amz-Security-Token=t`), /^InvalidToken/],
    [
      'a session token in a header',
      () => request('GET', PRESIGNED, { 'x-amz-security-token': 't' }),
      /^InvalidToken/,
    ],
    [
      'a header without its parts',
      () => request('GET', '/x', { authorization: 'AWS4-HMAC-SHA256 Credential=x' }),
      /^AuthorizationHeaderMalformed/,
    ],
    [
      'a header without a payload hash',
      () =>
        request('GET', '/x', {
          authorization: 'AWS4-HMAC-SHA256 Credential=x,SignedHeaders=host,Signature=y',
        }),
      /^InvalidRequest/,
    ],
    ['a parameter given twice', () => request('GET', `${PRESIGNED}&X-Amz-Expires=1`), /^InvalidArgument/],
    ['a path that is not UTF-8', () => request('GET', PRESIGNED.replace('test', '%ff')), /^InvalidURI/],
  ])('are refused: %s', (_, malformed, expected) => {
    expect(outcome(malformed)).toMatch(expected);
  });

  it('tells a request without any signature from a wrong one', () => {
    expect(outcome(() => request('GET', '/bucket/key'))).toBe('anonymous');
  });
});

describe('signed headers', () => {
  const client = new S3Client({
    endpoint: 'http://127.0.0.1:9',
    region: 'us-east-1',
    credentials: { accessKeyId: KEY_ID, secretAccessKey: SECRET },
    forcePathStyle: true,
    requestChecksumCalculation: 'WHEN_REQUIRED',
  });

  async function presigned(headers: Record<string, string>): Promise<IncomingRequest> {
    const command = new PutObjectCommand({
      Bucket: 'bucket',
      Key: 'key',
      ContentType: 'a/b',
      ContentLength: 5,
    });
    const options = { signableHeaders: new Set(['content-type']), signingDate: new Date(SIGNED_AT_MS) };
    const url = new URL(await getSignedUrl(client, command, options));
    return request('PUT', url.pathname + url.search, { host: url.host, ...headers });
  }

  it('have to be sent as they were signed', async () => {
    const sent = { 'content-type': 'a/b', 'content-length': '5' };
    const good = await presigned(sent);
    expect(outcome(() => good)).toMatchObject({ accessKeyId: KEY_ID });
    for (const changed of [
      { ...sent, 'content-type': 'a/c' },
      { ...sent, 'content-length': '6' },
      { 'content-length': '5' },
      { 'content-type': 'a/b' },
    ]) {
      const bad = await presigned(changed);
      expect(outcome(() => bad)).toMatch(/^SignatureDoesNotMatch/);
    }
  });

  it('do not differ by spaces around or between their words', async () => {
    const spaced = await presigned({ 'content-type': '  a/b ', 'content-length': '5' });
    expect(outcome(() => spaced)).toMatchObject({ accessKeyId: KEY_ID });
  });

  it('are held against the bytes that were sent, in whatever encoding', async () => {
    const command = new PutObjectCommand({ Bucket: 'bucket', Key: 'key', Metadata: { who: 'jürgen' } });
    const options = { unhoistableHeaders: new Set(['x-amz-meta-who']), signingDate: new Date(SIGNED_AT_MS) };
    const url = new URL(await getSignedUrl(client, command, options));
    const sentAs = (value: string): IncomingRequest =>
      request('PUT', url.pathname + url.search, { host: url.host, 'x-amz-meta-who': value });
    // Node gives header bytes as latin1, so UTF-8 on the wire reads like this.
    const utf8 = Buffer.from('jürgen', 'utf8').toString('latin1');
    expect(outcome(() => sentAs(utf8))).toMatchObject({ accessKeyId: KEY_ID });
    expect(outcome(() => sentAs('jürgen'))).toMatch(/^SignatureDoesNotMatch/);
  });

  /** x-amz-* headers change what a request does; one that the signer did not see is not the signer's. */
  it('have to include every x-amz-* header', async () => {
    const sent = { 'content-type': 'a/b', 'content-length': '5', 'x-amz-acl': 'public-read' };
    const added = await presigned(sent);
    expect(outcome(() => added)).toMatch(/^AccessDenied: .*not signed/);
  });
});
