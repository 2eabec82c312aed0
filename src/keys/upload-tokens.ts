// Makes and reads upload tokens: what a server gives a browser in place of its API key.
import { Fault } from '../fault/fault.ts';
import type { Sealer } from '../seal/sealer.ts';
import type { Principal, UploadTokenGrant } from './api-key.ts';
import { type RandomBytes, randomBase62 } from './base62.ts';
import {
  openUploadToken,
  sealUploadToken,
  UPLOAD_TOKEN_MAX_LENGTH,
  type UploadTokenContent,
} from './upload-token.ts';
import { checkUploadTokenInput, type UploadTokenInput } from './upload-token-input.ts';

/** 131 random bits: ids name tokens in logs and count what they used, and need to be unique, not secret. */
const ID_RANDOM_LENGTH = 22;

export interface IssuedUploadToken {
  /** The secret. It exists only here: nothing keeps it. */
  readonly token: string;
  readonly grant: UploadTokenGrant;
}

export interface UploadTokens {
  /**
   * A new token of the caller's key. Throws a Fault INVALID_REQUEST that names the fields, BEYOND_CALLER for a policy
   * wider than the key's, UPLOAD_TOKEN_SCOPE for a caller who has no more than an upload token, and API_KEY_NEEDED for
   * one who has no key. No I/O.
   */
  issue(input: UploadTokenInput, principal: Principal, nowMs: number): IssuedUploadToken;
  /** What a token says, also where it has expired; undefined for anything that was not sealed here. No I/O. */
  open(token: string): UploadTokenContent | undefined;
}

export interface UploadTokensDeps {
  readonly sealer: Sealer;
  readonly randomBytes: RandomBytes;
}

export function createUploadTokens({ sealer, randomBytes }: UploadTokensDeps): UploadTokens {
  return {
    issue(input, principal, nowMs) {
      if (principal.uploadToken !== undefined) throw new Fault('UPLOAD_TOKEN_SCOPE');
      const { digest } = principal;
      // Whoever calls with a certificate has no key that the token could end with.
      if (digest === undefined) throw new Fault('API_KEY_NEEDED');
      const { ttlSeconds, ...allowed } = checkUploadTokenInput(input, principal.policy);
      const id = `upl_${randomBase62(ID_RANDOM_LENGTH, randomBytes)}`;
      // Rounded up: a token of one second must not be dead before it arrives.
      const expiresAtMs = Math.ceil(nowMs / 1_000 + ttlSeconds) * 1_000;
      const grant = { ...allowed, id, expiresAtMs };
      const token = sealUploadToken({ digest, grant }, sealer);
      if (token === undefined) throw tooLong();
      return { token, grant };
    },
    open: (token) => openUploadToken(token, sealer),
  };
}

function tooLong(): Fault {
  const message = `must be shorter: it makes a token of more than ${UPLOAD_TOKEN_MAX_LENGTH} characters`;
  return new Fault('INVALID_REQUEST', { fields: [{ field: 'policy', message }] });
}
