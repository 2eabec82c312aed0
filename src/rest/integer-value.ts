import { ScalarType } from '@bufbuild/protobuf';
import { type ExactNumber, readNumberLiteral } from './json-number.ts';

interface Range {
  readonly min: bigint;
  readonly max: bigint;
}

const signed = (bits: bigint): Range => ({ min: -(2n ** (bits - 1n)), max: 2n ** (bits - 1n) - 1n });
const unsigned = (bits: bigint): Range => ({ min: 0n, max: 2n ** bits - 1n });

/** Protobuf's integer types. Only their fields can be rounded without anybody noticing. */
export const INTEGER_RANGES: ReadonlyMap<ScalarType, Range> = new Map([
  [ScalarType.INT32, signed(32n)],
  [ScalarType.SINT32, signed(32n)],
  [ScalarType.SFIXED32, signed(32n)],
  [ScalarType.UINT32, unsigned(32n)],
  [ScalarType.FIXED32, unsigned(32n)],
  [ScalarType.INT64, signed(64n)],
  [ScalarType.SINT64, signed(64n)],
  [ScalarType.SFIXED64, signed(64n)],
  [ScalarType.UINT64, unsigned(64n)],
  [ScalarType.FIXED64, unsigned(64n)],
]);

const DECIMAL = /^-?\d+$/;

export interface IntegerProblem {
  readonly message: string;
  /** What the message holds in the value's place. */
  readonly replacement: string;
  /** True if the replacement is of the value's own magnitude, so that the field's own rule judges it rightly. */
  readonly standIn: boolean;
}

/**
 * What is wrong with a JSON value for an integer field, or undefined. It may be a number or a decimal string.
 * A number is taken for what its source says, never for what a double made of it; beyond 2^53 it is refused even
 * where it came through unrounded, for many a JSON encoder would have rounded it before sending.
 */
export function integerProblem(
  value: unknown,
  { min, max }: Range,
  source: string | undefined,
): IntegerProblem | undefined {
  const exact = exactValue(value, source);
  if (exact === undefined) return { message: 'must be an integer', replacement: '0', standIn: false };
  if (exact.kind === 'fraction')
    return { message: 'must be a whole number', replacement: '0', standIn: false };
  const negative = exact.kind === 'huge' ? exact.negative : exact.value < min;
  if (exact.kind === 'huge' || exact.value < min || exact.value > max) {
    const limit = String(negative ? min : max);
    return {
      message: `must be at ${negative ? 'least' : 'most'} ${limit}`,
      replacement: limit,
      standIn: true,
    };
  }
  if (typeof value === 'string' || Number.isSafeInteger(Number(exact.value))) return undefined;
  const message = 'must be sent as a decimal string: JSON numbers beyond 2^53 lose digits';
  return { message, replacement: String(exact.value), standIn: true };
}

function exactValue(value: unknown, source: string | undefined): ExactNumber | undefined {
  if (typeof value === 'number') return readNumberLiteral(source ?? String(value));
  return typeof value === 'string' && DECIMAL.test(value) ? readNumberLiteral(value) : undefined;
}
