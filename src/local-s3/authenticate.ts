import { amzDateMs, MAX_CLOCK_SKEW_MS, resolveCredential, type Trust } from './credential-scope.ts';
import type { RequestTarget } from './request-target.ts';
import { S3Error } from './s3-error.ts';
import {
  canonicalRequest,
  type HeaderValues,
  isSameSignature,
  SIGNING_ALGORITHM,
  signature,
  stringToSign,
} from './sigv4.ts';

export interface IncomingRequest {
  readonly method: string;
  readonly headers: HeaderValues;
  readonly target: RequestTarget;
}

export interface Authentication {
  readonly accessKeyId: string;
  /** What was signed as the hash of the body: 64 hex digits, `UNSIGNED-PAYLOAD`, or a streaming scheme's name. */
  readonly payloadHash: string;
}

/** What a request says of its own signature, wherever it says it. */
interface Claim {
  readonly credential: string;
  readonly amzDate: string;
  readonly signedHeaders: readonly string[];
  readonly signature: string;
  readonly payloadHash: string;
  readonly malformed: 'AuthorizationQueryParametersError' | 'AuthorizationHeaderMalformed';
}

/** A presigned URL lives at most seven days. */
const MAX_EXPIRES_S = 604_800;

/**
 * Verifies the SigV4 signature of a request, in its query or its Authorization header.
 * @returns undefined for a request that carries no signature at all.
 * @throws S3Error for a signature that is malformed, wrong, expired or not valid yet.
 */
export function authenticate(
  request: IncomingRequest,
  trust: Trust,
  nowMs: number,
): Authentication | undefined {
  const claim = claimFrom(request, nowMs);
  if (claim === undefined) return undefined;
  const credential = resolveCredential(claim.credential, claim.amzDate, trust, claim.malformed);
  if (!claim.signedHeaders.includes('host')) {
    throw new S3Error('AccessDenied', 'The host header has to be signed.');
  }
  const canonical = canonicalRequest({
    method: request.method,
    rawPath: request.target.rawPath,
    query: request.target.query,
    headers: request.headers,
    signedHeaders: claim.signedHeaders,
    payloadHash: claim.payloadHash,
  });
  const toSign = stringToSign(canonical, claim.amzDate, credential);
  if (!isSameSignature(signature(credential.secretAccessKey, credential, toSign), claim.signature)) {
    throw new S3Error('SignatureDoesNotMatch', undefined, {
      AWSAccessKeyId: credential.accessKeyId,
      StringToSign: toSign,
      CanonicalRequest: canonical,
    });
  }
  refuseUnsignedHeaders(request.headers, claim.signedHeaders);
  return { accessKeyId: credential.accessKeyId, payloadHash: claim.payloadHash };
}

function claimFrom(request: IncomingRequest, nowMs: number): Claim | undefined {
  const { query } = request.target;
  const authorization = request.headers['authorization']?.[0];
  const isPresigned = query.has('X-Amz-Algorithm') || query.has('X-Amz-Signature');
  const isPresignedV2 = query.has('AWSAccessKeyId') && query.has('Signature');
  if (authorization !== undefined && (isPresigned || isPresignedV2)) {
    throw new S3Error('InvalidArgument', 'A request is signed in its query or in its header, not in both.');
  }
  if (isPresignedV2) throw unsupportedScheme();
  if (query.has('X-Amz-Security-Token') || request.headers['x-amz-security-token'] !== undefined) {
    throw new S3Error('InvalidToken', 'This development endpoint has no temporary credentials.');
  }
  if (isPresigned) return claimFromQuery(request, nowMs);
  return authorization === undefined ? undefined : claimFromHeader(request, authorization, nowMs);
}

function claimFromQuery({ target, headers }: IncomingRequest, nowMs: number): Claim {
  const malformed = 'AuthorizationQueryParametersError';
  const [credential, amzDate, expires, signedHeaders, givenSignature] = (
    ['Credential', 'Date', 'Expires', 'SignedHeaders', 'Signature'] as const
  ).map((name) => target.query.get(`X-Amz-${name}`));
  if (!credential || !amzDate || !expires || !signedHeaders || !givenSignature) throw new S3Error(malformed);
  if (target.query.get('X-Amz-Algorithm') !== SIGNING_ALGORITHM) throw new S3Error(malformed);
  if (!/^\d{1,15}$/.test(expires)) throw new S3Error(malformed, 'X-Amz-Expires is not a number of seconds.');
  const expiresS = Number(expires);
  if (expiresS > MAX_EXPIRES_S) {
    throw new S3Error(malformed, `X-Amz-Expires is more than a week: ${MAX_EXPIRES_S} seconds.`);
  }
  const signedAtMs = amzDateMs(amzDate);
  if (signedAtMs === undefined)
    throw new S3Error(malformed, 'X-Amz-Date is not of the form 20130524T000000Z.');
  if (signedAtMs > nowMs + MAX_CLOCK_SKEW_MS) {
    throw new S3Error('AccessDenied', 'Request is not yet valid', validity(signedAtMs, nowMs, expiresS));
  }
  if (nowMs > signedAtMs + expiresS * 1000) {
    throw new S3Error('AccessDenied', 'Request has expired', validity(signedAtMs, nowMs, expiresS));
  }
  return {
    credential,
    amzDate,
    signedHeaders: signedHeaders.split(';'),
    signature: givenSignature,
    payloadHash:
      target.query.get('X-Amz-Content-Sha256') ?? headers['x-amz-content-sha256']?.[0] ?? 'UNSIGNED-PAYLOAD',
    malformed,
  };
}

function claimFromHeader({ headers }: IncomingRequest, authorization: string, nowMs: number): Claim {
  const malformed = 'AuthorizationHeaderMalformed';
  const [scheme = '', parameters = ''] = authorization.split(/\s+(.*)/s, 2);
  if (scheme !== SIGNING_ALGORITHM) throw unsupportedScheme();
  const given = new Map(
    parameters.split(',').map((pair): [string, string] => {
      const at = pair.indexOf('=');
      return [pair.slice(0, at).trim(), pair.slice(at + 1).trim()];
    }),
  );
  const [credential, signedHeaders, givenSignature] = ['Credential', 'SignedHeaders', 'Signature'].map(
    (name) => given.get(name),
  );
  if (!credential || !signedHeaders || !givenSignature) {
    throw new S3Error(malformed, 'Authorization needs Credential, SignedHeaders and Signature.');
  }
  const payloadHash = headers['x-amz-content-sha256']?.[0];
  if (payloadHash === undefined) {
    throw new S3Error('InvalidRequest', 'The x-amz-content-sha256 header is required.');
  }
  const amzDate = headers['x-amz-date']?.[0] ?? '';
  const signedAtMs = amzDateMs(amzDate);
  if (signedAtMs === undefined) {
    throw new S3Error('AccessDenied', 'A signed request needs an x-amz-date of the form 20130524T000000Z.');
  }
  if (Math.abs(nowMs - signedAtMs) > MAX_CLOCK_SKEW_MS) {
    throw new S3Error('RequestTimeTooSkewed', undefined, {
      RequestTime: amzDate,
      ServerTime: new Date(nowMs).toISOString(),
      MaxAllowedSkewMilliseconds: MAX_CLOCK_SKEW_MS,
    });
  }
  return {
    credential,
    amzDate,
    signedHeaders: signedHeaders.split(';'),
    signature: givenSignature,
    payloadHash,
    malformed,
  };
}

/** An x-amz-* header changes what a request means; one added after signing was not agreed to by the signer. */
function refuseUnsignedHeaders(headers: HeaderValues, signedHeaders: readonly string[]): void {
  const unsigned = Object.keys(headers).filter(
    // x-amz-content-sha256 is part of every signature by its value.
    (name) => name.startsWith('x-amz-') && name !== 'x-amz-content-sha256' && !signedHeaders.includes(name),
  );
  if (unsigned.length === 0) return;
  throw new S3Error('AccessDenied', 'There were headers present in the request which were not signed', {
    HeadersNotSigned: unsigned.join(', '),
  });
}

function validity(signedAtMs: number, nowMs: number, expiresS: number): Record<string, string | number> {
  return {
    'X-Amz-Expires': expiresS,
    Expires: new Date(signedAtMs + expiresS * 1000).toISOString(),
    ServerTime: new Date(nowMs).toISOString(),
  };
}

function unsupportedScheme(): S3Error {
  return new S3Error('InvalidRequest', `Only ${SIGNING_ALGORITHM} signatures are supported.`);
}
