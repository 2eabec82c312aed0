import { type DescMethod, type DescService, getOption, hasOption } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { access } from '../../gen/access/v1/access_pb.js';
import { Fault } from '../fault/fault.ts';
import { SCOPES, type Scope } from '../keys/api-key.ts';
import { principalOf, routeOf } from './call.ts';

/**
 * Lets a call through only if the caller's key holds the scope that the contract demands of the method.
 *
 * @throws Error at once if a method names no scope or an unknown one: nothing is open because it was forgotten.
 */
export function admit(services: readonly DescService[]): Interceptor {
  const scopes = new Map(
    services.flatMap(({ methods }) => methods).map((method) => [method, requiredScope(method)]),
  );
  return (next) => async (request) => {
    const scope = scopes.get(request.method);
    if (scope === undefined) throw new Fault('SCOPE_MISSING');
    if (!principalOf(request.contextValues)?.scopes.includes(scope)) {
      throw new Fault('SCOPE_MISSING', {
        publicMessage: `This call needs an API key with the scope ${scope}`,
      });
    }
    return next(request);
  };
}

function requiredScope(method: DescMethod): Scope {
  const named = hasOption(method, access) ? getOption(method, access).scope : undefined;
  const scope = SCOPES.find((known) => known === named);
  if (scope !== undefined) return scope;
  throw new Error(
    named === undefined
      ? `${routeOf(method)} has no (access.v1.access) option`
      : `${routeOf(method)} demands the unknown scope "${named}"`,
  );
}
