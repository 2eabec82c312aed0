import type { DescService } from '@bufbuild/protobuf';
import type { Interceptor } from '@connectrpc/connect';
import { Fault } from '../fault/fault.ts';
import type { Principal } from '../keys/api-key.ts';
import { type AccessRule, accessRuleOf } from './access.ts';
import { principalOf } from './call.ts';
import { guard } from './guard.ts';

/**
 * Lets a call through only if the caller's key holds the scope that the contract demands of the method, and the
 * caller's upload token, where one was sent in place of the key, allows the method's action.
 *
 * @throws Error at once if a method has no access rule: nothing is open because it was forgotten.
 */
export function admit(services: readonly DescService[]): Interceptor {
  const rules = new Map(
    services.flatMap(({ methods }) => methods).map((method) => [method, accessRuleOf(method)]),
  );
  return guard(({ method, contextValues }) => {
    const rule = rules.get(method);
    const principal = principalOf(contextValues);
    if (rule === undefined || principal === undefined) throw new Fault('SCOPE_MISSING');
    refuseForbidden(rule, principal);
  });
}

function refuseForbidden({ scope, tokenAction }: AccessRule, { scopes, uploadToken }: Principal): void {
  if (uploadToken !== undefined && (tokenAction === undefined || !uploadToken.actions.includes(tokenAction)))
    throw new Fault('UPLOAD_TOKEN_SCOPE');
  if (scope !== 'any' && !scopes.includes(scope)) {
    throw new Fault('SCOPE_MISSING', {
      publicMessage: `This call needs an API key with the scope ${scope}`,
    });
  }
}
