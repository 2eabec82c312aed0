import type { KeyPolicy, KeyRateLimit } from '../keys/api-key.ts';
import { jsonObject, type Row, unexpected } from './columns.ts';

type Check = (value: unknown) => boolean;

const isText: Check = (value) => typeof value === 'string' && value !== '';
const isTexts: Check = (value) => Array.isArray(value) && value.length > 0 && value.every(isText);
const isAmount: Check = (value) => typeof value === 'number' && Number.isSafeInteger(value) && value >= 0;
const isFlag: Check = (value) => typeof value === 'boolean';

const POLICY_RULES = {
  contentTypes: isTexts,
  extensions: isTexts,
  maxSizeBytes: isAmount,
  maxTtlSeconds: isAmount,
  objectKeyPrefix: isText,
  destinations: isTexts,
  allowOverwrite: isFlag,
} as const satisfies Record<keyof KeyPolicy, Check>;

const RATE_LIMIT_RULES = {
  plan: isText,
  requests: isAmount,
  windowSeconds: isAmount,
  bytesPerDay: isAmount,
  bytesPerMonth: isAmount,
} as const satisfies Record<keyof KeyRateLimit, Check>;

export function policyFromRow(row: Row): KeyPolicy | null {
  return row['policy'] === null ? null : understood(POLICY_RULES, row, 'policy');
}

export function rateLimitFromRow(row: Row): KeyRateLimit | null {
  if (row['rate_limit'] === null) return null;
  const limit: KeyRateLimit = understood(RATE_LIMIT_RULES, row, 'rate_limit');
  const isHalf = (limit.requests === undefined) !== (limit.windowSeconds === undefined);
  if (isHalf || (limit.plan !== undefined && limit.requests !== undefined)) throw unexpected('rate_limit');
  return limit;
}

/**
 * Throws over any rule that is not understood, one that a newer presignd wrote included: a restriction that is
 * left out would be a permission, where a scope that is left out only takes one away.
 */
function understood(rules: Readonly<Record<string, Check>>, row: Row, column: string): Row {
  const value = jsonObject(row, column);
  for (const [name, limit] of Object.entries(value)) {
    if (!Object.hasOwn(rules, name) || rules[name]?.(limit) !== true) throw unexpected(column);
  }
  return value;
}
