// Sizes, durations and rates as people type and read them.
import { durationMs } from '../config/value-types.ts';

/** Largest first, so that the first that divides an amount is the shortest way to write it. */
const SIZE_UNITS = [
  ['TiB', 2n ** 40n],
  ['TB', 10n ** 12n],
  ['GiB', 2n ** 30n],
  ['GB', 10n ** 9n],
  ['MiB', 2n ** 20n],
  ['MB', 10n ** 6n],
  ['KiB', 2n ** 10n],
  ['KB', 10n ** 3n],
  ['B', 1n],
] as const;

const DURATION_UNITS = [
  ['d', 86_400],
  ['h', 3_600],
  ['m', 60],
  ['s', 1],
] as const;

const SIZE = /^(?<whole>\d{1,16})(?:\.(?<fraction>\d{1,12}))?(?<unit>[KMGT]i?B|B)?$/i;
const RATE = /^(?<requests>\d{1,9})\/(?<window>[0-9.]+[a-z]+)$/;

/** Bytes, from `10485760`, `10MB` (a million each) or `10MiB` (1,048,576 each). Undefined for what is no whole number of bytes. */
export function sizeFromText(text: string): bigint | undefined {
  const { whole, fraction = '', unit = 'B' } = SIZE.exec(text)?.groups ?? {};
  if (whole === undefined) return undefined;
  const factor = SIZE_UNITS.find(([name]) => name.toLowerCase() === unit.toLowerCase())?.[1] ?? 1n;
  const scaled = BigInt(whole + fraction) * factor;
  const divisor = 10n ** BigInt(fraction.length);
  const bytes = scaled / divisor;
  const isExact = scaled % divisor === 0n && bytes <= BigInt(Number.MAX_SAFE_INTEGER);
  return isExact ? bytes : undefined;
}

/** In the largest unit of which it is a whole number, so that `sizeFromText` reads it back. */
export function sizeText(bytes: bigint): string {
  const [unit, factor] = SIZE_UNITS.find(([, size]) => bytes > 0n && bytes % size === 0n) ?? ['B', 1n];
  return `${bytes / factor}${unit}`;
}

/** Whole seconds; undefined for what is no duration or no whole number of seconds. */
export function secondsFromText(text: string): number | undefined {
  const seconds = durationMs(text) / 1000;
  return Number.isSafeInteger(seconds) ? seconds : undefined;
}

export function durationText(seconds: number): string {
  const [unit, length] = DURATION_UNITS.find(([, size]) => seconds > 0 && seconds % size === 0) ?? ['s', 1];
  return `${seconds / length}${unit}`;
}

export interface Rate {
  readonly requests: number;
  readonly windowSeconds: number;
}

/** From `100/1m`, calls per window; undefined for what is none. */
export function rateFromText(text: string): Rate | undefined {
  const { requests, window = '' } = RATE.exec(text)?.groups ?? {};
  const windowSeconds = secondsFromText(window);
  if (requests === undefined || windowSeconds === undefined) return undefined;
  return { requests: Number(requests), windowSeconds };
}

export function rateText({ requests, windowSeconds }: Rate): string {
  return `${requests}/${durationText(windowSeconds)}`;
}
