import type { Principal } from '../keys/api-key.ts';
import type { BytePeriod } from './ports.ts';

/** A period of UTC in which a key may declare only so many bytes. */
export interface QuotaPeriod extends BytePeriod {
  readonly name: 'day' | 'month';
  /** Wall-clock milliseconds at which the next period begins. */
  readonly resetAtMs: number;
}

const NONE: readonly QuotaPeriod[] = [];

/** The periods for which a key has a byte quota, at a moment of the wall clock: the shorter one first. */
export function quotaPeriods({ rateLimit }: Principal, nowMs: number): readonly QuotaPeriod[] {
  const { bytesPerDay, bytesPerMonth } = rateLimit ?? {};
  if (bytesPerDay === undefined && bytesPerMonth === undefined) return NONE;
  const now = new Date(nowMs);
  const [year, month, day] = [now.getUTCFullYear(), now.getUTCMonth(), now.getUTCDate()];
  const date = now.toISOString();
  const periods: QuotaPeriod[] = [];
  if (bytesPerDay !== undefined) {
    const resetAtMs = Date.UTC(year, month, day + 1);
    periods.push({ name: 'day', period: date.slice(0, 10), limitBytes: bytesPerDay, resetAtMs });
  }
  if (bytesPerMonth !== undefined) {
    const resetAtMs = Date.UTC(year, month + 1);
    periods.push({ name: 'month', period: date.slice(0, 7), limitBytes: bytesPerMonth, resetAtMs });
  }
  return periods;
}
