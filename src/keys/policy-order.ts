// Which of two keys may do more. Pure: the answer to "may this caller hand that out?".
import type { FieldViolation } from '../fault/fault.ts';
import type { KeyPolicy, KeyRateLimit, KeyRecord } from './api-key.ts';
import { POLICY_FIELDS } from './policy-input.ts';

/** What is compared of a key, and of the principal that calls. */
export type Allowance = Pick<KeyRecord, 'scopes' | 'policy' | 'rateLimit'>;

/**
 * Everything that `key` may and `than` may not, by the fields of a request. Empty when it may do no more.
 * `defaultPlan` is the plan of keys that name none, where it limits anything.
 */
export function widerThan(key: Allowance, than: Allowance, defaultPlan?: string): FieldViolation[] {
  const beyond = key.scopes.filter((scope) => !than.scopes.includes(scope));
  const rate = whatIsWider(withDefault(key.rateLimit, defaultPlan), withDefault(than.rateLimit, defaultPlan));
  return [
    ...(beyond.length > 0
      ? [{ field: 'scopes', message: `must not include ${beyond.join(', ')}, which the calling key lacks` }]
      : []),
    ...widerRules(key.policy, than.policy),
    ...(rate ? [{ field: 'rate_limit', message: rate }] : []),
  ];
}

/** The rules of `policy` that let through what `than` refuses. A rule that is not there is wider than any. */
export function widerRules(policy: KeyPolicy | null, than: KeyPolicy | null): FieldViolation[] {
  if (than === null) return [];
  const mine = policy ?? {};
  return [
    within('contentTypes', mine, than, (types, limits) =>
      types.every((type) => limits.some((limit) => coversType(limit, type))),
    ),
    within('extensions', mine, than, isSubset),
    within('maxSizeBytes', mine, than, isAtMost),
    within('maxTtlSeconds', mine, than, isAtMost),
    // Both end in a slash, so that `a/` does not cover `ab/`.
    within('objectKeyPrefix', mine, than, (prefix, limit) => prefix.startsWith(limit)),
    within('destinations', mine, than, isSubset),
    // Only "no" restricts anything.
    than.allowOverwrite === false && within('allowOverwrite', mine, than, (may) => !may),
  ].filter((violation) => violation !== false && violation !== undefined);
}

function within<Name extends keyof KeyPolicy>(
  name: Name,
  policy: KeyPolicy,
  than: KeyPolicy,
  covers: (value: NonNullable<KeyPolicy[Name]>, limit: NonNullable<KeyPolicy[Name]>) => boolean,
): FieldViolation | undefined {
  const value: KeyPolicy[Name] = policy[name];
  const limit: KeyPolicy[Name] = than[name];
  if (limit === undefined) return undefined;
  if (value !== undefined && covers(value, limit)) return undefined;
  // Lists may be long, and gRPC carries all this in a header.
  const text = Array.isArray(limit) ? '' : `, which is ${limit}`;
  return { field: POLICY_FIELDS[name], message: `must stay within that of the calling key${text}` };
}

function coversType(limit: string, type: string): boolean {
  return limit === type || (limit.endsWith('/*') && type.startsWith(limit.slice(0, -1)));
}

const isSubset = (items: readonly string[], limits: readonly string[]) =>
  items.every((item) => limits.includes(item));

const isAtMost = (value: number, limit: number) => value <= limit;

function withDefault(limit: KeyRateLimit | null, defaultPlan: string | undefined): KeyRateLimit {
  const hasRate = limit?.plan !== undefined || limit?.requests !== undefined;
  return hasRate || defaultPlan === undefined ? (limit ?? {}) : { ...limit, plan: defaultPlan };
}

/** How a limit exceeds the caller's own; undefined when it does not. */
function whatIsWider(limit: KeyRateLimit, than: KeyRateLimit): string | undefined {
  if (exceedsRate(limit, than)) return `must not take more calls than the calling key: ${rateText(than)}`;
  for (const [name, period] of [
    ['bytesPerDay', 'day'],
    ['bytesPerMonth', 'month'],
  ] as const) {
    const most = than[name];
    if (most !== undefined && (limit[name] ?? Number.POSITIVE_INFINITY) > most)
      return `must not take more than the ${most} bytes a ${period} of the calling key`;
  }
  return undefined;
}

/** A plan is only within itself: what another one allows is a matter of settings, which may change. */
function exceedsRate(limit: KeyRateLimit, than: KeyRateLimit): boolean {
  if (than.plan !== undefined) return limit.plan !== than.plan;
  const { requests: most, windowSeconds: inSeconds } = than;
  if (most === undefined || inSeconds === undefined) return false;
  const { requests, windowSeconds } = limit;
  if (requests === undefined || windowSeconds === undefined) return true;
  // A whole window may be used at once, so a slower rate with a larger window would be a larger burst.
  return requests > most || requests * inSeconds > most * windowSeconds;
}

function rateText({ plan, requests, windowSeconds }: KeyRateLimit): string {
  return plan === undefined ? `${requests} in ${windowSeconds} seconds` : `the plan ${plan}`;
}
