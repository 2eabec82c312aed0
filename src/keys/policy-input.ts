// What a policy has to look like, whoever brings it. Spellings that mean the same become one.
import type { FieldViolation } from '../fault/fault.ts';
import type { KeyPolicy } from './api-key.ts';
import { type Rule, violationsOf } from './violations.ts';

/** Where each rule of a policy stands in the JSON of a request. */
export const POLICY_FIELDS = {
  contentTypes: 'policy.content_types',
  extensions: 'policy.extensions',
  maxSizeBytes: 'policy.max_size',
  maxTtlSeconds: 'policy.max_expiry_seconds',
  objectKeyPrefix: 'policy.key_prefix',
  destinations: 'policy.destinations',
  allowOverwrite: 'policy.allow_overwrite',
} as const satisfies Record<keyof KeyPolicy, string>;

const LIST_MAX_ITEMS = 100;
const PREFIX_MAX_LENGTH = 200;
/** The largest object: 10,000 parts of 5 GiB (AWS "Amazon S3 multipart upload limits"). More would limit nothing. */
const SIZE_MAX_BYTES = 53_687_091_200_000;
/** The longest life of a presigned URL (AWS "Authenticating Requests: Using Query Parameters"). */
const TTL_MAX_SECONDS = 604_800;

/** RFC 6838 §4.2 in lower case; the family of a type is `type/*`. */
const MEDIA_TYPE = /^[a-z0-9][a-z0-9!#$&^_.+-]{0,126}\/(?:\*|[a-z0-9][a-z0-9!#$&^_.+-]{0,126})$/;
const EXTENSION = /^[a-z0-9_-]{1,32}$/;
const PREFIX = /^(?:(?!\.{1,2}\/)[A-Za-z0-9._-]+\/)+$/;
const DESTINATION = /^[a-z][a-z0-9-]{0,62}$/;

/** What was given, in its one spelling, and what is wrong with it. Null for what restricts nothing. */
export interface Checked<T> {
  readonly value: T | null;
  readonly fields: readonly FieldViolation[];
}

/** Lower-cases types and extensions, takes the dot from extensions, ends the prefix in a slash. */
export function checkPolicy(given: KeyPolicy): Checked<KeyPolicy> {
  const policy = normalized(given);
  const fields = violationsOf(rulesFor(policy));
  return { value: Object.keys(policy).length === 0 ? null : policy, fields };
}

function normalized(policy: KeyPolicy): KeyPolicy {
  const { contentTypes, extensions, maxSizeBytes, maxTtlSeconds } = policy;
  const { objectKeyPrefix, destinations, allowOverwrite } = policy;
  return {
    ...(contentTypes && { contentTypes: unique(contentTypes.map((type) => type.toLowerCase())) }),
    ...(extensions && { extensions: unique(extensions.map((end) => end.toLowerCase().replace(/^\./, ''))) }),
    ...(maxSizeBytes !== undefined && { maxSizeBytes }),
    ...(maxTtlSeconds !== undefined && { maxTtlSeconds }),
    ...(objectKeyPrefix !== undefined && { objectKeyPrefix: objectKeyPrefix.replace(/([^/])$/, '$1/') }),
    ...(destinations && { destinations: unique(destinations) }),
    ...(allowOverwrite !== undefined && { allowOverwrite }),
  };
}

function rulesFor(policy: KeyPolicy): Rule[] {
  const { maxSizeBytes: size = 0, maxTtlSeconds: ttl = 1, objectKeyPrefix: prefix } = policy;
  return [
    [
      POLICY_FIELDS.contentTypes,
      isListOf(MEDIA_TYPE, policy.contentTypes),
      `must be 1 to ${LIST_MAX_ITEMS} media types such as image/png, or families such as image/*, without parameters`,
    ],
    [
      POLICY_FIELDS.extensions,
      isListOf(EXTENSION, policy.extensions),
      `must be 1 to ${LIST_MAX_ITEMS} file name extensions such as png: letters, digits, _ or -`,
    ],
    [
      POLICY_FIELDS.maxSizeBytes,
      Number.isSafeInteger(size) && size >= 0 && size <= SIZE_MAX_BYTES,
      `must be 0 to ${SIZE_MAX_BYTES} bytes`,
    ],
    [
      POLICY_FIELDS.maxTtlSeconds,
      Number.isSafeInteger(ttl) && ttl >= 1 && ttl <= TTL_MAX_SECONDS,
      `must be 1 to ${TTL_MAX_SECONDS} seconds`,
    ],
    [
      POLICY_FIELDS.objectKeyPrefix,
      prefix === undefined || (prefix.length <= PREFIX_MAX_LENGTH && PREFIX.test(prefix)),
      `must be at most ${PREFIX_MAX_LENGTH} characters of segments such as avatars/: letters, digits, ., _ or -, and neither . nor ..`,
    ],
    [
      POLICY_FIELDS.destinations,
      isListOf(DESTINATION, policy.destinations),
      `must be 1 to ${LIST_MAX_ITEMS} names of destinations: lower-case letters, digits and -, a letter first`,
    ],
  ];
}

function isListOf(pattern: RegExp, items: readonly string[] | undefined): boolean {
  if (items === undefined) return true;
  return items.length >= 1 && items.length <= LIST_MAX_ITEMS && items.every((item) => pattern.test(item));
}

function unique(items: readonly string[]): string[] {
  return [...new Set(items)];
}
