import { hash } from 'node:crypto';

/** The block of SHA-256, to which HMAC pads its key. */
const BLOCK_BYTES = 64;
const DIGEST_BYTES = 32;

/** Room for the texts that are signed most. Longer ones make more. */
const USUAL_TEXT_BYTES = 256;

/** HMAC-SHA-256 with one key: the code of a text, in hexadecimal digits. */
export type Hmac = (text: string) => string;

/**
 * HMAC-SHA-256 (RFC 2104) as what it is, two hashes. `createHmac` takes more than twice as long over a short text, most
 * of it to set itself up for any hash and any amount.
 */
export function createHmacSha256(key: Uint8Array): Hmac {
  const block = key.length > BLOCK_BYTES ? hash('sha256', key, 'buffer') : key;
  const outer = padded(block, 0x5c, DIGEST_BYTES);
  let inner = padded(block, 0x36, USUAL_TEXT_BYTES);
  return (text) => {
    const bytes = Buffer.byteLength(text);
    if (BLOCK_BYTES + bytes > inner.length) inner = padded(block, 0x36, bytes);
    inner.write(text, BLOCK_BYTES);
    const digest = hash('sha256', inner.subarray(0, BLOCK_BYTES + bytes), 'binary');
    outer.write(digest, BLOCK_BYTES, 'binary');
    return hash('sha256', outer, 'hex');
  };
}

/** The key, padded and masked, with room behind it. */
function padded(key: Uint8Array, mask: number, roomBytes: number): Buffer {
  const block = Buffer.alloc(BLOCK_BYTES + roomBytes);
  block.set(key);
  for (let at = 0; at < BLOCK_BYTES; at += 1) block[at] = (block[at] ?? 0) ^ mask;
  return block;
}
