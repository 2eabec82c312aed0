import type { Answer, Sent } from '../support/http-requests.ts';
import type { File, UploadAnswer } from '../support/upload-calls.ts';

interface Put extends Required<Sent> {
  readonly url: string;
}

/** A way in which an upload differs from what was signed, and how S3 refuses it: status and error code. */
export interface ForbiddenVariation {
  readonly name: string;
  readonly vary: (put: Put, answer: UploadAnswer) => Put;
  /** The answer of AWS, by its documentation, and of the S3 of `presignd dev`. */
  readonly refusal: string;
  /** MinIO's, where it is another one. */
  readonly refusalOfMinio?: string;
}

const MISMATCH = '403 SignatureDoesNotMatch';
export const DENIED = '403 AccessDenied';

/** What nobody can do with a presigned upload but what was signed. */
export const FORBIDDEN_VARIATIONS: readonly ForbiddenVariation[] = [
  {
    name: 'one byte more',
    vary: (put) => withBody(put, Buffer.concat([Buffer.from(put.body), Buffer.from('!')])),
    refusal: MISMATCH,
  },
  {
    name: 'one byte less',
    vary: (put) => withBody(put, Buffer.from(put.body).subarray(1)),
    refusal: MISMATCH,
  },
  { name: 'no bytes', vary: (put) => withBody(put, Buffer.alloc(0)), refusal: MISMATCH },
  { name: 'another type', vary: (put) => withHeader(put, 'content-type', 'text/html'), refusal: MISMATCH },
  {
    name: 'the type with a parameter',
    vary: (put) => withHeader(put, 'content-type', `${put.headers['content-type']}; charset=utf-8`),
    refusal: MISMATCH,
  },
  {
    name: 'no type',
    vary: (put) => withHeader(put, 'content-type', undefined),
    refusal: MISMATCH,
    // It looks whether signed headers are there before it looks at the signature.
    refusalOfMinio: '400 AccessDenied',
  },
  {
    name: 'the method POST',
    vary: (put) => ({ ...put, method: 'POST' }),
    refusal: MISMATCH,
    // It has no such operation on objects and does not look further.
    refusalOfMinio: '400 BadRequest',
  },
  { name: 'the method DELETE', vary: (put) => ({ ...put, method: 'DELETE' }), refusal: MISMATCH },
  {
    name: 'another key',
    vary: (put, { fileKey }) => replaceInUrl(put, fileKey, `${fileKey}x`),
    refusal: MISMATCH,
  },
  {
    name: 'another bucket',
    vary: (put) => ({ ...put, url: put.url.replace(/^(http:\/\/[^/]+\/)[^/]+/, '$1other-bucket') }),
    refusal: MISMATCH,
  },
  {
    name: 'another signature',
    vary: (put) => ({ ...put, url: withOtherSignature(put.url) }),
    refusal: MISMATCH,
  },
  {
    name: 'a longer life',
    vary: (put) => ({ ...put, url: put.url.replace(/X-Amz-Expires=\d+/, 'X-Amz-Expires=604800') }),
    refusal: MISMATCH,
  },
  {
    name: 'fewer signed headers',
    vary: (put) => ({
      ...put,
      url: put.url.replace(/X-Amz-SignedHeaders=[^&]+/, 'X-Amz-SignedHeaders=host'),
    }),
    refusal: MISMATCH,
  },
  {
    name: 'an x-amz header that was not signed',
    vary: (put) => withHeader(put, 'x-amz-meta-added', 'later'),
    refusal: DENIED,
    refusalOfMinio: '400 AccessDenied',
  },
  {
    name: 'no signature at all',
    vary: (put) => ({ ...put, url: put.url.replace(/\?.*/, '') }),
    refusal: DENIED,
  },
];

/** The upload as it was signed. */
export function signedPut(answer: UploadAnswer, { content }: File): Put {
  return { url: answer.uploadUrl, method: answer.method, headers: answer.headers, body: content };
}

/** Status and error code of S3's answer. */
export function refusalFrom({ status, body }: Answer): string {
  return `${status} ${/<Code>([^<]+)<\/Code>/.exec(body)?.[1] ?? 'without a code'}`;
}

/** As a client that has these bytes would send them, with their own length. */
function withBody(put: Put, body: Buffer): Put {
  return { ...withHeader(put, 'content-length', String(body.length)), body };
}

function withHeader(put: Put, name: string, value: string | undefined): Put {
  const { [name]: _, ...others } = put.headers;
  return { ...put, headers: value === undefined ? others : { ...others, [name]: value } };
}

function replaceInUrl(put: Put, what: string, by: string): Put {
  const url = put.url.replace(what, by);
  if (url === put.url) throw new Error(`the URL does not contain ${what}`);
  return { ...put, url };
}

function withOtherSignature(url: string): string {
  return url.replace(
    /(X-Amz-Signature=[0-9a-f]*)([0-9a-f])/,
    (_, start, last) => start + (last === '0' ? '1' : '0'),
  );
}
