// Between the contract's messages of API keys and the keys room's nouns.
import { create, type MessageInitShape } from '@bufbuild/protobuf';
import { type Duration, type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import {
  type ApiKeySchema,
  ChangedApiKeySchema,
  type CreateApiKeyRequest,
  IssuedApiKeySchema,
  type KeyPolicySchema,
  type ListApiKeysRequest,
  type ListApiKeysResponseSchema,
  type KeyPolicy as PolicyMessage,
  type RateLimit as RateLimitMessage,
  type RateLimitSchema,
  type UpdateApiKeyRequest,
} from '../../gen/apikeys/v1/api_key_service_pb.js';
import {
  type ApiKey,
  type KeyPolicy,
  type KeyRateLimit,
  type Principal,
  SHOWN_STATUSES,
} from '../keys/api-key.ts';
import type { CreateKeyInput, UpdateKeyInput } from '../keys/key-input.ts';
import type { ChangedKey, CreatedKey, ListKeysInput } from '../keys/keys.ts';
import type { KeyPage } from '../keys/ports.ts';
import { shownStatus } from '../keys/shown-status.ts';
import { bigintOf, numberOf, unlessEmpty, withoutUndefined } from './message-values.ts';

const DEFAULT_PER_PAGE = 20;

/** A key as its owner is shown it. Wall-clock milliseconds tell active from expired. */
export function apiKeyMessage(key: Omit<ApiKey, 'digest'>, nowMs: number) {
  return {
    id: key.id,
    keyPrefix: key.start,
    name: key.name,
    expirationDate: timestampOf(key.expiresAtMs),
    createdAt: timestampFromMs(key.createdAtMs),
    revokedAt: timestampOf(key.revokedAtMs),
    status: shownStatus(key, nowMs),
    owner: key.owner,
    environment: key.environment,
    scopes: [...key.scopes],
    policy: key.policy === null ? undefined : policyMessage(key.policy),
    rateLimit: key.rateLimit === null ? undefined : rateLimitMessage(key.rateLimit),
    lastUsedAt: timestampOf(key.lastUsedAtMs),
    revokeReason: key.revokeReason ?? undefined,
    rotatedFrom: key.rotatedFrom ?? undefined,
    rotatedTo: key.rotatedTo ?? undefined,
    overlapEndsAt: timestampOf(key.overlapEndsAtMs),
  } satisfies MessageInitShape<typeof ApiKeySchema>;
}

/** What stands in place of a key where a certificate does: without a secret, a history and an end of its own. */
export function certificateMessage({ keyId, owner, scopes, policy, rateLimit }: Principal) {
  return {
    id: keyId,
    name: keyId,
    status: 'active',
    owner,
    scopes: [...scopes],
    policy: policy === null ? undefined : policyMessage(policy),
    rateLimit: rateLimit === null ? undefined : rateLimitMessage(rateLimit),
  } satisfies MessageInitShape<typeof ApiKeySchema>;
}

/** A new key together with its secret. */
export function issuedKeyMessage({ key, token }: CreatedKey, nowMs: number) {
  return create(IssuedApiKeySchema, { ...apiKeyMessage(key, nowMs), apiKey: token });
}

export function changedKeyMessage({ key, propagation }: ChangedKey, nowMs: number) {
  return create(ChangedApiKeySchema, { ...apiKeyMessage(key, nowMs), propagation });
}

/** The keys of the page that the request asks for. */
export function keyListMessage(request: ListApiKeysRequest, { keys, total }: KeyPage, nowMs: number) {
  const { page, perPage } = pageOf(request);
  return {
    apiKeys: keys.map((key) => apiKeyMessage(key, nowMs)),
    pagination: { page, perPage, total, pages: Math.ceil(total / perPage) },
  } satisfies MessageInitShape<typeof ListApiKeysResponseSchema>;
}

export function listInputFrom(request: ListApiKeysRequest): ListKeysInput {
  const { page, perPage } = pageOf(request);
  const status = SHOWN_STATUSES.find((known) => known === request.status);
  return { offset: (page - 1) * perPage, limit: perPage, status };
}

function pageOf({ page = 1, perPage = DEFAULT_PER_PAGE }: ListApiKeysRequest) {
  return { page, perPage };
}

/** Whole milliseconds; undefined where the request leaves it out. */
export function overlapMsFrom(overlap: Duration | undefined): number | undefined {
  return overlap && wholeMs(overlap);
}

/** What a request asks a new key to be. */
export function createInputFrom(request: CreateApiKeyRequest): CreateKeyInput {
  return {
    name: request.name,
    environment: request.environment === 'test' ? 'test' : 'live',
    scopes: unlessEmpty(request.scopes),
    policy: request.policy && policyFrom(request.policy),
    rateLimit: request.rateLimit && rateLimitFrom(request.rateLimit),
    expiresAtMs: request.expirationDate === undefined ? null : wholeMs(request.expirationDate),
  };
}

export function updateInputFrom(request: UpdateApiKeyRequest): UpdateKeyInput {
  return {
    name: request.name,
    scopes: unlessEmpty(request.scopes),
    policy: request.policy && policyFrom(request.policy),
    rateLimit: request.rateLimit && rateLimitFrom(request.rateLimit),
    disabled: request.disabled,
  };
}

function policyMessage(policy: KeyPolicy) {
  return {
    contentTypes: [...(policy.contentTypes ?? [])],
    extensions: [...(policy.extensions ?? [])],
    maxSize: bigintOf(policy.maxSizeBytes),
    maxExpirySeconds: policy.maxTtlSeconds,
    keyPrefix: policy.objectKeyPrefix,
    destinations: [...(policy.destinations ?? [])],
    allowOverwrite: policy.allowOverwrite,
  } satisfies MessageInitShape<typeof KeyPolicySchema>;
}

/** What a policy says, whichever message it stands in. */
export function policyFrom(message: Omit<PolicyMessage, '$typeName' | '$unknown'>): KeyPolicy {
  return withoutUndefined({
    contentTypes: unlessEmpty(message.contentTypes),
    extensions: unlessEmpty(message.extensions),
    maxSizeBytes: numberOf(message.maxSize),
    maxTtlSeconds: message.maxExpirySeconds,
    objectKeyPrefix: message.keyPrefix,
    destinations: unlessEmpty(message.destinations),
    allowOverwrite: message.allowOverwrite,
  });
}

function rateLimitMessage(limit: KeyRateLimit) {
  return {
    plan: limit.plan,
    requests: limit.requests,
    windowSeconds: limit.windowSeconds,
    bytesPerDay: bigintOf(limit.bytesPerDay),
    bytesPerMonth: bigintOf(limit.bytesPerMonth),
  } satisfies MessageInitShape<typeof RateLimitSchema>;
}

function rateLimitFrom(message: RateLimitMessage): KeyRateLimit {
  return withoutUndefined({
    plan: message.plan,
    requests: message.requests,
    windowSeconds: message.windowSeconds,
    bytesPerDay: numberOf(message.bytesPerDay),
    bytesPerMonth: numberOf(message.bytesPerMonth),
  });
}

function timestampOf(ms: number | null): Timestamp | undefined {
  return ms === null ? undefined : timestampFromMs(ms);
}

/** Keys live by milliseconds: what is finer is cut off, so that a key never lives longer than was asked. */
function wholeMs({ seconds, nanos }: Timestamp | Duration): number {
  return Number(seconds) * 1000 + Math.floor(nanos / 1e6);
}
