import { nearestNames } from '../config/nearest-names.ts';
import { type CommandContext, textOption, UsageError } from './command.ts';

/** The destinations that `--destination` names: one of these, or all without it. Throws a UsageError for another. */
export function chosenDestinations<T extends { readonly name: string }>(
  context: CommandContext,
  destinations: readonly T[],
): readonly T[] {
  const name = textOption(context, 'destination');
  if (name === undefined) return destinations;
  const destination = destinations.find((known) => known.name === name);
  if (destination !== undefined) return [destination];
  const names = destinations.map((known) => known.name);
  const near = nearestNames(name, names);
  const hint = near.length > 0 ? `Did you mean ${near.join(' or ')}?` : `There are ${names.join(', ')}.`;
  throw new UsageError(`There is no destination "${name}". ${hint}`);
}
