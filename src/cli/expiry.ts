import { duration } from '../config/value-types.ts';
import { UsageError } from './command.ts';

const LIFETIME = duration('1s', '36500d');
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** Wall-clock milliseconds from a duration counted from now, or from an RFC 3339 time. Null without a text. */
export function expiryFromText(text: string | undefined, nowMs: number): number | null {
  if (text === undefined) return null;
  const time = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  try {
    return nowMs + LIFETIME.read(text);
  } catch {
    throw new UsageError(
      `--expires must be a duration such as 30d or a time such as 2027-01-01T00:00:00Z, not "${text}".`,
    );
  }
}
