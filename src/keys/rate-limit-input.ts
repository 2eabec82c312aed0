import type { KeyRateLimit } from './api-key.ts';
import type { Checked } from './policy-input.ts';
import { type Rule, violationsOf } from './violations.ts';

const REQUESTS_MAX = 1_000_000;
const WINDOW_MAX_SECONDS = 86_400;

/** Checks a limit against its rules and the names of the plans that there are. */
export function checkRateLimit(given: KeyRateLimit, plans: ReadonlySet<string>): Checked<KeyRateLimit> {
  const { plan, requests, windowSeconds, bytesPerDay, bytesPerMonth } = given;
  const value: KeyRateLimit = {
    ...(plan !== undefined && { plan }),
    ...(requests !== undefined && { requests }),
    ...(windowSeconds !== undefined && { windowSeconds }),
    ...(bytesPerDay !== undefined && { bytesPerDay }),
    ...(bytesPerMonth !== undefined && { bytesPerMonth }),
  };
  const fields = violationsOf(rulesFor(value, plans));
  return { value: Object.keys(value).length === 0 ? null : value, fields };
}

function rulesFor(limit: KeyRateLimit, plans: ReadonlySet<string>): Rule[] {
  const { plan, requests, windowSeconds, bytesPerDay, bytesPerMonth } = limit;
  const hasRate = requests !== undefined || windowSeconds !== undefined;
  return [
    [
      'rate_limit.plan',
      plan === undefined || plans.has(plan),
      `must be a plan of the server: ${[...plans].join(', ')}`,
    ],
    [
      'rate_limit.plan',
      plan === undefined || !hasRate,
      'must not be given beside requests and window_seconds',
    ],
    [
      'rate_limit.requests',
      !hasRate || isCount(requests, 1, REQUESTS_MAX),
      `must be 1 to ${REQUESTS_MAX}, and goes with window_seconds`,
    ],
    [
      'rate_limit.window_seconds',
      !hasRate || isCount(windowSeconds, 1, WINDOW_MAX_SECONDS),
      `must be 1 to ${WINDOW_MAX_SECONDS}, and goes with requests`,
    ],
    [
      'rate_limit.bytes_per_day',
      isCount(bytesPerDay ?? 0, 0, Number.MAX_SAFE_INTEGER),
      'must be a number of bytes',
    ],
    [
      'rate_limit.bytes_per_month',
      isCount(bytesPerMonth ?? 0, 0, Number.MAX_SAFE_INTEGER),
      'must be a number of bytes',
    ],
  ];
}

function isCount(value: number | undefined, min: number, max: number): boolean {
  return value !== undefined && Number.isSafeInteger(value) && value >= min && value <= max;
}
