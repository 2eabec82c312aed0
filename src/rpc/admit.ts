import type { DescService } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { Fault } from '../fault/fault.ts';
import { accessRuleOf } from './access.ts';
import { principalOf } from './call.ts';

/**
 * Lets a call through only if the caller's key holds the scope that the contract demands of the method.
 *
 * @throws Error at once if a method has no access rule: nothing is open because it was forgotten.
 */
export function admit(services: readonly DescService[]): Interceptor {
  const scopes = new Map(
    services.flatMap(({ methods }) => methods).map((method) => [method, accessRuleOf(method).scope]),
  );
  return (next) => async (request) => {
    const scope = scopes.get(request.method);
    const principal = principalOf(request.contextValues);
    if (scope === undefined || principal === undefined) throw new Fault('SCOPE_MISSING');
    if (scope !== 'any' && !principal.scopes.includes(scope)) {
      throw new Fault('SCOPE_MISSING', {
        publicMessage: `This call needs an API key with the scope ${scope}`,
      });
    }
    return next(request);
  };
}
