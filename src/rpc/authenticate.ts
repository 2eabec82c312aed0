import type { Interceptor } from '@connectrpc/connect';
import type { Principal } from '../keys/api-key.ts';
import { callOf, setPrincipal } from './call.ts';

/**
 * Checks an `Authorization` header. Throws a `Fault`: one of the `KEY_*` reasons, `RATE_LIMITED`, or
 * `STORE_UNAVAILABLE` when the key can be neither confirmed nor refused.
 */
export type Verify = (
  authorization: string | undefined,
  remoteAddress: string,
) => Principal | Promise<Principal>;

/** Puts the caller into the context, or ends the call. */
export function authenticate(verify: Verify): Interceptor {
  return (next) => async (request) => {
    const { authorization, record } = callOf(request.contextValues);
    setPrincipal(request.contextValues, await verify(authorization, record.remoteAddress));
    return next(request);
  };
}
