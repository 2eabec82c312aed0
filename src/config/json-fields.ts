// Fields of a setting that is a JSON object. Problems are collected, so that all of them are told at once. None repeats
// a value: it may be a secret in the wrong place.
import { nearestNames } from './nearest-names.ts';
import { problemLines, ValueProblems } from './value-problems.ts';
import type { ValueType } from './value-types.ts';

export interface JsonField<T> {
  /** The type as the docs show it. */
  readonly label: string;
  readonly doc: string;
  /** The value; undefined comes for a field that is left out. Throws an Error whose message completes "PATH …". */
  read(value: unknown): T;
}

type JsonFields = Readonly<Record<string, JsonField<unknown>>>;

export type JsonValues<Fields extends JsonFields> = {
  readonly [K in keyof Fields]: ReturnType<Fields[K]['read']>;
};

/** A JSON string that is read like a setting of the type, if it is there. */
export function textField<T>(type: ValueType<T>, doc: string): JsonField<T | undefined> {
  return {
    label: type.label,
    doc,
    read: (value) => {
      if (value === undefined) return undefined;
      if (typeof value !== 'string' || value === '') throw new Error('must be a text that is not empty');
      return type.read(value);
    },
  };
}

export function flagField(doc: string): JsonField<boolean | undefined> {
  return {
    label: 'true or false',
    doc,
    read: (value) => {
      if (value !== undefined && typeof value !== 'boolean') throw new Error('must be true or false');
      return value;
    },
  };
}

/** A JSON number; what it may be is judged by whoever takes it. */
export function numberField(doc: string): JsonField<number | undefined> {
  return {
    label: 'number',
    doc,
    read: (value) => {
      if (value !== undefined && typeof value !== 'number') throw new Error('must be a number');
      return value;
    },
  };
}

/** A JSON object of these fields. */
export function objectField<Fields extends JsonFields>(
  fields: Fields,
  doc: string,
): JsonField<JsonValues<Fields> | undefined> {
  return {
    label: 'object',
    doc,
    read: (value) => (value === undefined ? undefined : readFields(value, fields)),
  };
}

/** A JSON array of strings, each of which is read like a setting of the type. */
export function listField<T>(item: ValueType<T>, doc: string): JsonField<readonly T[] | undefined> {
  const one = textField(item, doc);
  return {
    label: `array of ${item.label}`,
    doc,
    read: (value) => {
      if (value === undefined) return undefined;
      if (!Array.isArray(value)) throw new Error('must be an array');
      return collect(
        value.map((entry: unknown, index) => [`[${index}]`, () => required(one).read(entry)] as const),
      ).map(([, read]) => read);
    },
  };
}

/** The same field, as one that must be there. */
export function required<T>(field: JsonField<T | undefined>): JsonField<T> {
  return {
    ...field,
    read: (value) => {
      const read = field.read(value);
      if (read === undefined) throw new Error('must be set');
      return read;
    },
  };
}

/** The fields of a JSON object. Throws a ValueProblems with all that is wrong, unknown fields among it. */
export function readFields<Fields extends JsonFields>(value: unknown, fields: Fields): JsonValues<Fields> {
  const object = objectFrom(value);
  const unknown = Object.keys(object)
    .filter((name) => !Object.hasOwn(fields, name))
    .map((name) => [`.${name}`, () => refuseUnknown(name, Object.keys(fields))] as const);
  const known = Object.entries(fields).map(
    ([name, field]) => [`.${name}`, () => field.read(object[name])] as const,
  );
  const values = collect<unknown>([...unknown, ...known]);
  return Object.fromEntries(values.map(([path, read]) => [path.slice(1), read])) as JsonValues<Fields>;
}

/** Runs every reader, and throws a ValueProblems with the problems of all that failed, each with its path. */
export function collect<T>(
  readers: readonly (readonly [path: string, read: () => T])[],
): (readonly [path: string, value: T])[] {
  const problems: string[] = [];
  const values = readers.flatMap(([path, read]) => {
    try {
      return [[path, read()] as const];
    } catch (error) {
      problems.push(...problemLines(path, error));
      return [];
    }
  });
  if (problems.length > 0) throw new ValueProblems(problems);
  return values;
}

/** The value that the text is in JSON. The parser's own message quotes the text. */
export function parseJson(value: string): unknown {
  try {
    return JSON.parse(value);
  } catch {
    throw new Error('must be JSON');
  }
}

/** A JSON object of any fields. */
export function objectFrom(value: unknown): Readonly<Record<string, unknown>> {
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw new Error('must be a JSON object');
  return { ...value };
}

function refuseUnknown(name: string, known: readonly string[]): never {
  const near = nearestNames(name, known);
  throw new Error(`is not a field${near.length > 0 ? `; did you mean ${near.join(' or ')}?` : ''}`);
}
