// Reads the columns of a row, whichever database it comes from. Each reader throws when the column holds what this
// program would not have written: damage to a database must not become a permission.

/** What a database answers for one row, by column. */
export type Row = Readonly<Record<string, unknown>>;
/** What a statement binds. */
export type ColumnValue = string | number | null;

const INTEGER = /^-?\d{1,16}$/;

export function text(row: Row, column: string): string {
  const value = row[column];
  if (typeof value !== 'string') throw unexpected(column);
  return value;
}

export function textOrNull(row: Row, column: string): string | null {
  return row[column] === null ? null : text(row, column);
}

/** SQLite hands out numbers; Postgres hands out the digits of a bigint. */
export function integer(row: Row, column: string): number {
  const value = row[column];
  const number = typeof value === 'string' && INTEGER.test(value) ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isSafeInteger(number)) throw unexpected(column);
  return number;
}

export function integerOrNull(row: Row, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

export function oneOf<T extends string>(values: readonly T[], row: Row, column: string): T {
  const found = values.find((value) => value === row[column]);
  if (found === undefined) throw unexpected(column);
  return found;
}

/** The value of a column of JSON text, or of a member of JSON that was parsed before. */
export function json(row: Row, column: string): unknown {
  const value = row[column];
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    throw unexpected(column);
  }
}

/** The same, where only an object will do. */
export function jsonObject(row: Row, column: string): Row {
  const value = json(row, column);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw unexpected(column);
  return value as Row;
}

export function unexpected(column: string): Error {
  return new Error(`the column ${column} holds an unexpected value`);
}
