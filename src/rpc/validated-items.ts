// Lists whose items the contract leaves to be validated one by one, so that a broken one does not hinder the others.
import { type DescField, type DescMessage, getOption } from '@bufbuild/protobuf';
import { field as fieldRules, Ignore } from '@bufbuild/protovalidate/gen/buf/validate/validate_pb.js';
import type { UndecodedField } from './call.ts';

/** A list of messages. */
export type ItemList = DescField & { readonly fieldKind: 'list'; readonly message: DescMessage };

/** The lists of a request with `repeated.items.ignore = IGNORE_ALWAYS`. */
export function itemLists({ fields }: DescMessage): ItemList[] {
  return fields.filter((field): field is ItemList => {
    if (field.fieldKind !== 'list' || field.message === undefined) return false;
    const { type } = getOption(field, fieldRules);
    return type.case === 'repeated' && type.value.items?.ignore === Ignore.ALWAYS;
  });
}

/** @throws Error if the contract has no such list of this name. */
export function itemListOf(schema: DescMessage, name: string): ItemList {
  const list = itemLists(schema).find((each) => each.name === name);
  if (list === undefined) throw new Error(`${schema.typeName}.${name} is not validated item by item`);
  return list;
}

export function isInItem({ jsonName }: ItemList, { field }: UndecodedField): boolean {
  return field.startsWith(`${jsonName}[`);
}

/** What could not be decoded of the item at `index`, by its path within the item. */
export function undecodedOfItem(
  list: ItemList,
  index: number,
  undecoded: readonly UndecodedField[],
): UndecodedField[] {
  const within = `${pathOfItem(list, index)}.`;
  return undecoded
    .filter(({ field }) => field.startsWith(within))
    .map((problem) => ({ ...problem, field: problem.field.slice(within.length) }));
}

/** Why nothing at all could be decoded of the item at `index`, if so. */
export function undecodedItem(
  list: ItemList,
  index: number,
  undecoded: readonly UndecodedField[],
): UndecodedField | undefined {
  return undecoded.find(({ field }) => field === pathOfItem(list, index));
}

function pathOfItem({ jsonName }: ItemList, index: number): string {
  return `${jsonName}[${index}]`;
}
