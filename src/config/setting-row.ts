import type { ValueType } from './value-types.ts';

export interface SettingRow<T> {
  /** The environment variable. `<name>_FILE` names a file that holds the value instead. */
  readonly name: string;
  readonly type: ValueType<unknown>;
  /** The text that stands when the variable is not set; the value is undefined when there is none. */
  readonly default?: string;
  readonly doc: string;
  read(text: string | undefined): T;
}

type Row<T> = { readonly name: string; readonly type: ValueType<T>; readonly doc: string };

/** A setting that always has a value. */
export function withDefault<T>(row: Row<T> & { readonly default: string }): SettingRow<T> {
  return { ...row, read: (value) => row.type.read(value ?? row.default) };
}

/** A setting that may be left out. */
export function optional<T>(row: Row<T>): SettingRow<T | undefined> {
  return { ...row, read: (value) => (value === undefined ? undefined : row.type.read(value)) };
}
