// What client certificates stand for, in PRESIGND_TLS_CLIENT_OWNERS. Policies and limits look as they do in the API.
import type { KeyPolicy, KeyRateLimit } from '../keys/api-key.ts';
import type { CertificateOwner, CertificateOwners } from '../keys/certificate-owner.ts';
import { knownScopes, ownerRule, scopesRule } from '../keys/key-input.ts';
import { checkPolicy } from '../keys/policy-input.ts';
import { checkRateLimit } from '../keys/rate-limit-input.ts';
import {
  collect,
  flagField,
  type JsonValues,
  listField,
  numberField,
  objectField,
  objectFrom,
  parseJson,
  readFields,
  required,
  textField,
} from './json-fields.ts';
import { ValueProblems } from './value-problems.ts';
import { text, type ValueType } from './value-types.ts';

const POLICY_FIELDS = {
  content_types: listField(text, 'Media types such as `image/png`, or families such as `image/*`.'),
  extensions: listField(text, 'File name extensions.'),
  max_size: numberField('The most bytes of an upload.'),
  max_expiry_seconds: numberField('The longest life of an upload URL.'),
  key_prefix: textField(text, "What every object key has behind its owner's folder."),
  destinations: listField(text, 'Names of destinations.'),
  allow_overwrite: flagField('`false`: an upload never replaces an object that exists.'),
};

const RATE_LIMIT_FIELDS = {
  plan: textField(text, 'A plan of `PRESIGND_RATE_PLANS`.'),
  requests: numberField('Calls that a window takes.'),
  window_seconds: numberField('The length of the window.'),
  bytes_per_day: numberField('Bytes that may be declared for upload in a UTC day.'),
  bytes_per_month: numberField('The same for a UTC month.'),
};

const OWNER_FIELDS = {
  owner: required(textField(text, 'Whom the caller acts for.')),
  scopes: required(listField(text, 'What the caller may do.')),
  policy: objectField(POLICY_FIELDS, 'What the caller may upload. Everything if left out.'),
  rate_limit: objectField(RATE_LIMIT_FIELDS, 'How much the caller may do. The default plan if left out.'),
};

/** It is part of the id that the log, the audit log and the counts know the caller by. */
const NAME_MAX_LENGTH = 250;

/** As `ClientCertificate` has them: a name that is written in another way would never be found. */
const NAME =
  /^(?:spiffe:\/\/[a-z0-9._-]+(?:\/(?!\.{1,2}(?:\/|$))[A-Za-z0-9._-]+)+|dns:[a-z0-9_](?:[a-z0-9_-]|\.(?!\.|$))*)$/;

/** What certificates stand for, by their names, as a JSON object. */
export const certificateOwners: ValueType<CertificateOwners> = {
  label: 'JSON object',
  read: (value) => {
    const entries = Object.entries(objectFrom(parseJson(value))).map(
      ([name, fields]) =>
        [`["${name.slice(0, NAME_MAX_LENGTH)}"]`, () => [name, readOwner(name, fields)] as const] as const,
    );
    return new Map(collect(entries).map(([, entry]) => entry));
  },
};

function readOwner(name: string, value: unknown): CertificateOwner {
  if (name.length > NAME_MAX_LENGTH || !NAME.test(name))
    throw new Error(
      `must be a SPIFFE ID such as spiffe://example.org/api, or dns: and a host name in lower case, of at most ${NAME_MAX_LENGTH} characters`,
    );
  const { owner, scopes, policy, rate_limit } = readFields(value, OWNER_FIELDS);
  const checkedPolicy = checkPolicy(policyFrom(policy ?? {}));
  const limit = rateLimitFrom(rate_limit ?? {});
  // Which plans there are is another setting's matter.
  const checkedLimit = checkRateLimit(limit, new Set(limit.plan === undefined ? [] : [limit.plan]));
  const problems = [
    ...[ownerRule(owner), scopesRule(scopes)]
      .filter(([, holds]) => !holds)
      .map(([field, , message]) => ({ field, message })),
    ...checkedPolicy.fields,
    ...checkedLimit.fields,
  ];
  if (problems.length > 0)
    throw new ValueProblems(problems.map(({ field, message }) => `.${field} ${message}`));
  return {
    owner,
    scopes: knownScopes(scopes),
    policy: checkedPolicy.value,
    rateLimit: checkedLimit.value,
  };
}

function policyFrom(fields: Partial<JsonValues<typeof POLICY_FIELDS>>): KeyPolicy {
  const { content_types, extensions, max_size, max_expiry_seconds } = fields;
  const { key_prefix, destinations, allow_overwrite } = fields;
  return {
    ...(content_types && { contentTypes: content_types }),
    ...(extensions && { extensions }),
    ...(max_size !== undefined && { maxSizeBytes: max_size }),
    ...(max_expiry_seconds !== undefined && { maxTtlSeconds: max_expiry_seconds }),
    ...(key_prefix !== undefined && { objectKeyPrefix: key_prefix }),
    ...(destinations && { destinations }),
    ...(allow_overwrite !== undefined && { allowOverwrite: allow_overwrite }),
  };
}

function rateLimitFrom(fields: Partial<JsonValues<typeof RATE_LIMIT_FIELDS>>): KeyRateLimit {
  const { plan, requests, window_seconds, bytes_per_day, bytes_per_month } = fields;
  return {
    ...(plan !== undefined && { plan }),
    ...(requests !== undefined && { requests }),
    ...(window_seconds !== undefined && { windowSeconds: window_seconds }),
    ...(bytes_per_day !== undefined && { bytesPerDay: bytes_per_day }),
    ...(bytes_per_month !== undefined && { bytesPerMonth: bytes_per_month }),
  };
}
