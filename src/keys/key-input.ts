import type { FieldViolation } from '../fault/fault.ts';
import { type KeyEnvironment, type KeyPolicy, type KeyRateLimit, SCOPES, type Scope } from './api-key.ts';
import { checkPolicy } from './policy-input.ts';
import { checkRateLimit } from './rate-limit-input.ts';
import { type Rule, refuseViolations, violationsOf } from './violations.ts';

const KEY_NAME_MAX_LENGTH = 100;
const OWNER_MAX_LENGTH = 100;
const REASON_MAX_LENGTH = 200;
const OVERLAP_DEFAULT_MS = 24 * 3_600_000;
const OVERLAP_MAX_MS = 30 * 24 * 3_600_000;
const DEFAULT_SCOPES = ['uploads:create'] as const satisfies readonly Scope[];
/** Whose keys are that nobody names an owner for. */
export const DEFAULT_OWNER = 'default';
/** The last moment that RFC 3339 can express: one key with a later end would break every list that it is in. */
const LAST_MOMENT_MS = Date.UTC(9999, 11, 31, 23, 59, 59, 999);

const CONTROL_CHARACTER = /\p{Cc}/u;
/** No slash: an owner is a prefix of object keys, and `a` must not be able to reach into `a/b`. */
const OWNER = /^[A-Za-z0-9][A-Za-z0-9._@:+-]*$/;
const IDEMPOTENCY_KEY = /^[\x21-\x7e]{1,255}$/;

export interface CreateKeyInput {
  /** 1–100 characters, for people. */
  readonly name: string;
  /** For the operator only: whom the key acts for, `default` when left out. A calling key makes keys for its own owner. */
  readonly owner?: string | undefined;
  readonly environment: KeyEnvironment;
  /** Left out: `uploads:create`. */
  readonly scopes?: readonly string[] | undefined;
  /** Left out: the policy of the calling key, if there is one. */
  readonly policy?: KeyPolicy | undefined;
  /** Left out: the limit of the calling key, if there is one. */
  readonly rateLimit?: KeyRateLimit | undefined;
  /** Wall-clock milliseconds in the future, or null for a key that does not expire. */
  readonly expiresAtMs: number | null;
  /** 1–255 characters that name this creation: a repetition makes no second key. */
  readonly idempotencyKey?: string | undefined;
}

/** What to change; what is left out stays. */
export interface UpdateKeyInput {
  readonly name?: string | undefined;
  readonly scopes?: readonly string[] | undefined;
  /** An empty policy lifts every restriction. */
  readonly policy?: KeyPolicy | undefined;
  /** An empty limit is the default plan. */
  readonly rateLimit?: KeyRateLimit | undefined;
  readonly disabled?: boolean | undefined;
}

/** What a new key is to be, in the one spelling of everything. */
export interface CheckedCreation {
  readonly name: string;
  readonly owner: string;
  readonly environment: KeyEnvironment;
  readonly scopes: readonly Scope[];
  /** Null restricts nothing; undefined is whatever the caller's is. The same for the rate limit. */
  readonly policy: KeyPolicy | null | undefined;
  readonly rateLimit: KeyRateLimit | null | undefined;
  readonly expiresAtMs: number | null;
}

/** What is to change of a key; undefined stays. */
export interface CheckedUpdate {
  readonly name: string | undefined;
  readonly scopes: readonly Scope[] | undefined;
  readonly policy: KeyPolicy | null | undefined;
  readonly rateLimit: KeyRateLimit | null | undefined;
  readonly disabled: boolean | undefined;
}

export interface CreationContext {
  /** Wall-clock milliseconds. */
  readonly nowMs: number;
  /** The names of the rate plans. */
  readonly plans: ReadonlySet<string>;
  /** The owner of the calling key; undefined for the operator. */
  readonly callersOwner: string | undefined;
}

/** The input with its defaults. Throws a Fault INVALID_REQUEST that names every field that breaks its rule. */
export function checkCreateKeyInput(input: CreateKeyInput, context: CreationContext): CheckedCreation {
  const { nowMs, plans, callersOwner } = context;
  const { name, environment, expiresAtMs, idempotencyKey, scopes = DEFAULT_SCOPES } = input;
  const owner = input.owner ?? callersOwner ?? DEFAULT_OWNER;
  const policy = input.policy && checkPolicy(input.policy);
  const rateLimit = input.rateLimit && checkRateLimit(input.rateLimit, plans);
  refuseViolations([
    ...violationsOf([
      nameRule(name),
      expiryRule(expiresAtMs, nowMs),
      callersOwner === undefined
        ? ownerRule(owner)
        : ['owner', owner === callersOwner, 'must be that of the calling key'],
      scopesRule(scopes),
    ]),
    ...fieldsOf(policy, rateLimit),
    ...violationsOf([
      ['environment', environment === 'live' || environment === 'test', 'must be live or test'],
      [
        'Idempotency-Key',
        idempotencyKey === undefined || IDEMPOTENCY_KEY.test(idempotencyKey),
        'must be 1 to 255 visible ASCII characters',
      ],
    ]),
  ]);
  return {
    name,
    owner,
    environment,
    scopes: knownScopes(scopes),
    policy: policy?.value,
    rateLimit: rateLimit?.value,
    expiresAtMs,
  };
}

/** The input in its one spelling. Throws a Fault INVALID_REQUEST that names every field that breaks its rule. */
export function checkUpdateKeyInput(input: UpdateKeyInput, plans: ReadonlySet<string>): CheckedUpdate {
  const { name, scopes, disabled } = input;
  const policy = input.policy && checkPolicy(input.policy);
  const rateLimit = input.rateLimit && checkRateLimit(input.rateLimit, plans);
  refuseViolations([
    ...violationsOf([
      ...(name === undefined ? [] : [nameRule(name)]),
      ...(scopes === undefined ? [] : [scopesRule(scopes)]),
    ]),
    ...fieldsOf(policy, rateLimit),
  ]);
  return {
    name,
    scopes: scopes && knownScopes(scopes),
    policy: policy?.value,
    rateLimit: rateLimit?.value,
    disabled,
  };
}

/** The reason as it is kept: null for none. Throws a Fault INVALID_REQUEST. */
export function checkRevokeReason(reason = ''): string | null {
  refuseViolations(
    violationsOf([
      [
        'reason',
        isText(reason, REASON_MAX_LENGTH),
        `must be at most ${REASON_MAX_LENGTH} characters, without control characters`,
      ],
    ]),
  );
  return reason === '' ? null : reason;
}

/** How long a replaced key goes on working, in milliseconds. Throws a Fault INVALID_REQUEST. */
export function checkRotationOverlap(overlapMs = OVERLAP_DEFAULT_MS): number {
  const holds = Number.isSafeInteger(overlapMs) && overlapMs >= 0 && overlapMs <= OVERLAP_MAX_MS;
  refuseViolations(violationsOf([['overlap', holds, 'must be 0 seconds to 30 days']]));
  return overlapMs;
}

/** Whom a key may belong to, as a rule of the field `owner`. */
export function ownerRule(owner: string): Rule {
  return [
    'owner',
    owner.length <= OWNER_MAX_LENGTH && OWNER.test(owner),
    `must be 1 to ${OWNER_MAX_LENGTH} letters, digits or . _ @ : + - and begin with a letter or digit`,
  ];
}

function nameRule(name: string): Rule {
  const holds = name !== '' && isText(name, KEY_NAME_MAX_LENGTH);
  return ['name', holds, `must be 1 to ${KEY_NAME_MAX_LENGTH} characters, without control characters`];
}

export function scopesRule(scopes: readonly string[]): Rule {
  const holds = scopes.length > 0 && knownScopes(scopes).length === new Set(scopes).size;
  return ['scopes', holds, `must be one or more of ${SCOPES.join(', ')}`];
}

/** Each known scope once. */
export function knownScopes(scopes: readonly string[]): Scope[] {
  return [...new Set(scopes)].flatMap((scope) => SCOPES.find((known) => known === scope) ?? []);
}

function fieldsOf(
  ...parts: readonly ({ readonly fields: readonly FieldViolation[] } | undefined)[]
): FieldViolation[] {
  return parts.flatMap((part) => part?.fields ?? []);
}

/** Counted as people count characters. */
function isText(text: string, maxLength: number): boolean {
  return [...text].length <= maxLength && text.isWellFormed() && !CONTROL_CHARACTER.test(text);
}

function expiryRule(expiresAtMs: number | null, nowMs: number): Rule {
  const endMs = expiresAtMs ?? LAST_MOMENT_MS;
  if (endMs > LAST_MOMENT_MS) return ['expiration_date', false, 'must be before the year 10000'];
  return ['expiration_date', Number.isInteger(endMs) && endMs > nowMs, 'must be in the future'];
}
