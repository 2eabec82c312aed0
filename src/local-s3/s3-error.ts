/**
 * S3's error codes, with the HTTP status and the text that goes with each when nothing more precise is known.
 * Codes and statuses are those of https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html.
 */
const S3_ERRORS = {
  AccessControlListNotSupported: { status: 400, message: 'The buckets of this endpoint do not allow ACLs.' },
  AccessDenied: { status: 403, message: 'Access Denied' },
  AccessForbidden: {
    status: 403,
    message: 'CORSResponse: no CORS rule of this endpoint allows the request.',
  },
  AuthorizationHeaderMalformed: { status: 400, message: 'The Authorization header is malformed.' },
  AuthorizationQueryParametersError: {
    status: 400,
    message:
      'A presigned URL needs valid X-Amz-Algorithm, X-Amz-Credential, X-Amz-Date, X-Amz-Expires, X-Amz-SignedHeaders and X-Amz-Signature parameters.',
  },
  BadDigest: { status: 400, message: 'The checksum given does not match the data received.' },
  BucketAlreadyOwnedByYou: { status: 409, message: 'The bucket exists already, and is yours.' },
  EntityTooLarge: { status: 400, message: 'The upload is larger than the largest allowed size.' },
  EntityTooSmall: { status: 400, message: 'The upload is smaller than the smallest allowed size.' },
  IncompleteBody: { status: 400, message: 'The body does not have the number of bytes announced.' },
  InternalError: { status: 500, message: 'An internal error occurred. Please try again.' },
  InvalidAccessKeyId: { status: 403, message: 'This endpoint knows no such access key id.' },
  InvalidArgument: { status: 400, message: 'Invalid Argument' },
  InvalidBucketName: { status: 400, message: 'The bucket name is not valid.' },
  InvalidDigest: { status: 400, message: 'The Content-MD5 given is not the base64 of 16 bytes.' },
  InvalidObjectState: {
    status: 403,
    message: "The operation is not valid for the object's storage class: it would have to be restored first.",
  },
  InvalidPart: {
    status: 400,
    message: 'A part is missing, or its ETag or checksum is not the one that was given.',
  },
  InvalidPartOrder: { status: 400, message: 'The parts are not in ascending order of their numbers.' },
  InvalidPolicyDocument: { status: 400, message: 'The policy document of the form is not valid.' },
  InvalidRange: { status: 416, message: 'The requested range is not satisfiable.' },
  InvalidRequest: { status: 400, message: 'Invalid Request' },
  InvalidStorageClass: { status: 400, message: 'The storage class is not one of this endpoint.' },
  InvalidTag: {
    status: 400,
    message: 'The tags are more than 10, there twice, too long, or of characters that tags cannot have.',
  },
  InvalidToken: { status: 400, message: 'The security token is malformed or otherwise invalid.' },
  InvalidURI: { status: 400, message: 'The request URI cannot be parsed.' },
  KeyTooLongError: { status: 400, message: 'The object key is longer than 1024 bytes.' },
  MalformedPOSTRequest: {
    status: 400,
    message: 'The body of the POST request is not well-formed multipart/form-data.',
  },
  MalformedXML: {
    status: 400,
    message: 'The XML is not well-formed, or does not have the shape of this operation.',
  },
  MaxMessageLengthExceeded: { status: 400, message: 'The request body is too large.' },
  MaxPostPreDataLengthExceeded: {
    status: 400,
    message: 'The form fields in front of the file are too large.',
  },
  MetadataTooLarge: { status: 400, message: 'The user metadata is larger than 2048 bytes.' },
  MethodNotAllowed: { status: 405, message: 'The method is not allowed on this resource.' },
  MissingContentLength: { status: 411, message: 'The Content-Length header is required.' },
  NoSuchBucket: { status: 404, message: 'The bucket does not exist.' },
  NoSuchKey: { status: 404, message: 'The key does not exist.' },
  NoSuchUpload: {
    status: 404,
    message: 'The multipart upload does not exist: its id is wrong, or it was completed or aborted.',
  },
  NotImplemented: { status: 501, message: 'This development endpoint does not implement the request.' },
  PreconditionFailed: { status: 412, message: 'A precondition of the request does not hold.' },
  RequestTimeTooSkewed: {
    status: 403,
    message: "The request time and the server's time are more than 15 minutes apart.",
  },
  SignatureDoesNotMatch: {
    status: 403,
    message:
      'The signature of the request is not the one calculated here. Check the secret key and how it signs.',
  },
  XAmzContentSHA256Mismatch: {
    status: 400,
    message: 'The x-amz-content-sha256 header does not match the data received.',
  },
} as const satisfies Record<string, { status: number; message: string }>;

export type S3ErrorCode = keyof typeof S3_ERRORS;

/** Further elements of the error document, such as `MaxSizeAllowed`. */
export type S3ErrorExtras = Readonly<Record<string, string | number>>;

/** A refusal in S3's terms; everything in it may be shown to the caller. */
export class S3Error extends Error {
  override readonly name = 'S3Error';
  readonly code: S3ErrorCode;
  readonly status: number;
  readonly extras: S3ErrorExtras;

  constructor(code: S3ErrorCode, message?: string, extras: S3ErrorExtras = {}) {
    super(message ?? S3_ERRORS[code].message);
    this.code = code;
    this.status = S3_ERRORS[code].status;
    this.extras = extras;
  }
}
