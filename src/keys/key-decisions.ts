// What becomes of a key. Pure: the key as it is, what is asked for, who asks and when go in; the key as it shall be,
// or the Fault that says why not, comes out.
import { Fault } from '../fault/fault.ts';
import { canonicalJson } from '../seal/fingerprint.ts';
import type { ApiKey, KeyStatus } from './api-key.ts';
import type { KeyIdentity } from './key-identity.ts';
import type { CheckedCreation, CheckedUpdate } from './key-input.ts';
import { type Allowance, widerThan } from './policy-order.ts';
import { shownStatus } from './shown-status.ts';

/** What whoever asks may do, and the plan of keys that name none, where it limits; undefined is the operator, who may do everything. */
export type Asking = (Allowance & { readonly defaultPlan?: string | undefined }) | undefined;

/** The reason of a revocation that a rotation without overlap is. */
const ROTATED = 'rotated';

/** A new key, or the BEYOND_CALLER that names what the caller does not have to give. */
export function decideCreation(
  asked: CheckedCreation,
  identity: KeyIdentity,
  asking: Asking,
  nowMs: number,
): ApiKey | Fault {
  const { policy = asking?.policy ?? null, rateLimit = asking?.rateLimit ?? null } = asked;
  return withinCaller(newKey({ ...asked, policy, rateLimit }, identity, nowMs), asking);
}

/** A key at the beginning of its life. */
export function newKey(
  granted: CheckedCreation & Pick<ApiKey, 'policy' | 'rateLimit'>,
  identity: KeyIdentity,
  nowMs: number,
): ApiKey {
  return {
    ...granted,
    ...identity,
    status: 'active',
    version: 1,
    createdAtMs: nowMs,
    revokedAtMs: null,
    revokeReason: null,
    lastUsedAtMs: null,
    rotatedFrom: null,
    rotatedTo: null,
    overlapEndsAtMs: null,
  };
}

/**
 * The key as the update wants it: the very same one when that changes nothing. Whatever grants something is judged by
 * all that the key may do afterwards; a new name and being disabled grant nothing. A Fault API_KEY_NOT_ACTIVE for a
 * revoked key, or BEYOND_CALLER.
 */
export function decideUpdate(current: ApiKey, update: CheckedUpdate, asking: Asking): ApiKey | Fault {
  if (current.status === 'revoked') return notActive('The API key is revoked and cannot be changed');
  const { name, scopes, policy, rateLimit, disabled } = update;
  const next: ApiKey = {
    ...current,
    name: name ?? current.name,
    scopes: scopes ?? current.scopes,
    policy: policy === undefined ? current.policy : policy,
    rateLimit: rateLimit === undefined ? current.rateLimit : rateLimit,
    status: statusAfter(current.status, disabled),
    version: current.version + 1,
  };
  const grants =
    allowanceOf(next) !== allowanceOf(current) || (next.status === 'active' && current.status === 'disabled');
  if (!grants && next.name === current.name && next.status === current.status) return current;
  return grants ? withinCaller(next, asking) : next;
}

/** The revoked key. One that is revoked already stays the very same: the first revocation stands. */
export function decideRevocation(current: ApiKey, reason: string | null, nowMs: number): ApiKey {
  if (current.status === 'revoked') return current;
  return {
    ...current,
    status: 'revoked',
    revokedAtMs: nowMs,
    revokeReason: reason,
    version: current.version + 1,
  };
}

export interface Rotation {
  readonly replaced: ApiKey;
  readonly replacement: ApiKey;
}

export interface RotationContext {
  readonly identity: KeyIdentity;
  /** How long the replaced key goes on working; 0 revokes it at once. */
  readonly overlapMs: number;
  /** Wall-clock milliseconds. */
  readonly nowMs: number;
}

/**
 * A key of the same kind with a secret of its own, and an end for the one that it replaces. A Fault API_KEY_NOT_ACTIVE
 * that says what is in the way, or BEYOND_CALLER: who cannot give the key's allowance cannot have a secret for it.
 */
export function decideRotation(
  current: ApiKey,
  { identity, overlapMs, nowMs }: RotationContext,
  asking: Asking,
): Rotation | Fault {
  const status = shownStatus(current, nowMs);
  if (status !== 'active') return notActive(`The API key is ${status} and cannot be rotated`);
  if (current.rotatedTo !== null)
    return notActive(`The API key has been rotated already, to ${current.rotatedTo}`);

  const endsAtMs = Math.min(current.expiresAtMs ?? Number.POSITIVE_INFINITY, nowMs + overlapMs);
  const replacement = withinCaller(
    {
      ...current,
      ...identity,
      version: 1,
      createdAtMs: nowMs,
      lastUsedAtMs: null,
      rotatedFrom: current.id,
      overlapEndsAtMs: endsAtMs,
    },
    asking,
  );
  if (replacement instanceof Fault) return replacement;
  const ended =
    overlapMs > 0 ? { ...current, expiresAtMs: endsAtMs } : decideRevocation(current, ROTATED, nowMs);
  const replaced = {
    ...ended,
    version: current.version + 1,
    rotatedTo: identity.id,
    overlapEndsAtMs: endsAtMs,
  };
  return { replaced, replacement };
}

function withinCaller(key: ApiKey, asking: Asking): ApiKey | Fault {
  const fields = asking === undefined ? [] : widerThan(key, asking, asking.defaultPlan);
  return fields.length === 0 ? key : new Fault('BEYOND_CALLER', { fields });
}

function statusAfter(status: KeyStatus, disabled: boolean | undefined): KeyStatus {
  if (disabled === undefined) return status;
  return disabled ? 'disabled' : 'active';
}

function allowanceOf({ scopes, policy, rateLimit }: ApiKey): string {
  return canonicalJson({ scopes, policy, rateLimit });
}

function notActive(publicMessage: string): Fault {
  return new Fault('API_KEY_NOT_ACTIVE', { publicMessage });
}
