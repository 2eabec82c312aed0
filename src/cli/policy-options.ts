// What a key may upload and how much, as options of `keys create` and `keys update`.
import { clone, create } from '@bufbuild/protobuf';
import {
  type KeyPolicy,
  KeyPolicySchema,
  type RateLimit,
  RateLimitSchema,
} from '../../gen/apikeys/v1/api_key_service_pb.js';
import { rateFromText, secondsFromText, sizeFromText } from './amounts.ts';
import {
  type CommandContext,
  type CommandOptions,
  isOn,
  listOption,
  readOption,
  refuseBoth,
  textOption,
} from './command.ts';

export const POLICY_OPTIONS = {
  'content-types': {
    value: 'A,B',
    field: 'policy.content_types',
    doc: 'Only these media types may be declared: image/png, or image/* for a family. The extension must fit the type.',
  },
  extensions: {
    value: 'A,B',
    field: 'policy.extensions',
    doc: 'Only these file name extensions, such as png,jpg.',
  },
  'max-size': {
    value: 'SIZE',
    field: 'policy.max_size',
    doc: 'The largest file: bytes, or such as 10MB (10,000,000) or 10MiB (10,485,760).',
  },
  'max-expiry': {
    value: 'DURATION',
    field: 'policy.max_expiry_seconds',
    doc: 'The longest that an upload URL is accepted, such as 5m.',
  },
  'key-prefix': {
    value: 'PATH/',
    field: 'policy.key_prefix',
    doc: 'What every object key begins with, such as avatars/.',
  },
  destinations: {
    value: 'A,B',
    field: 'policy.destinations',
    doc: 'Only these destinations. The one of the settings is called default.',
  },
  'no-overwrite': {
    field: 'policy.allow_overwrite',
    doc: 'An upload never replaces an object that exists.',
  },
} as const satisfies CommandOptions;

export const RATE_OPTIONS = {
  plan: {
    value: 'PLAN',
    field: 'rate_limit.plan',
    doc: "A rate limit of the server's settings, such as free.",
  },
  rate: {
    value: 'N/TIME',
    field: 'rate_limit.requests',
    doc: 'A rate limit of its own: calls per window, such as 100/1m.',
  },
  'bytes-per-day': {
    value: 'SIZE',
    field: 'rate_limit.bytes_per_day',
    doc: 'The bytes that may be declared for upload in a day (UTC), such as 1GB.',
  },
  'bytes-per-month': {
    value: 'SIZE',
    field: 'rate_limit.bytes_per_month',
    doc: 'The same for a month (UTC).',
  },
} as const satisfies CommandOptions;

/** The policy that the options ask for, on top of the rules of another. Undefined when no option asks for anything. */
export function policyFromOptions(context: CommandContext, base?: KeyPolicy): KeyPolicy | undefined {
  const rules = given({
    contentTypes: listOption(context, 'content-types'),
    extensions: listOption(context, 'extensions'),
    maxSize: sizeOption(context, 'max-size'),
    maxExpirySeconds: readOption(
      context,
      'max-expiry',
      'a duration of whole seconds such as 5m',
      secondsFromText,
    ),
    keyPrefix: textOption(context, 'key-prefix'),
    destinations: listOption(context, 'destinations'),
    allowOverwrite: isOn(context, 'overwrite') || (isOn(context, 'no-overwrite') ? false : undefined),
  });
  if (rules === undefined) return undefined;
  return Object.assign(base ? clone(KeyPolicySchema, base) : create(KeyPolicySchema), rules);
}

/** The limits that the options ask for, on top of others. A rate replaces a plan and the other way round. */
export function rateLimitFromOptions(context: CommandContext, base?: RateLimit): RateLimit | undefined {
  refuseBoth(context, 'plan', 'rate');
  const rate = readOption(context, 'rate', 'calls per window such as 100/1m', rateFromText);
  const plan = textOption(context, 'plan');
  const limits = given({
    plan,
    ...rate,
    bytesPerDay: sizeOption(context, 'bytes-per-day'),
    bytesPerMonth: sizeOption(context, 'bytes-per-month'),
  });
  if (limits === undefined) return undefined;
  const { bytesPerDay, bytesPerMonth, ...replaced } = base ?? {};
  const kept = given({
    ...(plan === undefined && rate === undefined && replaced),
    bytesPerDay,
    bytesPerMonth,
  });
  return create(RateLimitSchema, { ...kept, ...limits });
}

function sizeOption(context: CommandContext, name: string): bigint | undefined {
  return readOption(context, name, 'a size such as 500000, 10MB or 10MiB', sizeFromText);
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

function given<T extends object>(values: T): Given<T> | undefined {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return entries.length > 0 ? (Object.fromEntries(entries) as Given<T>) : undefined;
}
