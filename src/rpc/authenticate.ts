import type { Interceptor } from '@connectrpc/connect';
import type { KeyVerifier } from '../keys/verify.ts';
import { type Call, callOf, setPrincipal } from './call.ts';
import { guard } from './guard.ts';

/** How an `Authorization` header, or a certificate where there is none, becomes a caller. */
export type Verify = KeyVerifier['verify'];

/** Puts the caller into the context, or ends the call. */
export function authenticate(verify: Verify): Interceptor {
  return guard(({ contextValues }) => {
    const caller = identify(verify, callOf(contextValues));
    return caller instanceof Promise
      ? caller.then((late) => setPrincipal(contextValues, late))
      : setPrincipal(contextValues, caller);
  });
}

/** Who is calling. Throws or rejects as `Verify` does. */
export function identify(
  verify: Verify,
  { authorization, record, origin }: Pick<Call, 'authorization' | 'record' | 'origin'>,
): ReturnType<Verify> {
  return verify(authorization, record.remoteAddress, origin, record.certificate);
}
