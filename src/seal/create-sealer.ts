// What a sealed text is, in base64url without padding:
//
//     version (1 byte) | key hint (2) | nonce (12) | AES-256-GCM of the payload | tag (16)
import {
  createCipheriv,
  createDecipheriv,
  createHmac,
  createSecretKey,
  hkdfSync,
  type KeyObject,
} from 'node:crypto';
import type { Sealer } from './sealer.ts';

/** The longest text that is made or opened. What is longer is refused before it is decoded. */
export const SEALED_MAX_LENGTH = 4096;

const VERSION = 1;
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const HINT_BYTES = 2;
const HEAD_BYTES = 1 + HINT_BYTES;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const OVERHEAD_BYTES = HEAD_BYTES + NONCE_BYTES + TAG_BYTES;

/** What is derived from one key for one purpose. */
interface SealingKey {
  /** Version and key hint: what every text of this key begins with. */
  readonly head: Buffer;
  /** As `KeyObject`s, because a raw Buffer is turned into one on each call. */
  readonly encryption: KeyObject;
  readonly nonces: KeyObject;
}

/**
 * The first key seals, every key opens: a new key goes in front, and the old one out once nothing that it sealed is
 * needed any more. What was sealed for another purpose does not open.
 *
 * The nonce is an HMAC of context and payload, so that equal inputs make equal texts, and different ones a nonce of
 * their own. NIST SP 800-38D §8.3 allows 2^32 nonces made like this per key.
 *
 * @throws RangeError from `seal` for a payload whose text would be longer than 4096 characters
 */
export function createSealer(keys: readonly [KeyObject, ...KeyObject[]], purpose: string): Sealer {
  const [first, ...others] = keys;
  const current = sealingKey(first, purpose);
  const all = [current, ...others.map((key) => sealingKey(key, purpose))];

  return {
    seal(payload, context) {
      const bytes = encrypt(payload, boundTo(current.head, purpose, context), current);
      const sealed = bytes.toString('base64url');
      if (sealed.length > SEALED_MAX_LENGTH)
        throw new RangeError(`a sealed text has at most ${SEALED_MAX_LENGTH} characters`);
      return sealed;
    },
    open(sealed, context) {
      const bytes = bytesOf(sealed);
      if (bytes === undefined) return undefined;
      // Two keys may share a hint.
      for (const key of all) {
        if (!bytes.subarray(0, HEAD_BYTES).equals(key.head)) continue;
        const payload = decrypt(bytes, boundTo(key.head, purpose, context), key);
        if (payload !== undefined) return payload;
      }
      return undefined;
    },
  };
}

function sealingKey(key: KeyObject, purpose: string): SealingKey {
  const derive = (part: string, lengthBytes: number) =>
    Buffer.from(hkdfSync('sha256', key, '', `presignd seal 1 ${part} ${purpose}`, lengthBytes));
  return {
    head: Buffer.concat([Buffer.of(VERSION), derive('hint', HINT_BYTES)]),
    encryption: createSecretKey(derive('encryption', KEY_BYTES)),
    nonces: createSecretKey(derive('nonces', KEY_BYTES)),
  };
}

/** What is authenticated beside the payload. A purpose holds no NUL, so no two contexts come to the same. */
function boundTo(head: Buffer, purpose: string, context: string): Buffer {
  return Buffer.concat([head, Buffer.from(`${purpose}\0${context}`)]);
}

function encrypt(payload: Uint8Array, bound: Buffer, { head, encryption, nonces }: SealingKey): Buffer {
  // The length keeps a context that ends like a payload begins from passing for another pair of the two.
  const boundBytes = Buffer.alloc(4);
  boundBytes.writeUInt32BE(bound.length);
  const mac = createHmac('sha256', nonces).update(boundBytes).update(bound).update(payload).digest();
  const nonce = mac.subarray(0, NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, encryption, nonce, { authTagLength: TAG_BYTES }).setAAD(bound);
  return Buffer.concat([head, nonce, cipher.update(payload), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(bytes: Buffer, bound: Buffer, { encryption }: SealingKey): Buffer | undefined {
  const nonce = bytes.subarray(HEAD_BYTES, HEAD_BYTES + NONCE_BYTES);
  const decipher = createDecipheriv(CIPHER, encryption, nonce, { authTagLength: TAG_BYTES })
    .setAAD(bound)
    .setAuthTag(bytes.subarray(-TAG_BYTES));
  const payload = decipher.update(bytes.subarray(HEAD_BYTES + NONCE_BYTES, -TAG_BYTES));
  try {
    decipher.final();
    return payload;
  } catch {
    return undefined;
  }
}

function bytesOf(sealed: string): Buffer | undefined {
  if (sealed.length > SEALED_MAX_LENGTH) return undefined;
  const bytes = Buffer.from(sealed, 'base64url');
  if (bytes.length < OVERHEAD_BYTES) return undefined;
  // Encoded again, because the decoder skips what is no base64url and ignores the bits behind the last byte.
  return bytes.toString('base64url') === sealed ? bytes : undefined;
}
