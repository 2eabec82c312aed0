// What an upload token has to look like, and that it allows no more than its key.
import type { FieldViolation } from '../fault/fault.ts';
import { Fault } from '../fault/fault.ts';
import { type KeyPolicy, TOKEN_ACTIONS, type TokenAction, type UploadTokenGrant } from './api-key.ts';
import { checkPolicy, POLICY_FIELDS } from './policy-input.ts';
import { widerRules } from './policy-order.ts';
import { refuseViolations, violationsOf } from './violations.ts';

/** What an upload token is to allow. What is left out is as the API key has it, or as the contract says. */
export interface UploadTokenInput {
  readonly actions?: readonly string[] | undefined;
  readonly ttlSeconds?: number | undefined;
  readonly maxFiles?: number | undefined;
  readonly maxTotalBytes?: number | undefined;
  readonly policy?: KeyPolicy | undefined;
  readonly origin?: string | undefined;
}

/** An input with its defaults, in its one spelling. */
export interface CheckedUploadToken extends Omit<UploadTokenGrant, 'id' | 'expiresAtMs'> {
  readonly ttlSeconds: number;
}

const TTL_DEFAULT_SECONDS = 600;
const TTL_MAX_SECONDS = 3_600;
const FILES_MAX = 10_000;

/** Where each rule of a policy stands in the JSON of a request for an upload token, by its name there for API keys. */
const FIELDS: ReadonlyMap<string, string> = new Map([
  [POLICY_FIELDS.contentTypes, 'policy.contentTypes'],
  [POLICY_FIELDS.extensions, 'policy.extensions'],
  [POLICY_FIELDS.maxSizeBytes, 'policy.maxSize'],
  [POLICY_FIELDS.maxTtlSeconds, 'policy.maxExpiry'],
  [POLICY_FIELDS.objectKeyPrefix, 'policy.keyPrefix'],
  [POLICY_FIELDS.destinations, 'policy.destinations'],
  [POLICY_FIELDS.allowOverwrite, 'policy.allowOverwrite'],
]);

/** An origin, perhaps with the slash that people copy along. */
const ORIGIN = /^https?:\/\/[^\s/?#@\\]+\/?$/i;

/** Throws a Fault INVALID_REQUEST that names every wrong field, and BEYOND_CALLER for a policy wider than the key's. */
export function checkUploadTokenInput(
  input: UploadTokenInput,
  policyOfKey: KeyPolicy | null,
): CheckedUploadToken {
  const { ttlSeconds = TTL_DEFAULT_SECONDS, maxFiles = 1, maxTotalBytes = null } = input;
  const asked = input.actions ?? TOKEN_ACTIONS;
  const policy = checkPolicy(input.policy ?? {});
  const origin = input.origin === undefined ? null : originFrom(input.origin);
  refuseViolations([
    ...violationsOf([
      ['actions', asked.every(isAction), `must be of ${TOKEN_ACTIONS.join(', ')}`],
      ['expiresIn', isWithin(ttlSeconds, 1, TTL_MAX_SECONDS), `must be 1 to ${TTL_MAX_SECONDS} seconds`],
      ['maxFiles', isWithin(maxFiles, 1, FILES_MAX), `must be 1 to ${FILES_MAX}`],
      [
        'maxTotalSize',
        maxTotalBytes === null || isWithin(maxTotalBytes, 0, Number.MAX_SAFE_INTEGER),
        `must be 0 to ${Number.MAX_SAFE_INTEGER} bytes`,
      ],
    ]),
    ...policy.fields.map(ofTokens),
    ...violationsOf([
      ['origin', origin !== undefined, 'must be an origin such as https://app.example.com, without a path'],
    ]),
  ]);
  refuseWider(policy.value, policyOfKey);
  // In the one order, each once.
  const actions = TOKEN_ACTIONS.filter((action) => asked.includes(action));
  return { actions, ttlSeconds, maxFiles, maxTotalBytes, policy: policy.value, origin: origin ?? null };
}

/** Both policies will apply, so what the token's leaves out is as narrow as in the key's. */
function refuseWider(policy: KeyPolicy | null, ofKey: KeyPolicy | null): void {
  const fields = widerRules({ ...ofKey, ...policy }, ofKey);
  if (fields.length === 0) return;
  throw new Fault('BEYOND_CALLER', {
    publicMessage: 'An upload token cannot be given more than its API key may do',
    fields: fields.map(ofTokens),
  });
}

function ofTokens({ field, message }: FieldViolation): FieldViolation {
  return { field: FIELDS.get(field) ?? field, message };
}

/** As browsers send it: in lower case, and without the default port. Undefined for what is no origin. */
function originFrom(text: string): string | undefined {
  return ORIGIN.test(text) ? URL.parse(text)?.origin : undefined;
}

function isAction(text: string): text is TokenAction {
  return TOKEN_ACTIONS.some((known) => known === text);
}

function isWithin(value: number, least: number, most: number): boolean {
  return Number.isSafeInteger(value) && value >= least && value <= most;
}
