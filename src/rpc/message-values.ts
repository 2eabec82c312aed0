// Between single values of messages and those of the rooms.

type Defined<T> = { [K in keyof T]?: Exclude<T[K], undefined> };

/** In a policy a rule is there or not: a rule that is `undefined` would be both. */
export function withoutUndefined<T extends object>(fields: T): Defined<T> {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Defined<T>;
}

/** A repeated field cannot tell "none" from "not given". */
export function unlessEmpty<T>(items: readonly T[]): readonly T[] | undefined {
  return items.length > 0 ? items : undefined;
}

export function bigintOf(value: number | undefined): bigint | undefined {
  return value === undefined ? undefined : BigInt(value);
}

/** Exact up to 2^53. The contract's rules keep most fields within it; what is beyond the rooms refuse as unsafe. */
export function numberOf(value: bigint | undefined): number | undefined {
  return value === undefined ? undefined : Number(value);
}
