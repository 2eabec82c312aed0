import type { Interceptor } from '@connectrpc/connect';
import type { KeyVerifier } from '../keys/verify.ts';
import { callOf, setPrincipal } from './call.ts';

/** How an `Authorization` header becomes a caller. */
export type Verify = KeyVerifier['verify'];

/** Puts the caller into the context, or ends the call. */
export function authenticate(verify: Verify): Interceptor {
  return (next) => async (request) => {
    const { authorization, record } = callOf(request.contextValues);
    setPrincipal(request.contextValues, await verify(authorization, record.remoteAddress));
    return next(request);
  };
}
