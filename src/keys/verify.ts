import { Fault } from '../fault/fault.ts';
import type { KeyDigest, KeyRecord, Principal } from './api-key.ts';
import type { Clock } from './clock.ts';
import type { KeyLookup } from './lookup.ts';
import type { Peppers } from './peppers.ts';
import type { FailureLimiter } from './ports.ts';
import { checkToken, digestFromToken, TOKEN_LENGTH } from './token.ts';

/** No legal header is longer; anything beyond is not even read. */
const AUTHORIZATION_MAX_LENGTH = 256;
const SCHEME = 'bearer ';
const SPACE = 0x20;

export interface KeyVerifier {
  /**
   * Who is calling, from the value of the `Authorization` header (RFC 6750 §2.1). Synchronous, and without any
   * check of the token's form, when memory knows the key: its digest proves it.
   *
   * Throws or rejects with a Fault KEY_MISSING, KEY_MALFORMED, KEY_UNKNOWN, KEY_REVOKED, KEY_EXPIRED or
   * KEY_DISABLED, which callers see as one and the same 401; RATE_LIMITED while the address is over its limit
   * of failures; STORE_UNAVAILABLE when nobody can tell.
   */
  verify(authorization: string | undefined, remoteAddress: string): Principal | Promise<Principal>;
}

export interface KeyVerifierDeps {
  readonly lookup: Pick<KeyLookup, 'peek' | 'find'>;
  readonly peppers: Peppers;
  readonly clock: Pick<Clock, 'wallMs'>;
  readonly limiter?: FailureLimiter | undefined;
  /** Told of the id of every key that is accepted. Must be cheap and must not throw. */
  readonly onAccepted?: ((keyId: string) => void) | undefined;
}

const NO_LIMITER: FailureLimiter = { blockedForMs: () => 0, recordFailure() {} };

export function createKeyVerifier(deps: KeyVerifierDeps): KeyVerifier {
  const { lookup, peppers, clock, limiter = NO_LIMITER, onAccepted = () => {} } = deps;

  return {
    verify(authorization, remoteAddress) {
      if (authorization === undefined) throw new Fault('KEY_MISSING');
      const token = bearerToken(authorization);
      if (token === undefined) throw guess('KEY_MALFORMED', remoteAddress);
      const digest = digestFromToken(token);
      const known = lookup.peek(digest);
      if (typeof known === 'object') return principalOf(known);
      if (known === 'absent') throw guess('KEY_UNKNOWN', remoteAddress);
      // A genuine tag is asked about even from an address over its limit: nobody can mint one, and a key that is
      // only not in memory yet must not suffer from its neighbours.
      if (checkToken(token, peppers) !== 'genuine') throw guess('KEY_MALFORMED', remoteAddress);
      return find(digest, remoteAddress);
    },
  };

  function find(digest: KeyDigest, remoteAddress: string): Principal | Promise<Principal> {
    const found = lookup.find(digest);
    if (found instanceof Promise) return found.then((record) => settle(record, remoteAddress));
    return settle(found, remoteAddress);
  }

  function settle(record: KeyRecord | undefined, remoteAddress: string): Principal {
    if (record === undefined) throw guess('KEY_UNKNOWN', remoteAddress);
    return principalOf(record);
  }

  // Only guesses count. A revoked or expired key was a real one, and whoever still sends it must not lock out
  // the neighbours behind the same address.
  function guess(reason: 'KEY_MALFORMED' | 'KEY_UNKNOWN', remoteAddress: string): Fault {
    const retryAfterMs = limiter.blockedForMs(remoteAddress);
    if (retryAfterMs > 0) return new Fault('RATE_LIMITED', { retryAfterMs });
    limiter.recordFailure(remoteAddress);
    return new Fault(reason);
  }

  function principalOf(record: KeyRecord): Principal {
    if (record.status === 'revoked') throw new Fault('KEY_REVOKED');
    if (record.status === 'disabled') throw new Fault('KEY_DISABLED');
    if (record.expiresAtMs !== null && record.expiresAtMs <= clock.wallMs()) throw new Fault('KEY_EXPIRED');
    onAccepted(record.id);
    const { id: keyId, owner, scopes, policy, rateLimit } = record;
    return { keyId, owner, scopes, policy, rateLimit };
  }
}

/** The token of `Bearer <token>`, whose scheme is case-insensitive; undefined when it cannot be one of ours. */
function bearerToken(authorization: string): string | undefined {
  if (authorization.length > AUTHORIZATION_MAX_LENGTH) return undefined;
  if (authorization.slice(0, SCHEME.length).toLowerCase() !== SCHEME) return undefined;
  let start = SCHEME.length;
  while (authorization.charCodeAt(start) === SPACE) start++;
  let end = authorization.length;
  while (end > start && authorization.charCodeAt(end - 1) === SPACE) end--;
  return end - start === TOKEN_LENGTH ? authorization.slice(start, end) : undefined;
}
