import { type Timestamp, timestampFromMs } from '@bufbuild/protobuf/wkt';
import { duration } from '../config/value-types.ts';
import { type CommandContext, readOption } from './command.ts';

const LIFETIME = duration('1s', '36500d');
const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?(?:Z|[+-]\d{2}:\d{2})$/i;

/** When the key ends that `--expires` is given for: counted from now, or at an RFC 3339 time. */
export function expiryOption(context: CommandContext, nowMs: number): Timestamp | undefined {
  const expected = 'a duration such as 30d or a time such as 2027-01-01T00:00:00Z';
  const ms = readOption(context, 'expires', expected, (text) => momentFromText(text, nowMs));
  return ms === undefined ? undefined : timestampFromMs(ms);
}

function momentFromText(text: string, nowMs: number): number | undefined {
  const time = RFC3339.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(time)) return time;
  try {
    return Math.floor(nowMs + LIFETIME.read(text));
  } catch {
    return undefined;
  }
}
