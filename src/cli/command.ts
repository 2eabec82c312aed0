import type { ParseArgsOptionsConfig } from 'node:util';

export interface CommandContext {
  /** Aborted when the process is told to stop. */
  readonly stop: AbortSignal;
  readonly values: Readonly<Record<string, string | boolean | undefined>>;
  readonly positionals: readonly string[];
}

export interface CommandOption {
  /** The value's placeholder in the help, or undefined for a switch. */
  readonly value?: string;
  /** The field of the request that it fills in, where that has another name. */
  readonly field?: string;
  readonly doc: string;
}

export type CommandOptions = Readonly<Record<string, CommandOption>>;

export interface Command {
  /** What stands after the name and the options, such as `KEY_ID`. */
  readonly positional?: string;
  readonly options: CommandOptions;
  /** Shown below the options. */
  readonly details?: () => string;
  /** Answers the exit code. */
  run(context: CommandContext): Promise<number>;
}

/** A mistake of the caller: its message is printed as it is, without a stack. */
export class UsageError extends Error {
  override readonly name = 'UsageError';
}

/** The options of a command in the shape that `parseArgs` takes. `--help` belongs to every command. */
export function parseArgsOptions(command: Command): ParseArgsOptionsConfig {
  const entries = Object.entries(command.options).map(
    ([name, { value }]) => [name, { type: value === undefined ? 'boolean' : 'string' }] as const,
  );
  return { ...Object.fromEntries(entries), help: { type: 'boolean', short: 'h' } };
}

/** The value of an option that takes text. */
export function textOption(context: CommandContext, name: string): string | undefined {
  const value = context.values[name];
  return typeof value === 'string' ? value : undefined;
}

/** Whether a switch was given. */
export function isOn(context: CommandContext, name: string): boolean {
  return context.values[name] === true;
}

/** What `read` makes of the option's text. A UsageError that says what is `expected` when that is nothing. */
export function readOption<T>(
  context: CommandContext,
  name: string,
  expected: string,
  read: (text: string) => T | undefined,
): T | undefined {
  const text = textOption(context, name);
  if (text === undefined) return undefined;
  const value = read(text);
  if (value === undefined) throw new UsageError(`--${name} must be ${expected}, not "${text}".`);
  return value;
}

/** An option that counts something, from 1. */
export function countOption(context: CommandContext, name: string): number | undefined {
  return readOption(context, name, 'a number from 1', (text) =>
    /^[1-9]\d{0,8}$/.test(text) ? Number(text) : undefined,
  );
}

/** The items of an option that takes several, separated by commas; at least one. */
export function listOption(context: CommandContext, name: string): string[] | undefined {
  return readOption(context, name, 'a list such as a,b', (text) => {
    const items = text
      .split(',')
      .map((item) => item.trim())
      .filter((item) => item !== '');
    return items.length > 0 ? items : undefined;
  });
}

/** Throws a UsageError when two options that exclude each other were both given. */
export function refuseBoth(context: CommandContext, one: string, other: string): void {
  if (context.values[one] === undefined || context.values[other] === undefined) return;
  throw new UsageError(`--${one} and --${other} exclude each other.`);
}
