/** An S3 endpoint under test. */
export interface S3Subject {
  readonly endpoint: string;
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly region: string;
  /** A private bucket. */
  readonly bucket: string;
  /** A bucket whose objects anyone may read. */
  readonly publicBucket: string;
  /** Where this server is known to answer otherwise than AWS, and why. */
  readonly differences: S3Differences;
}

/** The origin that the endpoint's CORS rules allow. */
export const ALLOWED_ORIGIN = 'https://app.example';

/**
 * What AWS answers, by its documentation, to requests on which servers are known to differ, or easily could:
 * the status, and the code of the error document, or what else tells the difference.
 */
export const AWS_ANSWERS = {
  // presigned URLs
  'another signature': '403 SignatureDoesNotMatch',
  'no signature': '400 AuthorizationQueryParametersError',
  'another key in the path': '403 SignatureDoesNotMatch',
  'another bucket in the path': '403 SignatureDoesNotMatch',
  'another method': '403 SignatureDoesNotMatch',
  'a longer expiry': '403 SignatureDoesNotMatch',
  'an added parameter': '403 SignatureDoesNotMatch',
  'an unknown access key id': '403 InvalidAccessKeyId',
  'another secret key': '403 SignatureDoesNotMatch',
  'another region': '400 AuthorizationQueryParametersError',
  'an expired URL': '403 AccessDenied',
  'a URL of the future': '403 AccessDenied',
  'an expiry beyond a week': '400 AuthorizationQueryParametersError',
  'an expiry that is no number': '400 AuthorizationQueryParametersError',
  'a session token nobody issued': '400 InvalidToken',
  'a signature in query and header': '400 InvalidArgument',
  'an unsigned x-amz-* header': '403 AccessDenied',
  'a signed header left out': '403 SignatureDoesNotMatch',
  'a signed header changed': '403 SignatureDoesNotMatch',
  // signed headers
  'a header signature of another secret': '403 SignatureDoesNotMatch',
  'a header signature of another time': '403 RequestTimeTooSkewed',
  // nobody's requests
  'an anonymous PUT': '403 AccessDenied',
  'an anonymous GET': '403 AccessDenied',
  'an anonymous DELETE': '403 AccessDenied',
  'an anonymous list': '403 AccessDenied',
  'an anonymous multipart upload': '403 AccessDenied',
  'an anonymous GET of an absent public object': '403 AccessDenied',
  'an anonymous GET that sets headers': '400 InvalidRequest',
  // bodies
  'a body without a length': '411 MissingContentLength',
  'a chunked body where a length is signed': '411 MissingContentLength',
  'a length over 5 GiB': '400 EntityTooLarge',
  'a Content-MD5 of other bytes': '400 BadDigest',
  'a Content-MD5 that is none': '400 InvalidDigest',
  'a checksum of other bytes': '400 BadDigest',
  'a checksum that is none': '400 InvalidRequest',
  'two checksums': '400 InvalidRequest',
  'a payload hash of other bytes': '400 XAmzContentSHA256Mismatch',
  'a trailing checksum of other bytes': '400 BadDigest',
  'metadata over 2 KB': '400 MetadataTooLarge',
  'a key that exists': '412 PreconditionFailed',
  // what an upload can ask for
  'metadata of 2 KB': '200',
  'tags in every script': '200',
  'unsigned tags': '403 AccessDenied',
  'an unsigned ACL': '403 AccessDenied',
  'an unsigned storage class': '403 AccessDenied',
  'unsigned encryption': '403 AccessDenied',
  'encryption by S3': '200',
  'encryption with KMS': '200',
  'the class STANDARD_IA': '200',
  'the class DEEP_ARCHIVE': '200',
  'an ACL that changes nothing': '200',
  'an ACL that makes public': '400 AccessControlListNotSupported',
  // what our own plans are held to
  'another part number': '403 SignatureDoesNotMatch',
  'a part of another upload': '403 SignatureDoesNotMatch',
  'a form that lacks a field': '403 AccessDenied',
  'a form of another family': '403 AccessDenied',
  // multipart
  'a small part in the middle': '400 EntityTooSmall',
  'a part of another ETag': '400 InvalidPart',
  'a part never uploaded': '400 InvalidPart',
  'parts out of order': '400 InvalidPartOrder',
  'an unknown upload': '404 NoSuchUpload',
  'an abort of an aborted upload': '404 NoSuchUpload',
  'a part number over 10000': '400 InvalidArgument',
  'a part without the upload’s checksum': '400 InvalidRequest',
  'a list of no parts': '400 MalformedXML',
  // forms
  'a form of another signature': '403 SignatureDoesNotMatch',
  'a form of an unknown key id': '403 InvalidAccessKeyId',
  'a form without a policy': '403 AccessDenied',
  'an expired form': '403 AccessDenied',
  'a form against its conditions': '403 AccessDenied',
  'a form with another field': '403 AccessDenied',
  'a form with a file too large': '400 EntityTooLarge',
  'a form with a file too small': '400 EntityTooSmall',
  'a form without a file': '400 InvalidArgument',
  'a form cut before its last boundary': '400 MalformedPOSTRequest',
  // reading, listing, CORS, keys
  'a range beyond the end': '416 InvalidRange',
  'a failed If-Match': '412 PreconditionFailed',
  'an If-None-Match that lists versions': '304',
  'an absent key': '404 NoSuchKey',
  'an absent bucket': '404 NoSuchBucket',
  'a preflight of a foreign origin': '403 AccessForbidden',
  'a key over 1024 bytes': '400 KeyTooLongError',
  'a list of keys that is hostile XML': '400 MalformedXML',
  'a list of keys without a digest': '400 InvalidRequest',
  // keys that file systems dislike
  'a key that another key begins with': 'listed',
  'a key with an empty segment': '200',
  'a key with a segment over 255 bytes': '200',
} as const satisfies Record<string, string>;

export type S3Request = keyof typeof AWS_ANSWERS;

export type S3Differences = Partial<
  Record<S3Request, { readonly answers: string; readonly because: string }>
>;

/** What this endpoint has to answer to such a request. */
export function expectedAnswer(subject: S3Subject, request: S3Request): string {
  return subject.differences[request]?.answers ?? AWS_ANSWERS[request];
}
