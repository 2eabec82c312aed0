import type { Interceptor } from '@connectrpc/connect';
import type { KeyVerifier } from '../keys/verify.ts';
import { type Call, callOf, setPrincipal } from './call.ts';

/** How an `Authorization` header, or a certificate where there is none, becomes a caller. */
export type Verify = KeyVerifier['verify'];

/** Puts the caller into the context, or ends the call. */
export function authenticate(verify: Verify): Interceptor {
  return (next) => async (request) => {
    const { contextValues } = request;
    setPrincipal(contextValues, await identify(verify, callOf(contextValues)));
    return next(request);
  };
}

/** Who is calling. Throws or rejects as `Verify` does. */
export function identify(
  verify: Verify,
  { authorization, record, origin }: Pick<Call, 'authorization' | 'record' | 'origin'>,
): ReturnType<Verify> {
  return verify(authorization, record.remoteAddress, origin, record.certificate);
}
