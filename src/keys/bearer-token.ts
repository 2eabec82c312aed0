import { TOKEN_LENGTH } from './token.ts';
import { looksLikeUploadToken } from './upload-token.ts';

/** No legal header is longer; anything beyond is not even read. */
const API_KEY_HEADER_MAX_LENGTH = 256;
const UPLOAD_TOKEN_HEADER_MAX_LENGTH = 4096;

const SCHEME = 'bearer ';
const SPACE = 0x20;

/** The token of `Bearer <token>`, whose scheme is case-insensitive; undefined when it cannot be one of ours. */
export function bearerToken(authorization: string): string | undefined {
  const { length } = authorization;
  if (length > UPLOAD_TOKEN_HEADER_MAX_LENGTH) return undefined;
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  let start = SCHEME.length;
  while (authorization.charCodeAt(start) === SPACE) start++;
  let end = length;
  while (end > start && authorization.charCodeAt(end - 1) === SPACE) end--;
  const token = authorization.slice(start, end);
  if (looksLikeUploadToken(token)) return token;
  return length <= API_KEY_HEADER_MAX_LENGTH && token.length === TOKEN_LENGTH ? token : undefined;
}
