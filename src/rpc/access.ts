import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { type Access, access } from '../../gen/access/v1/access_pb.js';
import { SCOPES, type Scope } from '../keys/api-key.ts';
import { routeOf } from './call.ts';

/** What the contract demands of the callers of a method. */
export interface AccessRule {
  /** The scope that the caller's key must hold, or `any` if every valid key will do. */
  readonly scope: Scope | 'any';
  /** Fields that this server does not know are refused. */
  readonly refuseUnknownFields: boolean;
}

/** @throws Error if the method names no rule, an unknown scope, or both a scope and none. */
export function accessRuleOf(method: DescMethod): AccessRule {
  if (!hasOption(method, access)) throw new Error(`${routeOf(method)} has no (access.v1.access) option`);
  const option = getOption(method, access);
  return { scope: scopeOf(method, option), refuseUnknownFields: option.refuseUnknownFields };
}

function scopeOf(method: DescMethod, { scope: named, anyScope }: Access): AccessRule['scope'] {
  if (anyScope) {
    if (named === '') return 'any';
    throw new Error(`${routeOf(method)} demands the scope "${named}" and yet any`);
  }
  const scope = SCOPES.find((known) => known === named);
  if (scope === undefined) throw new Error(`${routeOf(method)} demands the unknown scope "${named}"`);
  return scope;
}
