/** Ids made from one draw of random bytes. */
const IDS_PER_DRAW = 256;
const BYTES_PER_ID = 12;
const MAX_INCOMING_LENGTH = 128;

/** The id of a request: the caller's own when that is clean, else a new one. */
export type RequestIds = (incoming: string | string[] | undefined) => string;

/**
 * Keeps an incoming `X-Request-Id` of 1–128 letters, digits, `_`, `.`, `:` and `-`; anything else could forge log
 * lines or headers. New ids are `req_` and 24 hex digits (96 random bits), drawn from a pool to be cheap.
 */
export function createRequestIds(randomBytes: (size: number) => Uint8Array): RequestIds {
  let pool = Buffer.alloc(0);
  let used = 0;

  return (incoming) => {
    if (typeof incoming === 'string' && isCleanRequestId(incoming)) return incoming;
    if (used >= pool.length) {
      pool = Buffer.from(randomBytes(IDS_PER_DRAW * BYTES_PER_ID));
      used = 0;
    }
    used += BYTES_PER_ID;
    return `req_${pool.toString('hex', used - BYTES_PER_ID, used)}`;
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
