import { describe, expect, it } from 'vitest';
import { Fault } from '../../../src/fault/fault.ts';
import { completionOutcome } from '../../../src/s3/storage-completion.ts';
import { failureFrom, storageFault } from '../../../src/s3/storage-failure.ts';

/** As the AWS SDK makes them. */
function sdkError(status: number | undefined, name: string, more: object = {}): Error {
  return Object.assign(new Error('a message'), { name, $metadata: { httpStatusCode: status }, ...more });
}

describe('storageFault', () => {
  it.each([
    [500, 'InternalError'],
    [503, 'SlowDown'],
    [502, 'UnknownError'],
    [429, 'TooManyRequests'],
    [400, 'RequestTimeout'],
    [409, 'OperationAborted'],
    [200, 'SyntaxError'],
    [undefined, 'TimeoutError'],
  ])('says of %s %s that a later try may go through, and when', (status, name) => {
    const fault = storageFault('HeadObject', sdkError(status, name));
    expect(fault).toMatchObject({ reason: 'STORAGE_UNAVAILABLE', retryAfterMs: 1_000 });
  });

  it.each([
    [403, 'AccessDenied'],
    [403, 'InvalidAccessKeyId'],
    [403, 'SignatureDoesNotMatch'],
    [404, 'NoSuchBucket'],
    [301, 'PermanentRedirect'],
    [400, 'AuthorizationHeaderMalformed'],
    [403, 'Unknown'],
  ])('says of %s %s that no try will go through, and what S3 said', (status, name) => {
    const fault = storageFault('ListParts', sdkError(status, name));
    expect(fault.reason).toBe('STORAGE_REFUSED');
    expect(fault.cause).toEqual(new Error(`S3 ListParts: ${status} ${name}`));
  });

  it('tells the errors of connections by their codes', () => {
    const fault = storageFault('HeadObject', Object.assign(new Error('x'), { code: 'ECONNREFUSED' }));
    expect(fault.reason).toBe('STORAGE_UNAVAILABLE');
    expect(fault.cause).toEqual(new Error('S3 HeadObject: no answer (ECONNREFUSED)'));
  });

  it('blames missing credentials on signing', () => {
    const error = Object.assign(new Error('secret path'), { name: 'CredentialsProviderError' });
    const fault = storageFault('HeadObject', error);
    expect(fault.reason).toBe('SIGNING_UNAVAILABLE');
    expect(fault.cause).toEqual(new Error('the credential provider failed'));
  });

  it('hands on faults', () => {
    const fault = new Fault('SIGNING_UNAVAILABLE');
    expect(storageFault('HeadObject', fault)).toBe(fault);
  });

  it('quotes nothing but words of what S3 says', () => {
    const error = sdkError(403, 'a code\nwith x-amz-security-token:secret', { CanonicalRequest: 'secret' });
    error.message = 'secret';
    const { cause } = storageFault('HeadObject', error);
    expect(cause).toEqual(new Error('S3 HeadObject: 403 unknown'));
    expect(JSON.stringify(Object.entries(cause as Error))).not.toContain('secret');
  });

  it('names the request by which S3’s operators find it', () => {
    const error = sdkError(403, 'AccessDenied', {
      $metadata: { httpStatusCode: 403, requestId: 'A1B2C3' },
    });
    expect(storageFault('HeadObject', error).cause).toEqual(
      new Error('S3 HeadObject: 403 AccessDenied (request A1B2C3)'),
    );
  });
});

describe('completionOutcome', () => {
  const outcomeOf = (status: number, name: string) => completionOutcome(failureFrom(sdkError(status, name)));

  it.each([
    [404, 'NoSuchUpload', 'absent'],
    [412, 'PreconditionFailed', 'exists'],
    [409, 'ConditionalRequestConflict', 'conflict'],
    [409, 'OperationAborted', 'conflict'],
  ])('makes of %s %s that it is %s', (status, name, outcome) => {
    expect(outcomeOf(status, name)).toEqual({ outcome });
  });

  it.each([
    'BadDigest',
    'EntityTooLarge',
    'EntityTooSmall',
    'InvalidArgument',
    'InvalidDigest',
    'InvalidPart',
    'InvalidPartOrder',
    'InvalidRequest',
    'MalformedXML',
    'XAmzContentChecksumMismatch',
  ])('makes of %s that the parts are refused, and says why with the code', (name) => {
    expect(outcomeOf(400, name)).toEqual({ outcome: 'refused', why: expect.stringContaining(`(${name})`) });
  });

  it.each([
    [403, 'AccessDenied'],
    [404, 'NoSuchBucket'],
    [500, 'InternalError'],
    [400, 'toString'],
  ])('leaves %s %s to the fault', (status, name) => {
    expect(outcomeOf(status, name)).toBeUndefined();
  });
});
