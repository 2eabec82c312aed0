import { Secret } from './secret.ts';
import { splitList, type ValueType } from './value-types.ts';

/** `name=value` pairs with percent-encoded values, as OpenTelemetry writes them. */
export const keyValues: ValueType<ReadonlyMap<string, string>> = {
  label: 'list of `name=value`, separated by commas',
  read: (value) => new Map(splitList(value).map(readPair)),
};

/** `keyValues` whose values must not be printed. */
export const secretKeyValues: ValueType<ReadonlyMap<string, Secret>> = {
  label: `${keyValues.label}, secret`,
  read: (value) => new Map([...keyValues.read(value)].map(([name, text]) => [name, new Secret(text)])),
};

export const fraction: ValueType<number> = {
  label: 'number, 0 to 1',
  read: (value) => {
    const number = Number(value);
    if (!/^[\d.]+$/.test(value) || !(number <= 1)) throw new Error('must be a number from 0 to 1');
    return number;
  },
};

function readPair(item: string): readonly [string, string] {
  const [, name, encoded = ''] = /^([^=\s]+)\s*=\s*(.*)$/.exec(item) ?? [];
  if (name === undefined) throw new Error('must list pairs such as name=value, separated by commas');
  try {
    return [name, decodeURIComponent(encoded)];
  } catch {
    throw new Error('has a value that is not percent-encoded: write %25 for %');
  }
}
