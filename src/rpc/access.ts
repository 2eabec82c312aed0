import { type DescMethod, getOption, hasOption } from '@bufbuild/protobuf';
import { type Access, access } from '../../gen/access/v1/access_pb.js';
import { SCOPES, type Scope, TOKEN_ACTIONS, type TokenAction } from '../keys/api-key.ts';
import { routeOf } from './call.ts';

/** The most that a request may take unless its method says otherwise. A presign request is a few hundred bytes. */
export const REQUEST_DEFAULT_MAX_BYTES = 64 * 1024;

/** What the contract demands of the callers of a method. */
export interface AccessRule {
  /** The scope that the caller's key must hold, or `any` if every valid key will do. */
  readonly scope: Scope | 'any';
  /** What an upload token must allow; undefined where none will do. */
  readonly tokenAction: TokenAction | undefined;
  /** Fields that this server does not know are refused. */
  readonly refuseUnknownFields: boolean;
}

/** @throws Error if the method names no rule, an unknown scope or token action, or both a scope and none. */
export function accessRuleOf(method: DescMethod): AccessRule {
  if (!hasOption(method, access)) throw new Error(`${routeOf(method)} has no (access.v1.access) option`);
  const option = getOption(method, access);
  return {
    scope: scopeOf(method, option),
    tokenAction: tokenActionOf(method, option),
    refuseUnknownFields: option.refuseUnknownFields,
  };
}

/** The most bytes that a request of the method may take, decompressed. */
export function requestMaxBytes(method: DescMethod): number {
  const { maxRequestBytes } = getOption(method, access);
  return maxRequestBytes > 0 ? maxRequestBytes : REQUEST_DEFAULT_MAX_BYTES;
}

/** Whether a request may take more than usual: much memory, and work for longer than others can be kept waiting. */
export function mayBeLarge(method: DescMethod): boolean {
  return requestMaxBytes(method) > REQUEST_DEFAULT_MAX_BYTES;
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

function tokenActionOf(method: DescMethod, { tokenAction: named }: Access): AccessRule['tokenAction'] {
  const action = TOKEN_ACTIONS.find((known) => known === named);
  if (action === undefined && named !== '')
    throw new Error(`${routeOf(method)} demands the unknown token action "${named}"`);
  return action;
}
