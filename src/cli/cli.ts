import { parseArgs } from 'node:util';
import { nearestNames } from '../config/nearest-names.ts';
import { SettingsError } from '../config/settings-error.ts';
import { Fault } from '../fault/fault.ts';
import { version } from '../version.ts';
import { type Command, parseArgsOptions, UsageError } from './command.ts';
import { COMMANDS, type CommandEntry } from './commands.ts';
import { commandHelp, overview } from './help.ts';
import { printable } from './printable.ts';

const HELP_WORDS = ['--help', '-h', 'help'];

/**
 * Runs one command and answers the exit code: 0 when it did its work, 1 when it failed, 2 when it was called
 * wrongly.
 */
export async function runCli(argv: readonly string[], stop: AbortSignal): Promise<number> {
  const [first] = argv;
  if (first === '--version' || first === 'version') return print(version);
  if (first === undefined || HELP_WORDS.includes(first)) {
    return print(overview(COMMANDS, version));
  }
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${first} `));
  if (group.length > 0 && argv.slice(1).every((word) => HELP_WORDS.includes(word)) && argv.length > 1) {
    return print(overview(group, version));
  }
  const entry = COMMANDS.find(({ name }) => name === argv.slice(0, name.split(' ').length).join(' '));
  if (entry === undefined) return unknownCommand(argv);
  return runCommand(entry, argv.slice(entry.name.split(' ').length), stop);
}

async function runCommand(entry: CommandEntry, args: readonly string[], stop: AbortSignal): Promise<number> {
  const command = await entry.load();
  try {
    const { values, positionals } = parseArgs({
      args: [...args],
      options: parseArgsOptions(command),
      allowPositionals: command.positional !== undefined,
      strict: true,
    });
    if (values['help'] === true) return print(commandHelp(entry, command));
    return await command.run({
      stop,
      values: values as Record<string, string | boolean | undefined>,
      positionals,
    });
  } catch (error) {
    return explain(error, entry.name, command);
  }
}

function explain(error: unknown, name: string, command: Command): number {
  if (error instanceof UsageError || isParseError(error)) {
    console.error(`${error.message}\n\n\`presignd ${name} --help\` tells how to call it.`);
    return 2;
  }
  if (error instanceof SettingsError) {
    console.error(`${error.message}\n\nAll settings: presignd serve --help`);
    return 2;
  }
  if (error instanceof Fault) {
    if (error.fields.length === 0) {
      console.error([error.publicMessage, causeOf(error)].filter(Boolean).join('\n'));
      return 1;
    }
    for (const { field, message } of error.fields) {
      console.error(printable(`${optionFor(field, command)} ${message}`));
    }
    return 2;
  }
  console.error(error instanceof Error ? error.message : String(error));
  return 1;
}

/** The option that a field of the request came from, as it is typed; of a list the item, too, counted from 1. */
function optionFor(field: string, command: Command): string {
  const [, path = field, index] = /^(.*)\[(\d+)\]$/.exec(field) ?? [];
  const found = Object.entries(command.options).find(([name, option]) => path === (option.field ?? name));
  if (found === undefined) return field;
  return `--${found[0]}${index === undefined ? '' : ` (item ${Number(index) + 1})`}`;
}

function causeOf(error: Error): string | undefined {
  return error.cause instanceof Error ? error.cause.message : undefined;
}

function isParseError(error: unknown): error is Error {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_PARSE_ARGS_');
}

function unknownCommand(argv: readonly string[]): number {
  const typed = argv
    .filter((word) => !word.startsWith('-'))
    .slice(0, 2)
    .join(' ');
  const group = COMMANDS.filter(({ name }) => name.startsWith(`${argv[0]} `));
  const near = nearestNames(
    typed,
    COMMANDS.map(({ name }) => name),
  );
  const problem =
    group.length > 0 && typed === argv[0]
      ? `\`${typed}\` needs a second word.`
      : `There is no command "${typed}".${near.length > 0 ? ` Did you mean ${near.join(' or ')}?` : ''}`;
  console.error(`${problem}\n\n${overview(group.length > 0 ? group : COMMANDS, version)}`);
  return 2;
}

function print(text: string): number {
  console.log(text);
  return 0;
}
