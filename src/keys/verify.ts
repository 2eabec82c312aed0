import { Fault } from '../fault/fault.ts';
import type { KeyDigest, KeyRecord, Principal, UploadTokenGrant } from './api-key.ts';
import { bearerToken } from './bearer-token.ts';
import { type CertificateOwners, principalOfCertificate } from './certificate-owner.ts';
import type { ClientCertificate } from './client-certificate.ts';
import type { Clock } from './clock.ts';
import type { KeyLookup } from './lookup.ts';
import type { Peppers } from './peppers.ts';
import type { FailureLimiter } from './ports.ts';
import { checkToken, digestFromToken } from './token.ts';
import { looksLikeUploadToken } from './upload-token.ts';
import type { UploadTokens } from './upload-tokens.ts';

export interface KeyVerifier {
  /**
   * Who is calling, from the value of the `Authorization` header (RFC 6750 §2.1). Synchronous, and without any
   * check of the token's form, when memory knows the key: its digest proves it. `origin` is the value of the `Origin`
   * header, which only upload tokens are held to.
   *
   * Without an `Authorization` header, what the connection's `certificate` stands for. A header is judged by itself:
   * whoever brings a key means that key, and a gateway's certificate must not lend its rights to the keys that pass it.
   *
   * Throws or rejects with a Fault KEY_MISSING, KEY_MALFORMED, KEY_UNKNOWN, KEY_REVOKED, KEY_EXPIRED, KEY_DISABLED,
   * UPLOAD_TOKEN_MALFORMED, UPLOAD_TOKEN_EXPIRED or UPLOAD_TOKEN_ORIGIN, which callers see as one and the same 401;
   * so are those of `principalOfCertificate`; RATE_LIMITED while the address is over its limit of failures; STORE_UNAVAILABLE when nobody can tell.
   */
  verify(
    authorization: string | undefined,
    remoteAddress: string,
    origin?: string | undefined,
    certificate?: ClientCertificate | undefined,
  ): Principal | Promise<Principal>;
}

export interface KeyVerifierDeps {
  readonly lookup: Pick<KeyLookup, 'peek' | 'find'>;
  readonly peppers: Peppers;
  readonly clock: Pick<Clock, 'wallMs'>;
  /** Without it no upload token is taken. */
  readonly uploadTokens?: Pick<UploadTokens, 'open'> | undefined;
  /** What certificates stand for; without it for nobody. */
  readonly certificateOwners?: CertificateOwners | undefined;
  readonly limiter?: FailureLimiter | undefined;
  /** Told of the id of every key that is accepted. Must be cheap and must not throw. */
  readonly onAccepted?: ((keyId: string) => void) | undefined;
}

const NO_LIMITER: FailureLimiter = { blockedForMs: () => 0, recordFailure() {} };

export function createKeyVerifier(deps: KeyVerifierDeps): KeyVerifier {
  const { lookup, peppers, clock, uploadTokens, certificateOwners } = deps;
  const { limiter = NO_LIMITER, onAccepted = () => {} } = deps;

  return {
    verify(authorization, remoteAddress, origin, certificate) {
      if (authorization === undefined) return verifyCertificate(certificate, origin);
      const token = bearerToken(authorization);
      if (token === undefined) throw guess('KEY_MALFORMED', remoteAddress);
      if (looksLikeUploadToken(token)) return verifyUploadToken(token, remoteAddress, origin);
      const digest = digestFromToken(token);
      const known = lookup.peek(digest);
      if (typeof known === 'object') return principalOf(known, digest);
      if (known === 'absent') throw guess('KEY_UNKNOWN', remoteAddress);
      // A genuine tag is asked about even from an address over its limit: nobody can mint one, and a key that is
      // only not in memory yet must not suffer from its neighbours.
      if (checkToken(token, peppers) !== 'genuine') throw guess('KEY_MALFORMED', remoteAddress);
      return find(digest, () => guess('KEY_UNKNOWN', remoteAddress));
    },
  };

  function verifyCertificate(certificate: ClientCertificate | undefined, origin: string | undefined) {
    if (certificate === undefined || certificateOwners === undefined) throw new Fault('KEY_MISSING');
    return principalOfCertificate(certificate, certificateOwners, origin, clock.wallMs());
  }

  function verifyUploadToken(token: string, remoteAddress: string, origin: string | undefined) {
    const content = uploadTokens?.open(token);
    if (content === undefined) throw guess('UPLOAD_TOKEN_MALFORMED', remoteAddress);
    const { digest, grant } = content;
    refuseUnusable(grant, origin, clock.wallMs());
    // No guess: the seal proves that there was such a key.
    return find(digest, () => new Fault('KEY_UNKNOWN'), grant);
  }

  function find(
    digest: KeyDigest,
    whenUnknown: () => Fault,
    uploadToken?: UploadTokenGrant,
  ): Principal | Promise<Principal> {
    const settle = (record: KeyRecord | undefined) => {
      if (record === undefined) throw whenUnknown();
      return principalOf(record, digest, uploadToken);
    };
    const found = lookup.find(digest);
    return found instanceof Promise ? found.then(settle) : settle(found);
  }

  // Only guesses count. A revoked or expired key was a real one, and whoever still sends it must not lock out
  // the neighbours behind the same address.
  function guess(
    reason: 'KEY_MALFORMED' | 'KEY_UNKNOWN' | 'UPLOAD_TOKEN_MALFORMED',
    remoteAddress: string,
  ): Fault {
    const retryAfterMs = limiter.blockedForMs(remoteAddress);
    if (retryAfterMs > 0) return new Fault('RATE_LIMITED', { retryAfterMs });
    limiter.recordFailure(remoteAddress);
    return new Fault(reason);
  }

  function principalOf(record: KeyRecord, digest: KeyDigest, uploadToken?: UploadTokenGrant): Principal {
    if (record.status === 'revoked') throw new Fault('KEY_REVOKED');
    if (record.status === 'disabled') throw new Fault('KEY_DISABLED');
    if (record.expiresAtMs !== null && record.expiresAtMs <= clock.wallMs()) throw new Fault('KEY_EXPIRED');
    onAccepted(record.id);
    const { id: keyId, owner, scopes, policy, rateLimit } = record;
    return { keyId, owner, scopes, policy, rateLimit, digest, uploadToken };
  }
}

function refuseUnusable(
  { expiresAtMs, origin: only }: UploadTokenGrant,
  origin: string | undefined,
  nowMs: number,
): void {
  if (expiresAtMs <= nowMs) throw new Fault('UPLOAD_TOKEN_EXPIRED');
  if (only !== null && only !== origin) throw new Fault('UPLOAD_TOKEN_ORIGIN');
}
