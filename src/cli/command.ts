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
  /** The field that it fills in, where that has another name. */
  readonly field?: string;
  readonly doc: string;
}

export interface Command {
  /** One or two words, such as `serve` or `keys create`. */
  readonly name: string;
  readonly summary: string;
  /** What stands after the name and the options, such as `KEY_ID`. */
  readonly positional?: string;
  readonly options: Readonly<Record<string, CommandOption>>;
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
