import { describeWith } from '../support/available.ts';
import type { S3Differences } from './s3/subject.ts';
import { describeS3 } from './s3.suite.ts';

const UNSIGNED =
  'a header that is signed and absent, or x-amz-* and unsigned, fails before the signature is looked at';
const UNSIGNED_METADATA = 'of headers that are not signed MinIO refuses those of metadata only';
const CLASSES = 'MinIO has two classes, STANDARD and REDUCED_REDUNDANCY';
const CHECKSUM_CODES = 'MinIO has codes of its own for checksums';
const FILE_SYSTEM = 'MinIO keeps objects as paths of a file system';

/** Everything in which MinIO was seen to answer otherwise than AWS documents. */
const DIFFERENCES: S3Differences = {
  'another region': {
    answers: '400 MissingFields',
    because: 'the region is checked while the URL is parsed',
  },
  'a session token nobody issued': {
    answers: '403 InvalidTokenId',
    because: 'another code for the same refusal',
  },
  'a signature in query and header': {
    answers: '400 AccessDenied',
    because: 'the request counts as unsigned',
  },
  'an unsigned x-amz-* header': { answers: '400 AccessDenied', because: UNSIGNED },
  'a signed header left out': { answers: '400 AccessDenied', because: UNSIGNED },
  'an anonymous GET of an absent public object': {
    answers: '404 NoSuchKey',
    because: 'MinIO tells what is absent to those who may read but not list',
  },
  'an anonymous GET that sets headers': {
    answers: '200',
    because: 'MinIO lets anonymous requests choose the headers of the answer',
  },
  'a length over 5 GiB': { answers: 'waits for the body', because: 'MinIO takes up to 5 TiB in one PUT' },
  'a checksum of other bytes': { answers: '400 XAmzContentChecksumMismatch', because: CHECKSUM_CODES },
  'a trailing checksum of other bytes': {
    answers: '400 XAmzContentChecksumMismatch',
    because: CHECKSUM_CODES,
  },
  'a checksum that is none': { answers: '400 InvalidArgument', because: CHECKSUM_CODES },
  'two checksums': { answers: '400 InvalidArgument', because: CHECKSUM_CODES },
  'metadata of 2 KB': {
    answers: '400 MetadataTooLarge',
    because: 'MinIO counts x-amz-meta- in front of every name',
  },
  'tags in every script': { answers: '400 InvalidTag', because: 'MinIO takes tags in ASCII only' },
  'unsigned tags': { answers: '200', because: UNSIGNED_METADATA },
  'an unsigned ACL': { answers: '200', because: UNSIGNED_METADATA },
  'an unsigned storage class': { answers: '200', because: UNSIGNED_METADATA },
  'unsigned encryption': { answers: '200', because: UNSIGNED_METADATA },
  'the class STANDARD_IA': { answers: '400 InvalidStorageClass', because: CLASSES },
  'the class DEEP_ARCHIVE': { answers: '400 InvalidStorageClass', because: CLASSES },
  'an ACL that makes public': { answers: '200', because: 'MinIO takes every ACL and ignores it' },
  'a part without the upload’s checksum': { answers: '400 InvalidArgument', because: CHECKSUM_CODES },
  'a list of no parts': { answers: '400 InvalidRequest', because: 'another code for the same refusal' },
  'an abort of an aborted upload': { answers: '200', because: 'aborting is idempotent' },
  'a form without a policy': {
    answers: '400 AuthorizationQueryParametersError',
    because: 'the credential is looked for before the policy',
  },
  'a form without a file': {
    answers: '400 MalformedPOSTRequest',
    because: 'another code for the same refusal',
  },
  'a form cut before its last boundary': {
    answers: '204',
    because: 'the end of the body counts as a boundary',
  },
  'an If-None-Match that lists versions': { answers: '200', because: 'the header is compared as one ETag' },
  'a list of keys without a digest': {
    answers: '400 MissingContentMD5',
    because: 'another code for the same refusal',
  },
  'a preflight of a foreign origin': {
    answers: '204',
    because: 'MinIO allows every origin unless configured',
  },
  'a key that another key begins with': { answers: 'left out', because: FILE_SYSTEM },
  'a key with an empty segment': { answers: '400 XMinioInvalidObjectName', because: FILE_SYSTEM },
  'a key with a segment over 255 bytes': { answers: '400 XMinioInvalidObjectName', because: FILE_SYSTEM },
};

describeWith('minio', 'a real server', (minio) => {
  describeS3('MinIO', () => ({ ...minio, differences: DIFFERENCES }));
});
