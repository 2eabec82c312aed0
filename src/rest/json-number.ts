import type { JsonValue } from '@bufbuild/protobuf';

/** What a JSON number literal says, where a double would have rounded it. */
export type ExactNumber =
  | { kind: 'integer'; value: bigint }
  | { kind: 'fraction' }
  | { kind: 'huge'; negative: boolean };

const LITERAL = /^(-?)(\d+)(?:\.(\d+))?(?:[eE]([+-]?\d+))?$/;

/** More digits than any integer of the contract's types can have. */
const MAX_DIGITS = 40;

/** The literal's exact value, by arithmetic on its decimal digits. */
export function readNumberLiteral(literal: string): ExactNumber {
  const [, sign = '', whole = '', decimals = '', exponent = '0'] = LITERAL.exec(literal) ?? [];
  const digits = `${whole}${decimals}`.replace(/^0+/, '');
  const significant = digits.replace(/0+$/, '');
  if (significant === '') return { kind: 'integer', value: 0n };
  const zeros = Number(exponent) - decimals.length + (digits.length - significant.length);
  if (zeros < 0) return { kind: 'fraction' };
  if (significant.length + zeros > MAX_DIGITS) return { kind: 'huge', negative: sign === '-' };
  return { kind: 'integer', value: BigInt(`${sign}${significant}${'0'.repeat(zeros)}`) };
}

/**
 * Text that may hold a number whose double is not what was written: 16 or more digits, or an exponent. It may also
 * be a string that looks like that, which only costs time.
 */
const MAY_BE_ROUNDED = /[\d.]{16}|\d[eE]/;

/** The source text of numbers, by the object or array that holds them and their key there. */
export type NumberSources = ReadonlyMap<unknown, ReadonlyMap<string, string>>;

export interface ParsedJson {
  readonly value: JsonValue;
  /** Undefined for a text in which nothing can have been rounded. */
  readonly sources: NumberSources | undefined;
  /** The source of the value itself, where it is a number that may have been rounded. */
  readonly source?: string | undefined;
}

/** Like JSON.parse, but keeps the source of numbers in a text where rounding is possible. */
export function parseJson(text: string): ParsedJson {
  if (!MAY_BE_ROUNDED.test(text)) return { value: JSON.parse(text), sources: undefined };
  const sources = new Map<unknown, Map<string, string>>();
  let root: unknown;
  const keepSource = function (this: unknown, key: string, value: unknown, context?: { source?: string }) {
    // The last call is for the whole value, in a holder made for it.
    root = this;
    if (typeof value !== 'number' || context?.source === undefined) return value;
    const ofHolder = sources.get(this) ?? new Map<string, string>();
    sources.set(this, ofHolder.set(key, context.source));
    return value;
  };
  const value: JsonValue = JSON.parse(text, keepSource);
  return { value, sources, source: sources.get(root)?.get('') };
}
