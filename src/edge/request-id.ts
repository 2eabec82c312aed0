const BYTES_PER_ID = 12;
const MAX_INCOMING_LENGTH = 128;

/** The id of a request: the caller's own when that is clean, else a new one. */
export type RequestIds = (incoming: string | string[] | undefined) => string;

/**
 * Keeps an incoming `X-Request-Id` of 1–128 letters, digits, `_`, `.`, `:` and `-`; anything else could forge log
 * lines or headers. New ids are `req_` and 24 hex digits (96 random bits).
 */
export function createRequestIds(randomBytes: (size: number) => Uint8Array): RequestIds {
  return (incoming) => {
    if (typeof incoming === 'string' && isCleanRequestId(incoming)) return incoming;
    return `req_${Buffer.from(randomBytes(BYTES_PER_ID)).toString('hex')}`;
  };
}

/** Whether the text is `[\w.:-]{1,128}`. */
export function isCleanRequestId(text: string): boolean {
  if (text.length === 0 || text.length > MAX_INCOMING_LENGTH) return false;
  for (let i = 0; i < text.length; i++) {
    if (!isRequestIdCode(text.charCodeAt(i))) return false;
  }
  return true;
}

function isRequestIdCode(code: number): boolean {
  return (
    (code >= 0x61 && code <= 0x7a) || // a-z
    (code >= 0x2d && code <= 0x3a && code !== 0x2f) || // - . 0-9 :
    (code >= 0x41 && code <= 0x5a) || // A-Z
    code === 0x5f // _
  );
}
