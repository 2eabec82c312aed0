import { S3Client } from '@aws-sdk/client-s3';
import { createPresignedPost, type PresignedPostOptions } from '@aws-sdk/s3-presigned-post';
import { describe, expect, it } from 'vitest';
import { type FormFields, type SizeLimits, verifyPostPolicy } from '../../../src/local-s3/post-policy.ts';
import { S3Error } from '../../../src/local-s3/s3-error.ts';

const KEY_ID = 'AKIAIOSFODNN7EXAMPLE';
const SECRET = 'wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY';
const TRUST = { region: 'us-east-1', credentials: new Map([[KEY_ID, SECRET]]) };

function outcome(fields: FormFields, bucket: string, nowMs: number): string | SizeLimits {
  try {
    return verifyPostPolicy(fields, bucket, TRUST, nowMs);
  } catch (error) {
    if (error instanceof S3Error) return `${error.code}: ${error.message}`;
    throw error;
  }
}

/** https://docs.aws.amazon.com/AmazonS3/latest/API/sigv4-post-example.html; the lines of the policy end in CRLF. */
const AWS_POLICY = [
  '{ "expiration": "2015-12-30T12:00:00.000Z",',
  '  "conditions": [',
  '    {"bucket": "sigv4examplebucket"},',
  '    ["starts-with", "$key", "user/user1/"],',
  '    {"acl": "public-read"},',
  '    {"success_action_redirect": "http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html"},',
  '    ["starts-with", "$Content-Type", "image/"],',
  '    {"x-amz-meta-uuid": "14365123651274"},',
  '    {"x-amz-server-side-encryption": "AES256"},',
  '    ["starts-with", "$x-amz-meta-tag", ""],',
  '',
  `    {"x-amz-credential": "${KEY_ID}/20151229/us-east-1/s3/aws4_request"},`,
  '    {"x-amz-algorithm": "AWS4-HMAC-SHA256"},',
  '    {"x-amz-date": "20151229T000000Z" }',
  '  ]',
  '}',
].join('\r\n');

const AWS_FORM: FormFields = new Map([
  ['key', 'user/user1/photo.jpg'],
  ['acl', 'public-read'],
  ['success_action_redirect', 'http://sigv4examplebucket.s3.amazonaws.com/successful_upload.html'],
  ['content-type', 'image/jpeg'],
  ['x-amz-meta-uuid', '14365123651274'],
  ['x-amz-server-side-encryption', 'AES256'],
  ['x-amz-credential', `${KEY_ID}/20151229/us-east-1/s3/aws4_request`],
  ['x-amz-algorithm', 'AWS4-HMAC-SHA256'],
  ['x-amz-date', '20151229T000000Z'],
  ['x-amz-meta-tag', ''],
  ['policy', Buffer.from(AWS_POLICY).toString('base64')],
  ['x-amz-signature', '8afdbf4008c03f22c2cd3cdb72e4afbb1f6a588f3255ac628749a66d7f09699e'],
]);
const AWS_EXPIRES_MS = Date.UTC(2015, 11, 30, 12);

describe("AWS's published form", () => {
  const judge = (
    changes: Record<string, string | undefined>,
    bucket = 'sigv4examplebucket',
    nowMs = AWS_EXPIRES_MS,
  ) => {
    const fields = new Map(AWS_FORM);
    for (const [name, value] of Object.entries(changes)) {
      if (value === undefined) fields.delete(name);
      else fields.set(name, value);
    }
    return outcome(fields, bucket, nowMs);
  };

  it('is accepted until it expires', () => {
    expect(judge({})).toEqual({ minBytes: 0, maxBytes: Number.MAX_SAFE_INTEGER });
    expect(judge({}, 'sigv4examplebucket', AWS_EXPIRES_MS + 1)).toMatch(/^AccessDenied: .*Policy expired/);
  });

  /** Everything that the policy fixes stays fixed, whatever the browser sends. */
  it.each([
    ['another key', { key: 'user/user2/photo.jpg' }],
    ['another content type', { 'content-type': 'text/html' }],
    ['a list of content types with a bad one', { 'content-type': 'image/png, text/html' }],
    ['another value of a fixed field', { acl: 'private' }],
    ['no value of a fixed field', { acl: undefined }],
    ['no value where any would do', { 'x-amz-meta-tag': undefined }],
    ['a field more', { 'x-amz-meta-more': '1' }],
  ])('is refused with %s', (_, changes) => {
    expect(judge(changes)).toMatch(/^AccessDenied: Invalid according to Policy/);
  });

  it('is refused in another bucket, whatever its bucket field says', () => {
    expect(judge({}, 'otherbucket')).toMatch(/^AccessDenied/);
    expect(judge({ bucket: 'sigv4examplebucket' }, 'otherbucket')).toMatch(/^AccessDenied/);
  });

  it('is accepted with fields that S3 ignores, and any value where the prefix is empty', () => {
    expect(
      judge({ 'x-ignore-me': '1', 'x-amz-meta-tag': 'anything', 'content-type': 'image/png, image/gif' }),
    ).toMatchObject({ minBytes: 0 });
  });

  it.each([
    [
      'a changed policy',
      { policy: Buffer.from(AWS_POLICY.replace('user1', 'user2')).toString('base64') },
      /^SignatureDoesNotMatch/,
    ],
    ['a changed signature', { 'x-amz-signature': '0'.repeat(64) }, /^SignatureDoesNotMatch/],
    [
      'an unknown key id',
      { 'x-amz-credential': 'NOBODY/20151229/us-east-1/s3/aws4_request' },
      /^InvalidAccessKeyId/,
    ],
    [
      'another region',
      { 'x-amz-credential': `${KEY_ID}/20151229/eu-west-1/s3/aws4_request` },
      /^InvalidArgument/,
    ],
    ['another day', { 'x-amz-date': '20151230T000000Z' }, /^InvalidArgument/],
    ['another algorithm', { 'x-amz-algorithm': 'none' }, /^InvalidRequest/],
    ['no policy', { policy: undefined }, /^AccessDenied/],
    ['no signature', { 'x-amz-signature': undefined }, /^InvalidArgument/],
    ['a session token', { 'x-amz-security-token': 't' }, /^InvalidToken/],
  ])('is refused with %s', (_, changes, expected) => {
    expect(judge(changes)).toMatch(expected);
  });
});

describe('policies', () => {
  const client = new S3Client({
    region: 'us-east-1',
    credentials: { accessKeyId: KEY_ID, secretAccessKey: SECRET },
  });

  /** The SDK signs any conditions, also those that mean nothing. */
  async function judge(conditions: unknown[]): Promise<string | SizeLimits> {
    const Conditions = conditions as NonNullable<PresignedPostOptions['Conditions']>;
    const { fields } = await createPresignedPost(client, { Bucket: 'bucket', Key: 'key', Conditions });
    const lower = Object.entries(fields).map(([name, value]) => [name.toLowerCase(), value] as const);
    return outcome(new Map(lower), 'bucket', Date.now());
  }

  it('limit the size by the tightest of their ranges', async () => {
    expect(await judge([['content-length-range', 1, 10]])).toEqual({ minBytes: 1, maxBytes: 10 });
    expect(
      await judge([
        ['content-length-range', '1', '10'],
        ['content-length-range', 5, 99],
      ]),
    ).toEqual({
      minBytes: 5,
      maxBytes: 10,
    });
  });

  it.each([
    ['an operator nobody knows', [['ends-with', '$key', 'y']]],
    ['a field without its dollar sign', [['eq', 'key', 'key']]],
    ['a condition too short', [['eq', '$key']]],
    ['a value that is no text', [{ key: 1 }]],
    ['a range that is upside down', [['content-length-range', 10, 1]]],
    ['a range below zero', [['content-length-range', -1, 1]]],
    ['a range of fractions', [['content-length-range', 0.5, 1]]],
    ['a condition that is none', ['key']],
    ['a condition that is null', [null]],
  ])('are refused with %s, because nobody can tell what was meant', async (_, conditions) => {
    expect(await judge(conditions)).toMatch(/^InvalidPolicyDocument/);
  });
});
